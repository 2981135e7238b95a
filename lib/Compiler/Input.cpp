#include "lib/Compiler/Input.h"

#include "dialects/Trafo/IR/TrafoOps.h"
#include "lib/Compiler/CheckInput.h"
#include "lib/Import/Gguf.h"
#include "lib/Import/IR/BuildModule.h"
#include "lib/Import/Text/TextSection.h"
#include "mlir/Parser/Parser.h"
#include "runtime/core/hash.h"
#include "trafo/runtime.h"
#include "llvm/Support/SourceMgr.h"

#include <set>

using namespace mlir;
using namespace trafo;

static int fail(DiagnosticPrinter &diagnostics, const trafo::Error &error) {
  diagnostics.error(error.message);
  return error.exitCode;
}

/// Reads the model file's own part of `input`: checkpoint, description, text, hash.
static int readModelFile(const std::string &path, const CompileOptions &options, DiagnosticPrinter &diagnostics,
                         Input &input) {
  Result<Checkpoint> checkpoint = readGguf(path);
  if (!checkpoint)
    return fail(diagnostics, checkpoint.error());
  Result<DecoderSpec> spec = describeModel(*checkpoint);
  if (!spec)
    return fail(diagnostics, spec.error());
  // IR and tests of it need no tokenizer.
  if (options.emit == EmitKind::Executable || options.emit == EmitKind::SharedLibrary) {
    Result<std::vector<uint8_t>> text = buildTextSection(*checkpoint, spec->vocab, {options.chatTemplate});
    if (!text)
      return fail(diagnostics, text.error());
    input.text = std::move(*text);
  }
  input.modelHash = runtime::Hasher::of(checkpoint->file->bytes().data, checkpoint->headerBytes);
  input.checkpoint = std::move(*checkpoint);
  input.spec = std::move(*spec);
  return 0;
}

/// The seed of `--weights=random:<seed>`, if it says so.
static std::optional<uint64_t> randomSeed(const CompileOptions &options) {
  llvm::StringRef text = options.weights;
  uint64_t seed = 0;
  if (!text.consume_front("random:") || text.getAsInteger(10, seed))
    return std::nullopt;
  return seed;
}

static int importGguf(MLIRContext &context, const CompileOptions &options, DiagnosticPrinter &diagnostics,
                      Input &input) {
  if (int code = readModelFile(options.input, options, diagnostics, input))
    return code;
  std::optional<KVFormat> kv = symbolizeKVFormat(options.kvFormat);
  if (!kv) {
    diagnostics.error("--kv: unknown format '" + options.kvFormat + "'; expects f16, bf16, f32 or int8");
    return TRAFO_USAGE;
  }
  ImportOptions import;
  import.maxContext = options.maxContext;
  import.maxRows = options.maxRows;
  import.maxOutputs = options.maxOutputs ? options.maxOutputs : options.maxRows;
  import.maxSequences = options.maxSequences;
  import.maxWorkers = options.maxWorkers;
  import.kvFormat = *kv;
  import.randomSeed = randomSeed(options);
  FailureOr<OwningOpRef<ModuleOp>> module = importModel(context, *input.checkpoint, *input.spec, import);
  if (failed(module))
    return TRAFO_UNSUPPORTED;
  input.module = std::move(*module);
  return 0;
}

static int parseIr(MLIRContext &context, const CompileOptions &options, DiagnosticPrinter &diagnostics, Input &input) {
  // The parser opens anything, a FIFO too; the reader's checks come first.
  Result<std::shared_ptr<const MappedFile>> file = MappedFile::open(options.input);
  if (!file)
    return fail(diagnostics, file.error());
  llvm::SourceMgr sources;
  Span bytes = (*file)->bytes();
  sources.AddNewSourceBuffer(llvm::MemoryBuffer::getMemBufferCopy(
                                 StringRef(reinterpret_cast<const char *>(bytes.data), bytes.size), options.input),
                             llvm::SMLoc());
  input.module = parseSourceFile<ModuleOp>(sources, ParserConfig(&context));
  if (!input.module)
    return TRAFO_BAD_DATA;
  input.stage = options.from ? *options.from : inferStage(*input.module);
  if (int status = checkInput(options, input, diagnostics))
    return status;
  std::optional<uint64_t> seed = randomSeed(options);
  std::set<std::string> files;
  input.module->walk([&](WeightOp weight) {
    auto source = dyn_cast_or_null<FileAttr>(weight.getSourceAttr());
    if (!source)
      return;
    if (seed)
      weight.setSourceAttr(RandomAttr::get(&context, *seed));
    files.insert(source.getPath().str());
  });
  input.modelHash = runtime::Hasher::of(bytes.data, bytes.size);
  // Tokenizer and hash are the model file's, if that is still there and the only one.
  if (files.size() != 1 || seed)
    return 0;
  return readModelFile(*files.begin(), options, diagnostics, input);
}

int trafo::readInput(MLIRContext &context, const CompileOptions &options, DiagnosticPrinter &diagnostics,
                     Input &input) {
  if (llvm::StringRef(options.input).ends_with(".mlir"))
    return parseIr(context, options, diagnostics, input);
  if (options.from && *options.from != Stage::Import) {
    diagnostics.error("--from=" + stageName(*options.from) + " is for .mlir files; '" + options.input +
                      "' is read as a model file");
    return TRAFO_USAGE;
  }
  return importGguf(context, options, diagnostics, input);
}
