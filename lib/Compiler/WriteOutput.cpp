#include "lib/Compiler/WriteOutput.h"

#include "lib/Artifact/ArtifactWriter.h"
#include "lib/Artifact/TemporaryFile.h"
#include "lib/Packer/PackWeights.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"

using namespace mlir;
using namespace trafo;

static int fail(DiagnosticPrinter &diagnostics, const trafo_error_t &error, trafo_status_t status) {
  llvm::StringRef message = error.message, code = error.code;
  diagnostics.error(message.starts_with(code) ? message : llvm::StringRef(code.str() + ": " + message.str()));
  return status;
}

/// A launcher's name among ours: those for other kinds of CPU than this machine's lie in a folder of its name.
static std::string launcherName(bool isLibrary, llvm::StringRef triple) {
  llvm::Triple target(triple);
  std::string name = isLibrary ? "libtrafo-launcher.so" : "trafo-launcher";
  bool isNative = target.getArch() == llvm::Triple(llvm::sys::getProcessTriple()).getArch();
  return isNative ? name : target.getArchName().str() + "/" + name;
}

/// The launcher beside our program (in a build tree) or where it is installed. Empty if there is none.
static std::string findLauncher(const CompileOptions &options, llvm::StringRef name) {
  for (llvm::StringRef place : {"", "../libexec/trafo", "../lib", "../lib/trafo"}) {
    llvm::SmallString<256> path(options.toolFolder);
    llvm::sys::path::append(path, place, name);
    if (llvm::sys::fs::exists(path))
      return path.str().str();
  }
  return {};
}

/// Streams the packed weights into `writer`.
static int writeWeights(ArtifactWriter &writer, ModuleOp packing, DiagnosticPrinter &diagnostics, Progress &progress) {
  trafo_error_t error;
  if (trafo_status_t status = writer.beginWeights(&error))
    return fail(diagnostics, error, status);
  trafo_status_t writing = TRAFO_OK;
  LogicalResult packed = packWeights(
      packing,
      [&](const uint8_t *bytes, size_t size) {
        writing = writer.writeWeights(bytes, size, &error);
        return writing == TRAFO_OK;
      },
      [&](int64_t done, int64_t total) { progress.bytes(done, total); });
  if (writing)
    return fail(diagnostics, error, writing);
  if (failed(packed))
    return TRAFO_BAD_DATA;
  if (trafo_status_t status = writer.endWeights(&error))
    return fail(diagnostics, error, status);
  return 0;
}

int trafo::writeArtifact(const CompileOptions &options, DiagnosticPrinter &diagnostics, Progress &progress,
                         const Input &input, const ModelSummary &summary, ModuleOp packing, trafo_manifest_t manifest,
                         llvm::ArrayRef<TierCode> code) {
  bool isLibrary = options.emit == EmitKind::SharedLibrary;
  std::string name = launcherName(isLibrary, code.front().target.getTriple());
  std::string launcher = findLauncher(options, name);
  if (launcher.empty()) {
    diagnostics.error("found no " + name + " near " + options.toolFolder +
                      "; install the runtime, or emit obj instead");
    return TRAFO_INTERNAL;
  }
  trafo_error_t error;
  ArtifactWriter beside; // a library's weights
  if (isLibrary) {
    if (trafo_status_t status = beside.open({options.output + ".weights", "", input.modelHash, false}, &error))
      return fail(diagnostics, error, status);
    if (int status = writeWeights(beside, packing, diagnostics, progress))
      return status;
    manifest.weights_size = beside.weightsSize();
    manifest.weights_hash = beside.weightsHash();
    if (trafo_status_t status = beside.seal(nullptr, &error))
      return fail(diagnostics, error, status);
  }
  ArtifactWriter writer;
  if (trafo_status_t status = writer.open({options.output, launcher, input.modelHash, true}, &error))
    return fail(diagnostics, error, status);
  for (const TierCode &tier : code)
    if (trafo_status_t status = writer.addCode(tier.bytes.data(), tier.bytes.size(), tier.target.getCpuBits(), &error))
      return fail(diagnostics, error, status);
  if (!input.text.empty())
    if (trafo_status_t status = writer.addText(input.text.data(), input.text.size(), &error))
      return fail(diagnostics, error, status);
  std::string info = infoJson(input, summary);
  if (trafo_status_t status = writer.addInfo(info.data(), info.size(), &error))
    return fail(diagnostics, error, status);
  if (!isLibrary)
    if (int status = writeWeights(writer, packing, diagnostics, progress))
      return status;
  if (trafo_status_t status = writer.seal(&manifest, &error))
    return fail(diagnostics, error, status);
  trafo_status_t status = isLibrary ? beside.publish(&error) : TRAFO_OK;
  if (!status)
    status = writer.publish(&error);
  if (status)
    return fail(diagnostics, error, status);
  return 0;
}

int trafo::writeFile(const std::string &path, llvm::ArrayRef<char> bytes, DiagnosticPrinter &diagnostics) {
  if (path == "-") {
    llvm::outs().write(bytes.data(), bytes.size());
    llvm::outs().flush();
    if (!llvm::outs().has_error())
      return 0;
    llvm::outs().clear_error();
    diagnostics.error("cannot write to standard output");
    return TRAFO_IO;
  }
  TemporaryFile file;
  trafo_error_t error;
  if (trafo_status_t status = file.create(path, 0644, &error))
    return fail(diagnostics, error, status);
  if (trafo_status_t status = file.append(bytes.data(), bytes.size(), &error))
    return fail(diagnostics, error, status);
  if (trafo_status_t status = file.commit(&error))
    return fail(diagnostics, error, status);
  return 0;
}
