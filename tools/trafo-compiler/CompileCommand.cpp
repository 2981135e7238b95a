//===- CompileCommand.cpp - the command line of `compile` -----------------===//
#include "lib/Compiler/Compile.h"
#include "tools/trafo-compiler/Commands.h"

#include "llvm/Support/raw_ostream.h"

#include <CLI/CLI.hpp>
#include <map>
#include <memory>

using namespace trafo;

namespace {

/// "exe", "mlir:fuse", ... Returns what is wrong, or nothing.
std::string parseEmit(const std::string &text, CompileOptions &options) {
  static const std::map<std::string, EmitKind> kinds = {
      {"exe", EmitKind::Executable}, {"so", EmitKind::SharedLibrary}, {"obj", EmitKind::Object},
      {"asm", EmitKind::Assembly},   {"llvm", EmitKind::LLVM},        {"ptx", EmitKind::Ptx},
      {"cubin", EmitKind::Cubin}};
  if (auto found = kinds.find(text); found != kinds.end()) {
    options.emit = found->second;
    return {};
  }
  if (text.rfind("mlir:", 0) == 0)
    if (std::optional<Stage> stage = findStage(text.substr(5))) {
      options.emit = EmitKind::Mlir;
      options.emitStage = *stage;
      return {};
    }
  return "expects exe, so, obj, asm, llvm, ptx, cubin or mlir:<stage> with a stage of " + stageNames();
}

/// "[<stage>:]<pipeline>"; a pipeline starts with builtin.module.
std::string parsePipeline(const std::string &text, CompileOptions &options) {
  UserPipeline pipeline;
  pipeline.text = text;
  size_t colon = text.find(':'), open = text.find('(');
  if (colon != std::string::npos && colon < open) {
    std::optional<Stage> stage = findStage(text.substr(0, colon));
    if (!stage)
      return "'" + text.substr(0, colon) + "' is no stage; expects one of " + stageNames();
    pipeline.after = *stage;
    pipeline.text = text.substr(colon + 1);
  }
  options.pipelines.push_back(pipeline);
  return {};
}

/// The name of the output where none is given: text goes to standard output, the rest beside us by the model's name.
std::string defaultOutput(const CompileOptions &options) {
  std::string stem = options.input.substr(options.input.rfind('/') + 1);
  stem = stem.substr(0, stem.rfind('.'));
  switch (options.emit) {
  case EmitKind::Executable:
    return stem;
  case EmitKind::SharedLibrary:
    return stem + ".so";
  case EmitKind::Object:
    return stem + ".o";
  case EmitKind::Cubin:
    return stem + ".cubin";
  default:
    return "-";
  }
}

} // namespace

void trafo::addCompileCommand(CLI::App &app, const std::string &toolFolder, Command &chosen) {
  auto options = std::make_shared<CompileOptions>();
  options->toolFolder = toolFolder;
  CLI::App *command = app.add_subcommand("compile", "a model file becomes a program");
  auto check = [options](std::string (*parse)(const std::string &, CompileOptions &)) {
    return [options, parse](const std::string &text) { return parse(text, *options); };
  };
  static std::string emit; // parsed by its check
  static std::vector<std::string> pipelines;

  command->add_option("model", options->input, "model.gguf, or IR printed by --emit=mlir:<stage>")->required();
  command->add_option("-o,--output", options->output, "the file to write; - for standard output");
  command->add_option("--emit", emit, "exe (default), so, obj, asm, llvm, ptx, cubin, mlir:<stage>")
      ->check(CLI::Validator(check(parseEmit), "KIND"));
  command
      ->add_option_function<std::string>(
          "--from", [options](const std::string &name) { options->from = findStage(name); },
          "the stage that printed the .mlir input (inferred where it can be)")
      ->check([](const std::string &name) {
        return findStage(name) ? std::string() : "'" + name + "' is no stage; expects one of " + stageNames();
      });

  auto *bounds = command->add_option_group("Bounds", "fixed at compile time; memory is planned for them");
  bounds->add_option("--context", options->maxContext, "positions per sequence, a multiple of 64")->capture_default_str()
      ->check(CLI::Range(64, 1 << 20));
  bounds->add_option("--rows", options->maxRows, "rows of one step: the prefill bucket")->capture_default_str()->check(CLI::Range(1, 8192));
  bounds->add_option("--outputs", options->maxOutputs, "rows of one step whose logits may be wanted (default: --rows)")
      ->check(CLI::Range(1, 8192));
  bounds->add_option("--sequences", options->maxSequences, "sequences held at once")->capture_default_str()->check(CLI::Range(1, 4096));
  bounds->add_option("--threads", options->maxWorkers, "most workers a step may have")->capture_default_str()->check(CLI::Range(1, 1024));
  bounds->add_option("--kv", options->kvFormat, "format of the KV cache")->capture_default_str();

  auto *machine = command->add_option_group("Machine");
  machine->add_option("--target", options->targets, "native, x86-64-v3, ... (several, best first: one program for all)")
      ->delimiter(',');
  machine->add_option("--x86-gemm", options->gemm, "auto, onednn, generated")->capture_default_str()
      ->check(CLI::IsMember({"auto", "onednn", "generated"}));

  auto *model = command->add_option_group("Model");
  model->add_option("--weights", options->weights, "random:<seed>, or a format to quantise linears to (q8_0, q4_1, ...)");
  model->add_flag_callback("--no-chat-template", [options] { options->chatTemplate = false; },
                           "leave the model's chat template out");

  auto *passes = command->add_option_group("Passes");
  passes->add_option("--load-pass-plugin", options->plugins, "shared object with passes of yours")->expected(1);
  passes
      ->add_option("--pass-pipeline", pipelines,
                   "[<stage>:]builtin.module(...) to run after that stage (default: quantize)")
      ->expected(1)
      ->check(CLI::Validator(check(parsePipeline), "PIPELINE"));

  auto *telling = command->add_option_group("Telling");
  telling->add_flag("--report", options->report, "print what the program will cost");
  telling->add_option_function<double>(
      "--bandwidth", [options](double rate) { options->bandwidth = rate; }, "GB/s for --report (default: measured)");
  telling->add_option_function<std::string>(
      "--remarks-filter", [options](const std::string &filter) { options->remarks = filter; },
      "print remarks of the categories that match, such as trafo-fuse");
  telling->add_flag_callback("--remarks", [options] { options->remarks = ".*"; }, "print all remarks");
  telling->add_option("--progress-fd", options->progressFd, "file descriptor for progress lines");

  command->callback([options, &chosen] {
    chosen = [options] {
      if (options->output.empty())
        options->output = defaultOutput(*options);
      return compile(*options, llvm::outs(), llvm::errs());
    };
  });
}
