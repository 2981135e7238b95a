//===- trafo-compiler.cpp - whatever of `trafo` needs MLIR ----------------===//
//
// The same command line as `trafo compile` and its like: the driver passes it on.
//
//===----------------------------------------------------------------------===//
#include "tools/StandardOutput.h"
#include "tools/trafo-compiler/Commands.h"
#include "trafo/runtime.h"

#include "llvm/Support/raw_ostream.h"

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <string>
#include <unistd.h>

/// Where our program lies: launchers and the like are looked for from there.
static std::string toolFolder() {
  char path[4096];
  ssize_t size = readlink("/proc/self/exe", path, sizeof(path) - 1);
  std::string program(path, size > 0 ? size : 0);
  return program.substr(0, program.rfind('/'));
}

/// The same as withOutputWritten, of LLVM's stream, which would end the process at exit.
static int withReportWritten(int status) {
  llvm::outs().flush();
  std::error_code error = llvm::outs().error();
  if (!error)
    return status;
  llvm::outs().clear_error();
  if (error != std::errc::broken_pipe)
    std::fprintf(stderr, "trafo: error: standard output: %s\n", error.message().c_str());
  return status ? status : TRAFO_IO;
}

int main(int argc, char **argv) {
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN); // a limit on the size of files is an error of the write
  CLI::App app("trafo-compiler: compiles transformers; `trafo` runs it");
  app.require_subcommand(1);
  trafo::Command command;
  trafo::addCompileCommand(app, toolFolder(), command);
  trafo::addCheckCommand(app, command);
  trafo::addEvalCommand(app, command);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success &success) { // --help
    return trafo::withOutputWritten(app.exit(success));
  } catch (const CLI::Error &error) {
    std::fprintf(stderr, "trafo: error: %s\n", error.what());
    return TRAFO_USAGE;
  }
  try {
    return withReportWritten(command());
  } catch (const std::bad_alloc &) {
    std::fprintf(stderr, "trafo: error: out of memory\n");
    return TRAFO_NO_RESOURCE;
  }
}
