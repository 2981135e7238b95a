//===- JudgeCommands.cpp - the command lines of `check` and `eval` --------===//
#include "lib/Compiler/Judge.h"
#include "tools/ExitCodes.h"
#include "tools/trafo-compiler/Commands.h"
#include "tools/trafo-compiler/SharedOptions.h"
#include "trafo/runtime.h"

#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <thread>

using namespace trafo;

/// Token ids of a JSON file: [1, 2, ..] or {"ids": [1, 2, ..]}. Returns an exit code after an error.
static int readIds(const std::string &path, std::vector<int32_t> &ids) {
  llvm::ErrorOr<std::unique_ptr<llvm::MemoryBuffer>> file = llvm::MemoryBuffer::getFile(path);
  if (!file) {
    llvm::errs() << "trafo: error: --ids: " << path << ": " << file.getError().message() << "\n";
    return TRAFO_NO_INPUT;
  }
  llvm::Expected<llvm::json::Value> value = llvm::json::parse((*file)->getBuffer());
  const llvm::json::Array *list = nullptr;
  if (value) {
    list = value->getAsArray();
    if (const llvm::json::Object *object = value->getAsObject())
      list = object->getArray("ids");
  } else {
    llvm::consumeError(value.takeError());
  }
  for (size_t i = 0; list && i < list->size(); ++i) {
    std::optional<int64_t> id = (*list)[i].getAsInteger();
    if (!id || *id < 0 || *id > INT32_MAX) {
      list = nullptr;
      break;
    }
    ids.push_back(static_cast<int32_t>(*id));
  }
  if (list)
    return 0;
  llvm::errs() << "trafo: error: --ids: " << path << ": expects a JSON list of token ids, or {\"ids\": [..]}\n";
  return TRAFO_BAD_DATA;
}

static unsigned allThreads() { return std::max(1u, std::thread::hardware_concurrency()); }

void trafo::addCheckCommand(CLI::App &app, Command &chosen) {
  auto options = std::make_shared<CompileOptions>();
  auto judge = std::make_shared<JudgeOptions>();
  auto ids = std::make_shared<std::string>();
  judge->threads = allThreads();
  options->emit = EmitKind::Mlir; // no tokenizer is needed
  CLI::App &command = *app.add_subcommand("check", "judges the model after every pass, against double precision");
  command.footer(withExitCodes(R"(Examples:
  trafo check model.gguf                                 every pass, every layer, against double precision
  trafo check model.gguf --target x86-64-v4+vnni         the lowering for another CPU, judged here
  trafo check model.gguf --load-pass-plugin my.so --pass-pipeline 'fuse:builtin.module(my-pass)'    is my pass right?

Prints one line a pass: the largest error, its bound, the layer and op where it was seen. Exit code 70 and the word
BROKEN name the first pass that leaves its bound.)"));
  addInputOptions(command, options);
  addMachineOptions(command, options);
  addPassOptions(command, options);
  command.add_option("--ids", *ids, "a JSON file of sample token ids (default: a few made up)");
  command.add_option("--judge-threads", judge->threads, "of the interpreter")->check(CLI::Range(1, 1024));
  command.callback([options, judge, ids, &chosen] {
    chosen = [options, judge, ids] {
      if (!ids->empty())
        if (int status = readIds(*ids, judge->tokens))
          return status;
      return check(*options, *judge, llvm::outs(), llvm::errs());
    };
  });
}

void trafo::addEvalCommand(CLI::App &app, Command &chosen) {
  auto options = std::make_shared<CompileOptions>();
  auto judge = std::make_shared<JudgeOptions>();
  auto ids = std::make_shared<std::string>();
  auto reference = std::make_shared<bool>(false);
  judge->threads = allThreads();
  options->emit = EmitKind::Mlir;
  CLI::App &command = *app.add_subcommand("eval", "the reference interpreter's logits of some tokens");
  addInputOptions(command, options);
  addMachineOptions(command, options);
  command.add_flag("--reference", *reference, "by the interpreter (programs are evaluated by `trafo eval`)")
      ->required();
  command.add_option("--ids", *ids, "a JSON file of token ids")->required();
  command.add_option("--logits", judge->logits, "the NumPy file to write: float32 [tokens, vocabulary]")->required();
  command.add_flag("--as-compiled", judge->asCompiled, "round where the compiled program does");
  command.add_option("--judge-threads", judge->threads, "of the interpreter")->check(CLI::Range(1, 1024));
  command.add_option("--progress-fd", options->progressFd, "file descriptor for progress lines");
  command.callback([options, judge, ids, &chosen] {
    chosen = [options, judge, ids] {
      if (int status = readIds(*ids, judge->tokens))
        return status;
      return evaluate(*options, *judge, llvm::errs());
    };
  });
}
