//===- EmulatedX86.cpp - x86 dot products on a CPU without them -------------===//
#include "test/passes/EmulatedX86.h"

#include "passes/Tile/VectorMath.h"

#include "mlir/Dialect/AMX/AMXDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;
using namespace trafo;

namespace {

class Emulator {
public:
  explicit Emulator(ModuleOp module) : module(module), b(module.getLoc(), module.getContext()) {}

  void replace(Operation *op) {
    b.setInsertionPoint(op);
    if (auto call = dyn_cast<LLVM::CallIntrinsicOp>(op))
      return replaceCall(call);
    if (auto point = dyn_cast<LLVM::InlineAsmOp>(op))
      return dropFence(point);
    if (auto zero = dyn_cast<amx::TileZeroOp>(op))
      tiles[zero.getRes()] = zeros(zero.getTileType());
    if (auto load = dyn_cast<amx::TileLoadOp>(op)) {
      VectorType row = rowOf(load.getTileType());
      for (int64_t i = 0; i < load.getTileType().getDimSize(0); ++i)
        tiles[load.getRes()].push_back(b.loadVec(load.getBase(), place(load.getIndices(), load.getStride(), i), row));
    }
    if (auto store = dyn_cast<amx::TileStoreOp>(op))
      for (auto [i, row] : llvm::enumerate(tiles.lookup(store.getVal())))
        b.storeVec(row, store.getBase(), place(store.getIndices(), store.getStride(), static_cast<int64_t>(i)));
    if (auto product = dyn_cast<amx::TileMulIOp>(op))
      multiply(product, [&](Value sum, Value a, int64_t at, Value row) {
        assert(!product.getIsZextLhs() && product.getIsZextRhs() && "tdpbsud alone is emulated");
        return dot(sum, row, word(a, at));
      });
    if (auto product = dyn_cast<amx::TileMulFOp>(op))
      multiplyPairs(product);
    if (isa<amx::AMXDialect>(op->getDialect()))
      dead.push_back(op);
  }

  void eraseReplaced() {
    for (Operation *op : llvm::reverse(dead))
      op->erase();
  }

private:
  void replaceCall(LLVM::CallIntrinsicOp call) {
    Value result;
    if (call.getIntrin() == "llvm.x86.avx512.vpdpbusd.512")
      result = dot(call.getArgs()[0], call.getArgs()[1], word(call.getArgs()[2], 0));
    else if (call.getIntrin() == "llvm.x86.avx512.pshuf.b.512")
      result = lookUp(call.getArgs()[0], call.getArgs()[1]);
    else
      return;
    call.getResults().replaceAllUsesWith(result);
    dead.push_back(call);
  }

  /// An assembly without instructions hands its operands on.
  void dropFence(LLVM::InlineAsmOp point) {
    assert(point.getAsmString().empty() && "not a fence");
    for (Operation *user : llvm::make_early_inc_range(point->getUsers())) {
      auto extract = cast<LLVM::ExtractValueOp>(user);
      extract.replaceAllUsesWith(point.getOperand(static_cast<unsigned>(extract.getPosition()[0])));
      extract.erase();
    }
    dead.push_back(point);
  }

  /// A call of the function `name`, whose body `make` builds once: code for a tile would be long without.
  Value call(StringRef name, Type result, ValueRange operands, llvm::function_ref<Value(ValueRange)> make) {
    if (!module.lookupSymbol(name)) {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(module.getBody());
      auto function = func::FuncOp::create(b, name, b.getFunctionType(operands.getTypes(), result));
      function.setPrivate();
      b.setInsertionPointToStart(function.addEntryBlock());
      func::ReturnOp::create(b, make(function.getArguments()));
    }
    return func::CallOp::create(b, name, result, operands).getResult(0);
  }

  /// Bytes 4 * `at` and the three after it, as one.
  Value word(Value vector, int64_t at) {
    auto type = cast<VectorType>(vector.getType());
    int64_t words = type.getNumElements() * type.getElementTypeBitWidth() / 32;
    return vector::ExtractOp::create(b, vector::BitCastOp::create(b, b.vec(b.getI32Type(), words), vector), at);
  }
  /// Every `step`th lane from `first` on.
  Value every(Value vector, int64_t step, int64_t first) {
    SmallVector<int64_t> lanes;
    for (int64_t lane = first; lane < cast<VectorType>(vector.getType()).getDimSize(0); lane += step)
      lanes.push_back(lane);
    return vector::ShuffleOp::create(b, vector, vector, lanes);
  }

