// Turns plan.library_matmul into an indirect call with plain pointers. Legal everywhere: the call is opaque. Products of
// one size share an entry of the table, whichever layers and stages they stand in.
#include "passes/Lower/Passes.h"

#include "dialects/Plan/IR/PlanOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "passes/Lower/StepCall.h"
#include "trafo/artifact.h"

#include <cstddef>

namespace trafo {
#define GEN_PASS_DEF_LOWERLIBRARYMATMULPASS
#include "passes/Lower/Passes.h.inc"
} // namespace trafo

using namespace mlir;
using trafo::plan::LibraryForm;
using trafo::plan::LibraryMatmulOp;

static_assert(static_cast<int>(LibraryForm::F32Rows) == TRAFO_MATMUL_F32_ROWS &&
                  static_cast<int>(LibraryForm::F32Tiles) == TRAFO_MATMUL_F32_TILES &&
                  static_cast<int>(LibraryForm::BF16Tiles) == TRAFO_MATMUL_BF16_TILES &&
                  static_cast<int>(LibraryForm::I8Rows) == TRAFO_MATMUL_I8_ROWS &&
                  static_cast<int>(LibraryForm::U7Rows) == TRAFO_MATMUL_U7_ROWS,
              "the attribute's values are the table's");

namespace {

/// The words of the op's trafo_matmul_t.
SmallVector<int64_t> entryOf(LibraryMatmulOp op) {
  auto x = cast<MemRefType>(op.getX().getType()), out = cast<MemRefType>(op.getOut().getType());
  return {static_cast<int64_t>(op.getForm()), out.getDimSize(0), out.getDimSize(1), x.getDimSize(1)};
}

struct LowerLibraryMatmulPass : trafo::impl::LowerLibraryMatmulPassBase<LowerLibraryMatmulPass> {
  void runOnOperation() override {
    SmallVector<LibraryMatmulOp> ops;
    getOperation().walk([&](LibraryMatmulOp op) { ops.push_back(op); });
    SmallVector<SmallVector<int64_t>> entries;
    for (LibraryMatmulOp op : ops) {
      if (!op.getTable()) { // lower_library_matmul_e1
        op.emitOpError("has no table to call through; expects the one trafo-outline-stages gives it");
        return signalPassFailure();
      }
      if (!llvm::is_contained(entries, entryOf(op)))
        entries.push_back(entryOf(op));
    }
    for (LibraryMatmulOp op : ops)
      lower(op, llvm::find(entries, entryOf(op)) - entries.begin());
    if (!entries.empty())
      addTable(entries);
  }

  void addTable(ArrayRef<SmallVector<int64_t>> entries) {
    SmallVector<int64_t> words;
    for (ArrayRef<int64_t> entry : entries)
      llvm::append_range(words, entry);
    OpBuilder b = OpBuilder::atBlockBegin(getOperation().getBody());
    int64_t size = static_cast<int64_t>(words.size());
    LLVM::GlobalOp::create(b, getOperation().getLoc(), LLVM::LLVMArrayType::get(b.getI64Type(), words.size()),
                           /*isConstant=*/true, LLVM::Linkage::Internal, trafo::kMatmulsGlobal,
                           DenseElementsAttr::get(RankedTensorType::get({size}, b.getI64Type()), ArrayRef(words)));
  }

  void lower(LibraryMatmulOp op, int64_t number) {
    ImplicitLocOpBuilder b(op.getLoc(), op);
    auto pointer = LLVM::LLVMPointerType::get(&getContext());
    Type i64 = b.getI64Type();
    auto word = [&](Value index) { return arith::IndexCastOp::create(b, i64, index).getResult(); };
    auto addressOf = [&](Value memory, Value offset) {
      Value start = word(memref::ExtractAlignedPointerAsIndexOp::create(b, memory));
      if (offset)
        start = arith::AddIOp::create(b, start, word(offset));
      return LLVM::IntToPtrOp::create(b, pointer, start).getResult();
    };
    auto field = [&](int offset) {
      return LLVM::LoadOp::create(b, pointer, trafo::emitFieldAddress(b, op.getLoc(), op.getTable(), offset),
                                  /*alignment=*/8)
          .getResult();
    };
    Value table = LLVM::AddressOfOp::create(b, pointer, trafo::kMatmulsGlobal);
    Value entry = trafo::emitFieldAddress(b, op.getLoc(), table, static_cast<int>(number * sizeof(trafo_matmul_t)));
    auto type = LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(&getContext()),
                                            {pointer, i64, pointer, i64, i64, pointer, pointer, pointer});
    LLVM::CallOp::create(b, type,
                         ValueRange{field(offsetof(trafo_library_t, matmul)), field(offsetof(trafo_library_t, state)),
                                    word(op.getWorker()), entry, word(op.getRows()), word(op.getColumns()),
                                    addressOf(op.getX(), {}), addressOf(op.getWeights(), op.getOffset()),
                                    addressOf(op.getOut(), {})});
    op.erase();
  }
};
} // namespace
