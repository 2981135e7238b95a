//===- SmolLM2Test.cpp - the interpreter against the shared reference -----===//
//
// Runs the real model of the tests over the 1,024 tokens and the 8 answers of $TRAFO_SHARED/reference, which an
// independent f32 implementation gave.
//
//===----------------------------------------------------------------------===//
#include "dialects/Trafo/IR/TrafoDialect.h"
#include "lib/Import/Gguf.h"
#include "lib/Import/IR/BuildModule.h"
#include "lib/Reference/Interpreter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "gtest/gtest.h"

#include <cmath>

using namespace trafo;
namespace json = llvm::json;

namespace {
class SmolLM2 : public testing::Test {
protected:
  void SetUp() override {
    const char *path = std::getenv("TRAFO_TEST_MODEL"), *shared = std::getenv("TRAFO_SHARED");
    ASSERT_TRUE(path && shared) << "TRAFO_TEST_MODEL and TRAFO_SHARED name the model and the reference values";
    auto text = llvm::MemoryBuffer::getFile(std::string(shared) + "/reference/smollm2-135m-f32.json");
    ASSERT_TRUE(bool(text)) << text.getError().message();
    auto parsed = json::parse((*text)->getBuffer());
    ASSERT_TRUE(bool(parsed));
    reference = std::move(*parsed);
    context.loadDialect<TrafoDialect, mlir::arith::ArithDialect, mlir::func::FuncDialect>();
    auto checkpoint = readGguf(path);
    ASSERT_TRUE(checkpoint) << checkpoint.error().message;
    auto spec = describeModel(*checkpoint);
    ASSERT_TRUE(spec) << spec.error().message;
    auto imported = importModel(context, *checkpoint, *spec, ImportOptions());
    ASSERT_TRUE(mlir::succeeded(imported));
    module = std::move(*imported);
  }

  static std::vector<int32_t> ids(const json::Array &array) {
    std::vector<int32_t> out;
    for (const json::Value &id : array)
      out.push_back(static_cast<int32_t>(*id.getAsInteger()));
    return out;
  }
  /// log softmax at `token`.
  static double logProbability(const Rows &logits, int64_t row, int32_t token) {
    const double *x = logits.row(row);
    double greatest = *std::max_element(x, x + logits.columns), total = 0;
    for (int64_t i = 0; i < logits.columns; ++i)
      total += std::exp(x[i] - greatest);
    return x[token] - greatest - std::log(total);
  }

  json::Value reference = nullptr;
  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

// In steps of 256 rows, so that attention also reads what earlier steps wrote.
TEST_F(SmolLM2, LossOfEveryToken) {
  const json::Object &nll = *reference.getAsObject()->getObject("nll");
  std::vector<int32_t> tokens = ids(*nll.getArray("ids"));
  const json::Array &want = *nll.getArray("per_token_nll");
  ASSERT_EQ(tokens.size(), 1024u);
  Interpreter interpreter(*module, InterpreterOptions());
  double sum = 0, worst = 0;
  for (size_t first = 0; first < tokens.size(); first += 256) {
    std::vector<int32_t> cut(tokens.begin() + static_cast<ptrdiff_t>(first),
                             tokens.begin() + static_cast<ptrdiff_t>(first + 256));
    auto logits = interpreter.step(sequenceStep(cut, static_cast<int32_t>(first)));
    ASSERT_TRUE(mlir::succeeded(logits));
    for (size_t i = first; i < first + 256 && i + 1 < tokens.size(); ++i) {
      double got = -logProbability(*logits, static_cast<int64_t>(i - first), tokens[i + 1]);
      sum += got;
      worst = std::max(worst, std::fabs(got - *want[i].getAsNumber()));
      ASSERT_NEAR(got, *want[i].getAsNumber(), 1e-3) << "token " << i + 1;
    }
  }
  EXPECT_NEAR(sum / 1023, *nll.getNumber("mean_nll"), 1e-4);
  RecordProperty("worst_difference", std::to_string(worst));
}

// The reference's answers, fed to the model: each of its choices with a margin must be ours.
TEST_F(SmolLM2, GreedyChoices) {
  int decided = 0;
  Interpreter interpreter(*module, InterpreterOptions());
  int32_t sequence = 0;
  for (const json::Value &entry : *reference.getAsObject()->getArray("greedy")) {
    const json::Object &answer = *entry.getAsObject();
    std::vector<int32_t> prompt = ids(*answer.getArray("prompt_ids")), output = ids(*answer.getArray("output_ids"));
    std::vector<int32_t> all = prompt;
    all.insert(all.end(), output.begin(), output.end() - 1);
    StepRows rows = sequenceStep(all, 0, sequence++);
    rows.outputs.erase(rows.outputs.begin(), rows.outputs.begin() + static_cast<ptrdiff_t>(prompt.size() - 1));
    auto logits = interpreter.step(rows);
    ASSERT_TRUE(mlir::succeeded(logits));
    for (size_t i = 0; i < output.size(); ++i) {
      const double *x = logits->row(static_cast<int64_t>(i));
      std::vector<double> sorted(x, x + logits->columns);
      std::partial_sort(sorted.begin(), sorted.begin() + 2, sorted.end(), std::greater<>());
      if (sorted[0] - sorted[1] < 0.25)
        continue;
      ++decided;
      EXPECT_EQ(std::max_element(x, x + logits->columns) - x, output[i]) << "prompt " << sequence - 1 << ", step " << i;
    }
  }
  EXPECT_GT(decided, 100);
}
} // namespace
