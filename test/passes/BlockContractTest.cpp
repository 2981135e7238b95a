//===- BlockContractTest.cpp - contractions of every format ---------------===//
//
// A plan of one contraction is run with each of x86's dot products, those this machine lacks emulated, and with the
// portable one. All must give the same bits, whatever the number of rows, and what the op says: of int8 rows within the error of its f32 sums, of pairs of
// bf16 exactly. Some rows and weights are as large as they can be, where sums in 16 bits would show that they overflow.
//
//===----------------------------------------------------------------------===//
#include "dialects/Plan/IR/PlanOps.h"
#include "lib/Compiler/Register.h"
#include "lib/Packer/PackWeights.h"
#include "lib/Packer/WeightRows.h"
#include "lib/Reference/PlannedStages.h"
#include "lib/Reference/RoundActivations.h"
#include "lib/Reference/StepProgram.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "passes/Tile/Passes.h"
#include "passes/X86/Passes.h"
#include "test/passes/EmulatedX86.h"
#include "llvm/TargetParser/Host.h"
#include "gtest/gtest.h"

#include <cmath>
#include <fstream>
#include <numeric>
#include <unistd.h>

using namespace trafo;

namespace {
constexpr int64_t kRows = 9, kWeightRows = 40, kColumns = 1024;

std::string replaced(std::string text, llvm::StringRef from, llvm::StringRef to) {
  for (size_t at; (at = text.find(from.str())) != std::string::npos;)
    text.replace(at, from.size(), to.str());
  return text;
}

/// The rows of @x are looked up by their tokens and contracted with @w.
std::string planOf(const FormatInfo &format, const char *dot, int64_t tileGroups, const std::string &rows,
                   const std::string &weights, int64_t digits) {
  std::string text = R"(
#target = #plan.target<name = "t", triple = "x", cpu = "c", features = "", cpu_bits = 0, dot = DOT, tile_tokens = TOKENS, tile_groups = GROUPS, panel_rows = 8, prefetch_bytes = 0>
module attributes {plan.target = #target, trafo.config = #trafo.config<max_context = 64, max_rows = 9, max_outputs = 9, max_sequences = 1, max_workers = 1>} {
  trafo.weight @x : !trafo.weight<9x1024xf32> from #trafo.file<"ROWS", 0>
  trafo.weight @w : !trafo.weight<40x1024xFORMAT> from #trafo.file<"WEIGHTS", 0>
  plan.buffer @rows : memref<9x1024xf32>
  plan.buffer @y : memref<9x48xf32> {logits = 40 : i64}
  plan.stage @embed {
  ^bb0(%layer: index):
    %x = plan.weight @x : !trafo.weight<9x1024xf32>
    %rows = plan.ref @rows : memref<9x1024xf32>
    plan.embed %x to %rows : !trafo.weight<9x1024xf32>, memref<9x1024xf32>
    plan.end
  }
  plan.stage @contract {
  ^bb0(%layer: index):
    %c0 = arith.constant 0 : index
    %c3 = arith.constant 3 : index
    %c8 = arith.constant 8 : index
    %count = plan.rows
    %rows = plan.ref @rows : memref<9x1024xf32>
    %y = plan.ref @y : memref<9x48xf32>
    %w = plan.weight @w : !trafo.weight<40x1024xFORMAT>
    scf.for %first = %c0 to %count step %c8 {
      %left = arith.subi %count, %first : index
      %some = arith.minui %c8, %left : index
      %p = plan.prepare none %rows[%first, %some] : memref<9x1024xf32> -> !plan.panel<8x1024xPANEL>
      plan.contract %p rows %some, %w units %c0 to %c3 groups 1 : !plan.panel<8x1024xPANEL>, !trafo.weight<40x1024xFORMAT> {
      ^bb0(%row: index, %unit: index, %sum: vector<16xf32>):
        %c16 = arith.constant 16 : index
        %col = arith.muli %unit, %c16 : index
        %at = arith.addi %first, %row : index
        vector.store %sum, %y[%at, %col] : memref<9x48xf32>, vector<16xf32>
        plan.end
      }
    }
    plan.end
  }
  plan.step @step {
    plan.run @embed
    plan.barrier
    plan.run @contract
    plan.barrier
    plan.end
  }
})";
  text = replaced(replaced(text, "ROWS", rows), "WEIGHTS", weights);
  text = replaced(text, "GROUPS", std::to_string(tileGroups));
  text = replaced(text, "PANEL",
                  !format.grouped     ? "bf16_g32"
                  : format.isPerRow() ? "i8_row"
                  : digits == 2       ? "i8x2_g32"
                                      : "i8_g32");
  text = replaced(text, "TOKENS", llvm::StringRef(dot).starts_with("tdp") ? "8" : "4"); // fewer do not go through tiles
  return replaced(replaced(text, "FORMAT", format.name), "DOT", dot);
}