  /// vpdpbusd: to each sum four products are added, of an unsigned byte and a signed one of `four`.
  Value dot(Value sums, Value unsignedBytes, Value four) {
    Type ints = sums.getType();
    return call("emulated_vpdpbusd", ints, {sums, unsignedBytes, four}, [&](ValueRange operands) {
      Value sum = operands[0];
      Value bytes = vector::BitCastOp::create(b, operands[1].getType(), b.broadcast(operands[2]));
      for (int64_t i = 0; i < 4; ++i)
        sum = b.addi(sum, b.muli(arith::ExtUIOp::create(b, ints, every(operands[1], 4, i)),
                                 arith::ExtSIOp::create(b, ints, every(bytes, 4, i))));
      return sum;
    });
  }

  /// vpshufb of fields below 128: each byte names one of the 16 beside it in the table.
  Value lookUp(Value table, Value fields) {
    Value low = arith::AndIOp::create(b, fields, b.constantLike(fields, 15)), result = table;
    for (int64_t entry = 0; entry < 16; ++entry) {
      SmallVector<int64_t> lanes;
      for (int64_t lane = 0; lane < 64; ++lane)
        lanes.push_back(lane / 16 * 16 + entry);
      Value is = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, low, b.constantLike(low, entry));
      result = arith::SelectOp::create(b, is, vector::ShuffleOp::create(b, table, table, lanes), result);
    }
    return result;
  }

  VectorType rowOf(amx::TileType type) { return b.vec(type.getElementType(), type.getDimSize(1)); }
  SmallVector<Value> zeros(amx::TileType type) {
    return SmallVector<Value>(type.getDimSize(0), arith::ConstantOp::create(b, b.getZeroAttr(rowOf(type))));
  }
  /// Where row `i` of a tile lies.
  SmallVector<Value> place(ValueRange indices, Value stride, int64_t i) {
    SmallVector<Value> at(indices);
    if (stride)
      at.back() = b.addi(at.back(), b.muli(stride, b.index(i)));
    else
      at[at.size() - 2] = b.addi(at[at.size() - 2], i);
    return at;
  }

  /// Each row of the result: its sums after `add`(sums, the row of the left, k, row k of the right) for all k.
  template <typename Product>
  void multiply(Product product, llvm::function_ref<Value(Value, Value, int64_t, Value)> add) {
    SmallVector<Value> right = tiles.lookup(product.getRhs()), sums = tiles.lookup(product.getAcc());
    for (auto [sum, row] : llvm::zip_equal(sums, tiles.lookup(product.getLhs())))
      for (auto [k, other] : llvm::enumerate(right))
        sum = add(sum, row, static_cast<int64_t>(k), other);
    tiles[product.getRes()] = sums;
  }

  /// tdpbf16ps: even and odd columns are added up apart, from zero, each product with one rounding, and then together.
  void multiplyPairs(amx::TileMulFOp product) {
    SmallVector<Value> right = tiles.lookup(product.getRhs()), sums = tiles.lookup(product.getAcc());
    for (auto [sum, row] : llvm::zip_equal(sums, tiles.lookup(product.getLhs()))) {
      Value chains[2] = {b.splat(0.0), b.splat(0.0)};
      for (auto [k, pairs] : llvm::enumerate(right))
        for (int64_t odd = 0; odd < 2; ++odd)
          chains[odd] = addProduct(chains[odd], pairs, word(row, static_cast<int64_t>(k)), odd);
      sum = b.addf(sum, b.addf(chains[0], chains[1]));
    }
    tiles[product.getRes()] = sums;
  }
  Value addProduct(Value chain, Value pairs, Value pair, int64_t odd) {
    return call(
        odd ? "emulated_odd" : "emulated_even", chain.getType(), {chain, pairs, pair}, [&](ValueRange operands) {
          Value spread = vector::BitCastOp::create(b, operands[1].getType(), b.broadcast(operands[2]));
          auto wide = [&](Value v) { return arith::ExtFOp::create(b, b.vecF32(), every(v, 2, odd)).getResult(); };
          return b.fma(wide(spread), wide(operands[1]), operands[0]);
        });
  }

  ModuleOp module;
  VectorMath b;
  DenseMap<Value, SmallVector<Value>> tiles; ///< their rows
  SmallVector<Operation *> dead;
};

} // namespace

void trafo::emulateDots(ModuleOp module) {
  SmallVector<Operation *> all;
  module.walk([&](Operation *op) {
    if (isa<LLVM::CallIntrinsicOp, LLVM::InlineAsmOp>(op) || isa<amx::AMXDialect>(op->getDialect()))
      all.push_back(op);
  });
  Emulator emulator(module);
  for (Operation *op : all)
    emulator.replace(op);
  emulator.eraseReplaced();
}
