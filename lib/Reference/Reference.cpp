//===- Reference.cpp - what tools ask of the reference --------------------===//
#include "lib/Reference/Reference.h"

#include "lib/Artifact/TemporaryFile.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/Format.h"

using namespace mlir;
using namespace trafo;

/// The header of a NumPy file (format 1.0) of float32 rows.
static std::string npyHeader(int64_t rows, int64_t columns) {
  std::string text = "{'descr': '<f4', 'fortran_order': False, 'shape': (" + std::to_string(rows) + ", " +
                     std::to_string(columns) + "), }";
  text.resize((10 + text.size() + 64) / 64 * 64 - 10, ' '); // the data starts at a multiple of 64
  text.back() = '\n';
  std::string size = {static_cast<char>(text.size() & 255), static_cast<char>(text.size() >> 8)};
  return std::string("\x93NUMPY\x01\x00", 8) + size + text;
}

LogicalResult trafo::evalReference(ModuleOp module, const std::vector<int32_t> &tokens, llvm::StringRef path,
                                   InterpreterOptions options, llvm::function_ref<void(int64_t, int64_t)> progress) {
  constexpr size_t kRows = 128; // logits of a large vocabulary take half a megabyte a row
  TemporaryFile file;
  trafo_error_t error{};
  auto broken = [&](trafo_status_t status) {
    if (status != TRAFO_OK)
      emitError(UnknownLoc::get(module.getContext())) << error.message;
    return status != TRAFO_OK;
  };
  Interpreter interpreter(module, options);
  for (size_t first = 0; first < tokens.size(); first += kRows) {
    size_t count = std::min(kRows, tokens.size() - first);
    std::vector<int32_t> cut(tokens.begin() + static_cast<ptrdiff_t>(first),
                             tokens.begin() + static_cast<ptrdiff_t>(first + count));
    FailureOr<Rows> logits = interpreter.step(sequenceStep(cut, static_cast<int32_t>(first)));
    if (failed(logits))
      return failure();
    if (first == 0) {
      std::string header = npyHeader(static_cast<int64_t>(tokens.size()), logits->columns);
      if (broken(file.create(path.str(), 0644, &error)) || broken(file.append(header.data(), header.size(), &error)))
        return failure();
    }
    std::vector<float> values(logits->values.begin(), logits->values.end());
    if (broken(file.append(values.data(), values.size() * sizeof(float), &error)))
      return failure();
    if (progress)
      progress(static_cast<int64_t>(first + count), static_cast<int64_t>(tokens.size()));
  }
  if (!file.isOpen())
    return module.emitError("expects at least one token to evaluate");
  return success(!broken(file.commit(&error)));
}

LogicalResult trafo::checkModule(ModuleOp module, PassManager &passes, const CheckOptions &options,
                                 llvm::raw_ostream &out) {
  module.getContext()->disableMultithreading();
  ModuleChecker checker(options);
  std::string last;
  checker.onVerdict([&](const PassVerdict &verdict) { // as they come: the model may be large
    std::string text;
    llvm::raw_string_ostream detail(text);
    detail << llvm::format("%6lld compared", static_cast<long long>(verdict.compared));
    if (verdict.worst != 0.0)
      detail << llvm::format(", worst %.3g of %.3g: ", verdict.worst, verdict.bound) << verdict.where;
    const char *word = verdict.broken ? " BROKEN " : verdict.worst == 0.0 ? " equal  " : " within ";
    out << llvm::left_justify(verdict.pass, 36) << word << (text == last ? "as before" : text) << "\n";
    out.flush();
    last = std::move(text);
  });
  auto instrumentation = std::make_unique<CheckInstrumentation>(checker);
  CheckInstrumentation &judge = *instrumentation;
  passes.addInstrumentation(std::move(instrumentation));
  LogicalResult ran = passes.run(module);
  return success(succeeded(ran) && !judge.failed());
}