struct Dot {
  const char *name;
  bool isHere; ///< this machine has it
};
/// Those that take rows of bytes, or those that take pairs of bf16. AMX is emulated everywhere: a process must ask for its
/// tiles first.
std::vector<Dot> dotsOfX86(bool bytes) {
  if (!bytes)
    return {{"tdpbf16ps", false}};
  llvm::StringMap<bool> features = llvm::sys::getHostCPUFeatures();
  std::vector<Dot> dots = {{"vpdpbusd", features.lookup("avx512vnni") && features.lookup("avx512bw")},
                           {"tdpbsud", false}};
  if (features.lookup("avx2"))
    dots.push_back({"maddubs", true});
  return dots;
}

/// Where blocks keep their scales and minima, two bytes each.
std::vector<size_t> scalePlaces(const FormatInfo &info) {
  if (info.isPerRow())
    return {0, 2}; // an f32
  size_t first = info.format == Format::Q2_K   ? 80
                 : info.format == Format::Q3_K ? 108
                 : info.format == Format::Q6_K ? 208
                                               : 0;
  return info.hasMin() ? std::vector<size_t>{first, first + 2} : std::vector<size_t>{first};
}

class BlockContract : public testing::TestWithParam<const FormatInfo *> {
protected:
  BlockContract() {
    mlir::DialectRegistry registry;
    registerAllDialects(registry);
    context.appendDialectRegistry(registry);
    context.getDiagEngine().registerHandler([this](mlir::Diagnostic &diagnostic) { message = diagnostic.str(); });
  }
  static void SetUpTestSuite() { registerAllPasses(); }

