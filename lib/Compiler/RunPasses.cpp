#include "lib/Compiler/RunPasses.h"

#include "mlir/Pass/PassManager.h"
#include "llvm/Support/CrashRecoveryContext.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/ToolOutputFile.h"

using namespace mlir;
using namespace trafo;

namespace {
/// Keeps the reproducer in memory until it is known whether anybody wants it.
struct MemoryStream : ReproducerStream {
  explicit MemoryStream(std::string &text) : stream(text) {}
  StringRef description() override { return "memory"; }
  raw_ostream &os() override { return stream; }
  llvm::raw_string_ostream stream;
};

/// The last fatal error of LLVM, which would otherwise print several lines and abort.
std::string fatalMessage;

void onFatalError(void *, const char *reason, bool) {
  fatalMessage = reason;
  if (auto *context = llvm::CrashRecoveryContext::GetCurrent())
    context->HandleExit(70);
}
} // namespace

static bool save(const std::string &path, StringRef text) {
  std::error_code error;
  llvm::ToolOutputFile file(path, error, llvm::sys::fs::OF_Text);
  if (error)
    return false;
  file.os() << text;
  file.keep();
  return true;
}

/// "; its input is in x.reproducer.mlir".
static std::string placeOf(const std::string &path, StringRef text) {
  if (path.empty() || text.empty())
    return "";
  return save(path, text) ? "; the IR it was given is in " + path
                          : "; the IR it was given could not be written to " + path;
}

LogicalResult PassRunner::run(ModuleOp module, StringRef what, llvm::function_ref<LogicalResult(PassManager &)> fill) {
  PassManager pm(module.getContext(), ModuleOp::getOperationName());
  if (failed(fill(pm)))
    return failure();
  std::string kept;
  unsigned before = diagnostics.errors();
  LogicalResult result = failure();
  {
    // The generator reports what it did as an error of its own; ours is the one line.
    pm.enableCrashReproducerGeneration([&](std::string &) { return std::make_unique<MemoryStream>(kept); });
    diagnostics.hideReproducerErrors(true);
    result = pm.run(module);
    diagnostics.hideReproducerErrors(false);
  }
  if (failed(result) && diagnostics.errors() == before)
    diagnostics.error("stage '" + what + "' crashed" + placeOf(reproducer, kept));
  return result;
}

LogicalResult PassRunner::guard(ModuleOp module, StringRef what, llvm::function_ref<LogicalResult()> work) {
  std::string kept;
  llvm::raw_string_ostream(kept) << *module;
  unsigned before = diagnostics.errors();
  llvm::CrashRecoveryContext::Enable();
  llvm::install_fatal_error_handler(onFatalError);
  fatalMessage.clear();
  LogicalResult result = failure();
  llvm::CrashRecoveryContext context;
  bool finished = context.RunSafely([&] { result = work(); });
  llvm::remove_fatal_error_handler();
  llvm::CrashRecoveryContext::Disable();
  if (finished && (succeeded(result) || diagnostics.errors() != before))
    return result;
  std::string why = fatalMessage.empty() ? "" : " (" + StringRef(fatalMessage).split('\n').first.str() + ")";
  diagnostics.error(what + " crashed" + why + placeOf(reproducer, kept));
  return failure();
}
