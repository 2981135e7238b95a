//===- CompileCommand.cpp - the command line of `compile` -----------------===//
#include "lib/Compiler/Compile.h"
#include "tools/ExitCodes.h"
#include "tools/trafo-compiler/Commands.h"
#include "tools/trafo-compiler/SharedOptions.h"

#include "llvm/Support/raw_ostream.h"

#include <CLI/CLI.hpp>
#include <map>

using namespace trafo;

static constexpr const char *kExamples = R"(Examples:
  trafo compile model.gguf -o chat                       a program for this machine: ./chat "Hello"
  trafo compile model.gguf -o chat --context 8192        more room for the conversation
  trafo compile model.gguf -o chat --target=x86-64-v4,x86-64-v3    for several kinds of CPU; the best that fits runs
  trafo compile model.gguf -o libchat.so --emit so       a library for C, C++ or Python, its weights beside it
  trafo compile model.gguf -o chat --report              what it will cost, before anything runs
  trafo compile bf16.gguf -o chat --weights q8_0         quantise the linears; trafo eval --against says at what loss
  trafo compile bf16.gguf -o chat --compute int8         int8 by rows: prefill's products at twice the rate of floats
  trafo compile model.gguf --emit mlir:tile -o x.mlir    the IR after a stage ...
  trafo compile x.mlir -o chat                           ... and on from there
  trafo compile model.gguf -o chat --load-pass-plugin my.so --pass-pipeline 'fuse:builtin.module(my-pass)')";

/// "exe", "mlir:fuse", ... Returns what is wrong, or nothing.
static std::string parseEmit(const std::string &text, CompileOptions &options) {
  static const std::map<std::string, EmitKind> kinds = {{"exe", EmitKind::Executable}, {"so", EmitKind::SharedLibrary},
                                                        {"obj", EmitKind::Object},     {"asm", EmitKind::Assembly},
                                                        {"llvm", EmitKind::LLVM},      {"ptx", EmitKind::Ptx},
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

/// The name of the output where none is given: text goes to standard output, the rest beside us by the model's name.
static std::string defaultOutput(const CompileOptions &options) {
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

void trafo::addCompileCommand(CLI::App &app, const std::string &toolFolder, Command &chosen) {
  auto options = std::make_shared<CompileOptions>();
  options->toolFolder = toolFolder;
  CLI::App &command = *app.add_subcommand("compile", "a model file becomes a program");
  command.footer(withExitCodes(kExamples));
  addInputOptions(command, options);
  command.add_option("-o,--output", options->output, "the file to write; - for standard output");
  command
      .add_option_function<std::string>(
          "--emit", [options](const std::string &text) { (void)parseEmit(text, *options); },
          "exe (default), so, obj, asm, llvm, ptx, cubin, mlir:<stage>")
      ->check([](const std::string &text) {
        CompileOptions ignored;
        return parseEmit(text, ignored);
      });
  command.add_flag_callback(
      "--no-chat-template", [options] { options->chatTemplate = false; }, "leave the model's chat template out");
  command.add_flag("--profile", options->profile,
                   "workers stamp the time around each stage, for trafo bench --profile");
  command.add_flag("--report", options->report, "print what the program will cost");
  command.add_option_function<double>(
      "--bandwidth", [options](double rate) { options->bandwidth = rate; }, "GB/s for --report (default: measured)");
  command.add_option("--progress-fd", options->progressFd, "file descriptor for progress lines");
  addBoundOptions(command, options);
  addMachineOptions(command, options);
  addPassOptions(command, options);
  command.callback([options, &chosen] {
    chosen = [options] {
      if (options->output.empty())
        options->output = defaultOutput(*options);
      return compile(*options, llvm::outs(), llvm::errs());
    };
  });
}