  void SetUp() override {
    std::string own = testing::TempDir() + "block_contract_" + GetParam()->name + "_" + std::to_string(getpid());
    rowsFile = own + "_rows";
    weightsFile = own + "_weights";
    RowReaderPtr random = readRandomRows(5, "x", Format::F32, kRows, kColumns, false);
    std::vector<float> row(kColumns);
    std::ofstream rows(rowsFile, std::ios::binary), weights(weightsFile, std::ios::binary);
    for (int64_t r = 0; r < kRows; ++r) {
      ASSERT_TRUE(random->readValues(r, row.data()));
      for (size_t k = 0; r % 4 != 3 && k < row.size(); ++k) // codes of 127, of -127, of both
        row[k] = r % 4 == 0 || (r % 4 == 2 && k % 3) ? 0.03f : -0.03f;
      rows.write(reinterpret_cast<char *>(row.data()), kColumns * 4);
    }
    random = readRandomRows(7, "w", GetParam()->format, kWeightRows, kColumns, false);
    std::vector<uint8_t> bytes(static_cast<size_t>(random->rowBytes()));
    const uint8_t patterns[] = {0x00, 0xff, 0x80, 0x7f};
    for (int64_t n = 0; n < kWeightRows; ++n) {
      ASSERT_TRUE(random->read(n, bytes.data()));
      std::vector<size_t> keep = scalePlaces(*GetParam());
      for (size_t i = 0; GetParam()->grouped && n % 8 < 4 && i < bytes.size(); ++i) {
        size_t place = i % static_cast<size_t>(GetParam()->bytesOfBlock(kColumns)) / 2 * 2;
        if (std::find(keep.begin(), keep.end(), place) == keep.end())
          bytes[i] = patterns[n % 4];
      }
      weights.write(reinterpret_cast<char *>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    }
  }
  void TearDown() override {
    std::remove(rowsFile.c_str());
    std::remove(weightsFile.c_str());
  }

  mlir::OwningOpRef<mlir::ModuleOp> parse(const char *dot, int64_t tileGroups = 1) {
    std::string text = planOf(*GetParam(), dot, tileGroups, rowsFile, weightsFile, digits);
    auto module = mlir::parseSourceString<mlir::ModuleOp>(text, mlir::ParserConfig(&context));
    EXPECT_TRUE(module) << message;
    return module;
  }

  /// The results through `dot` of the first `count` rows, for each count; `tileGroups` of the 3 tiles go together.
  std::vector<std::vector<float>> run(Dot dot, std::vector<int64_t> counts, int64_t tileGroups = 1) {
    auto module = parse(dot.name, tileGroups);
    llvm::StringMap<PlacedBuffer> buffers;
    mlir::PassManager passes(&context);
    buildTilePipeline(passes);
    passes.addPass(createLowerBlockContractX86Pass());
    {
      mlir::OwningOpRef<mlir::ModuleOp> copy(module->clone()); // tiled, it has forgotten where its buffers lie
      StepProgram::lower(*copy, [&](mlir::ModuleOp placed) { buffers = placedBuffers(placed); });
    }
    if (mlir::failed(passes.run(*module)))
      return {};
    if (!dot.isHere)
      emulateDots(*module);
    mlir::OwningOpRef<mlir::ModuleOp> lowered = StepProgram::lower(*module, [](mlir::ModuleOp) {});
    std::unique_ptr<StepProgram> program = lowered ? StepProgram::compile(*lowered) : nullptr;
    std::vector<uint8_t> weights;
    auto take = [&](const uint8_t *bytes, size_t size) {
      weights.insert(weights.end(), bytes, bytes + size);
      return true;
    };
    if (!program || mlir::failed(packWeights(*module, take)))
      return {};
    weights.resize(weights.size() + 4096);
    std::vector<uint8_t> arena(static_cast<size_t>(program->arena().getSize()));
    std::vector<int32_t> numbers(kRows);
    std::iota(numbers.begin(), numbers.end(), 0);
    PlacedBuffer y = buffers.lookup("y");
    std::vector<std::vector<float>> results;
    for (int64_t count : counts) {
      trafo_step_t step{};
      step.weights = weights.data();
      step.arena = arena.data();
      step.tokens = step.positions = step.outputs = numbers.data();
      step.rows = step.output_count = count;
      step.workers = 1;
      step.barrier = [](void *) {};
      program->run(step);
      std::vector<float> &values = results.emplace_back(static_cast<size_t>(count * kWeightRows));
      for (int64_t row = 0; row < count; ++row)
        std::memcpy(values.data() + row * kWeightRows, arena.data() + y.offset + 4 * row * y.stride, 4 * kWeightRows);
    }
    return results;
  }

  void expectSameBitsAndSums();

  mlir::MLIRContext context;
  std::string message, rowsFile, weightsFile;
  int64_t digits = 1; // of codes by groups
};

/// What plan.block_contract says of a row of bf16_g32.
float sumOfPairs(const double *w, const double *x) {
  float sum = 0;
  for (int64_t group = 0; group < kColumns; group += 32) {
    float chains[2] = {0, 0};
    for (int64_t k = group; k < group + 32; ++k)
      chains[k % 2] = std::fma(static_cast<float>(w[k]), static_cast<float>(x[k]), chains[k % 2]);
    sum += chains[0] + chains[1];
  }
  return sum;
}

void BlockContract::expectSameBitsAndSums() {
  std::vector<std::vector<float>> portable = run({"generic", true}, {kRows});
  ASSERT_EQ(portable.size(), 1u) << message;
  const std::vector<float> &all = portable[0];
  const std::vector<int64_t> counts = {1, 3, 4, kRows};
  for (Dot dot : dotsOfX86(GetParam()->grouped))
    for (int64_t tileGroups : {1, 2}) {
      std::vector<std::vector<float>> results = run(dot, counts, tileGroups);
      ASSERT_EQ(results.size(), counts.size()) << message;
      for (const std::vector<float> &some : results)
        EXPECT_EQ(std::memcmp(some.data(), all.data(), some.size() * sizeof(float)), 0)
            << dot.name << ", rows " << some.size() / kWeightRows << ", tiles together " << tileGroups;
    }

  auto module = parse("generic");
  Rows x(kRows, kColumns);
  RowReaderPtr inputs = openWeight(*module, "x"), weights = openWeight(*module, "w");
  for (int64_t r = 0; r < kRows; ++r)
    ASSERT_TRUE(inputs->readValues(r, x.row(r)));
  if (GetParam()->grouped)
    GetParam()->isPerRow() ? roundToI8Row(x) : roundToI8G32(x, digits);
  else
    roundToBF16(x);
  std::vector<double> w(static_cast<size_t>(kColumns));
  for (int64_t n = 0; n < kWeightRows; ++n) {
    ASSERT_TRUE(weights->readValues(n, w.data()));
    if (!GetParam()->grouped) {
      for (int64_t r = 0; r < kRows; ++r)
        EXPECT_EQ(all[static_cast<size_t>(r * kWeightRows + n)], sumOfPairs(w.data(), x.row(r))) << r << ", " << n;
      continue;
    }
    double greatest = 0;
    for (double value : w)
      greatest = std::max(greatest, std::fabs(value));
    for (int64_t r = 0; r < kRows; ++r) {
      double sum = 0, magnitude = 0;
      for (size_t k = 0; k < w.size(); ++k) {
        sum += w[k] * x.row(r)[k];
        magnitude += std::fabs(x.row(r)[k]);
      }
      // A rounding of each group's one or two additions and of its factors. Codes and minima that nearly cancel are each
      // some 32 times the difference at most.
      double bound = (kColumns / 32 * 2 + 4) * 0x1p-24 * 32 * greatest * magnitude;
      EXPECT_LE(std::fabs(all[static_cast<size_t>(r * kWeightRows + n)] - sum), bound) << r << ", " << n;
    }
  }
}

TEST_P(BlockContract, SameBitsOnEveryRoadAndTheSumOfItsParts) { expectSameBitsAndSums(); }

class BlockContractOfDigits : public BlockContract {};

TEST_P(BlockContractOfDigits, SameBitsOnEveryRoadAndTheSumOfItsParts) {
  digits = 2;
  expectSameBitsAndSums();
}

/// Those with codes, and bf16, whose sums have an order of their own.
std::vector<const FormatInfo *> formatsWithClasses() {
  std::vector<const FormatInfo *> formats;
  for (const FormatInfo &info : kFormats)
    if (info.grouped || info.format == Format::BF16)
      formats.push_back(&info);
  return formats;
}
INSTANTIATE_TEST_SUITE_P(EveryFormat, BlockContract, testing::ValuesIn(formatsWithClasses()),
                         [](const auto &format) { return std::string(format.param->name); });

/// Those with a scale for each group.
std::vector<const FormatInfo *> formatsOfGroups() {
  std::vector<const FormatInfo *> formats = formatsWithClasses();
  llvm::erase_if(formats, [](const FormatInfo *info) { return !info->grouped || info->isPerRow(); });
  return formats;
}
INSTANTIATE_TEST_SUITE_P(EveryFormat, BlockContractOfDigits, testing::ValuesIn(formatsOfGroups()),
                         [](const auto &format) { return std::string(format.param->name); });
} // namespace
