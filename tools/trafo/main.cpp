//===- main.cpp - trafo: compile, run, look at and judge models -----------===//
//
// Free of LLVM: what needs the compiler runs in a child, so that a crash there is one line here.
//
//===----------------------------------------------------------------------===//
#include "Child.h"
#include "Commands.h"
#include "ModelFile.h"
#include "tools/ExitCodes.h"
#include "tools/StandardOutput.h"
#include "trafo/Formats.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <unistd.h>

using namespace trafo::tool;

namespace {

constexpr const char *kExamples = R"(Examples:
  trafo compile model.gguf -o chat              a program that answers: ./chat "Hello"
  trafo compile --help                          all options of the compiler
  trafo check model.gguf                        judge every pass of the compiler on this model
  trafo run model.gguf "Hello"                  compile for this once, and ask
  trafo inspect model.gguf                      what is in a model file, or in a compiled program
  trafo bench chat --threads 2 --json           how fast
  trafo eval chat --text f.txt --against model.gguf    how good, and how far from another)";

constexpr const char *kInspectExamples = R"(Examples:
  trafo inspect model.gguf                      architecture, sizes, tensors by format
  trafo inspect model.gguf --tensors            every tensor: shape, format, bytes
  trafo inspect chat                            memory plan, barriers, numeric classes, CPU features it needs
  trafo inspect chat --json                     the same for machines)";

constexpr const char *kBenchExamples = R"(Examples:
  trafo bench chat                              prefill of 505 tokens, 128 decoded ones, against the read bandwidth
  trafo bench chat --context 4096 --decode-tokens 32    decoding far into a conversation (compile with --context 8192)
  trafo bench chat --threads 2 --json           for machines, with every repeat's numbers
  trafo bench chat --verify-rows 8 --batch 16   a step that verifies 8 tokens, and 16 sequences at once, against one
  trafo compile model.gguf -o chat --profile
  trafo bench chat --profile page.html          where the time goes: stages, rooflines, timelines

Each repeat also reads as many bytes as a decoded token does, with the same threads: decode_fraction_of_read says how
far decoding is from what this machine can read. voluntary_context_switches_per_token counts sleeping system calls: how
often a thread of the process gave its CPU away, to wait, while tokens were decoded.)";

constexpr const char *kTuneExamples = R"(Examples:
  trafo tune -o here.json                       measures this machine, some minutes
  trafo compile model.gguf -o chat --tune-table here.json --report     who computes each matmul, and what both would take
  trafo tune --target x86-64-v3 --formats f32,bf16 --json              one tier, some formats

Compiles small models of random weights for generated code and for oneDNN and times their contractions in steps of 1, 8, 64
and 512 rows. A rate is what a step of so many rows reads (GB/s) and multiplies (Gmul/s) once a call's own time is taken off.
Run it on an idle machine.)";

constexpr const char *kEvalExamples = R"(Examples:
  trafo eval chat --text f.txt                  perplexity of a text
  trafo eval chat --text f.txt --against model.gguf     KL divergence and top-1 agreement with another, on the same tokens
  trafo eval model.gguf --reference --text f.txt        by the interpreter, in double precision
  trafo eval chat --ids ids.json --logits out.npy       all logits, float32 [tokens, vocabulary]
  trafo eval chat --ids ids.json --logits out.npy --threads 1 --cuts 1,7,8 --beside other.json    the same bits)";

/// `trafo run FILE [arguments]`: becomes the program, after compiling a model file to a temporary one.
int run(const std::vector<std::string> &arguments) {
  if (arguments.size() < 2 || arguments[1] == "--help" || arguments[1] == "-h") {
    printf("Usage: trafo run FILE [arguments of the program]\n\nRuns a compiled program, or compiles a model file for "
           "this "
           "once and runs it.\n");
    return arguments.size() < 2 ? TRAFO_USAGE : TRAFO_OK;
  }
  std::string program = arguments[1];
  TemporaryProgram temporary;
  if (kindOf(program) == FileKind::Model) {
    if (int status = temporary.compile(program, {}))
      return status;
    program = temporary.path();
  }
  std::vector<char *> argv = {const_cast<char *>(program.c_str())};
  for (size_t i = 2; i < arguments.size(); ++i)
    argv.push_back(const_cast<char *>(arguments[i].c_str()));
  argv.push_back(nullptr);
  if (!temporary.path().empty())
    return temporary.run(argv.data());
  execv(program.c_str(), argv.data());
  fprintf(stderr, "trafo: error: TRAFO-DRV-0004: %s: cannot be started: %s\n", program.c_str(), strerror(errno));
  return TRAFO_NO_INPUT;
}

void addInspect(CLI::App &app, InspectRequest &request) {
  app.add_option("file", request.file, "a model file or a compiled program")->required();
  app.add_flag("--json", request.json, "one JSON object");
  app.add_flag("--tensors", request.tensors, "model files: every tensor, not only sums by format");
}

void addBench(CLI::App &app, BenchRequest &request) {
  app.add_option("program", request.file, "a compiled program (a model file is compiled for this once)")->required();
  app.add_option("--weights", request.weights, "the weights file of a library");
  app.add_option("--prompt-tokens", request.promptTokens, "of the prefill")->check(CLI::Range(1, INT32_MAX));
  app.add_option("--decode-tokens", request.decodeTokens, "to decode, one by one")->check(CLI::Range(1, INT32_MAX));
  app.add_option("--context", request.context, "tokens in the cache before decoding")->check(CLI::Range(0, INT32_MAX));
  app.add_option("--verify-rows", request.verifyRows,
                 "time a step of as many rows of one sequence, logits of all, beside a decode step")
      ->check(CLI::Range(1, INT32_MAX));
  app.add_option("--batch", request.batch, "decode as many sequences together, beside one alone")
      ->check(CLI::Range(1, INT32_MAX));
  app.add_option("--threads", request.threads, "0: as many as CPUs allowed")->check(CLI::Range(0, 4096));
  app.add_option("--repeats", request.repeats, "of everything; medians are shown")->check(CLI::Range(1, INT32_MAX));
  app.add_flag("--json", request.json, "one JSON object, with every repeat's numbers");
  app.add_option(
      "--profile", request.profile,
      "time, bytes and waiting of every stage: a table, and this HTML page with rooflines and timelines. Needs a "
      "program compiled with --profile");
  app.add_option("--profile-json", request.profileJson, "the same as a JSON file");
}

void addTune(CLI::App &app, TuneRequest &request) {
  app.add_option("-o,--output", request.output, "the table to write, for trafo compile --tune-table");
  app.add_option("--target", request.target, "the tier to measure: one that this machine runs");
  app.add_option("--formats", request.formats, "storage formats of weights")
      ->delimiter(',')
      ->check([](const std::string &name) {
        return trafo::findFormat(name) ? std::string() : "'" + name + "' is no storage format such as q4_1";
      });
  app.add_option("--threads", request.threads, "0: as many as CPUs allowed")->check(CLI::Range(0, 256));
  app.add_flag("--json", request.json, "the table as JSON, on standard output");
}

void addEval(CLI::App &app, EvalRequest &request) {
  app.add_option("model", request.file, "a compiled program, or a model file (compiled for this once)")->required();
  app.add_option("--weights", request.weights, "the weights file of a library");
  CLI::Option *text = app.add_option("--text", request.text, "a file of UTF-8 text to read");
  CLI::Option *ids = app.add_option("--ids", request.ids, "a JSON file of token ids: [..] or {\"ids\": [..]}");
  text->excludes(ids);
  app.add_option("--logits", request.logits, "write all logits: .npy, float32 [tokens, vocabulary]");
  app.add_option("--against", request.against,
                 "compare with another program, model file or .npy on the same tokens: KL divergence, top-1 agreement");
  app.add_option("--cuts", request.cuts, "sizes of the steps, repeated: 1,7,8. Never changes a bit")->delimiter(',');
  app.add_option("--beside", request.beside, "token ids of another sequence to decode beside it. Never changes a bit");
  app.add_option("--threads", request.threads, "0: as many as CPUs allowed. Never changes a bit")
      ->check(CLI::Range(0, 4096));
  CLI::Option *reference =
      app.add_flag("--reference", request.reference, "a model file: by the reference interpreter in double precision");
  app.add_flag("--as-compiled", request.asCompiled, "with --reference: round where a compiled program does")
      ->needs(reference);
  app.add_option("--compute", request.compute,
                 "with --reference: linears as compile --compute makes them: as-stored, int8, bf16")
      ->check(CLI::IsMember({"as-stored", "int8", "bf16"}))
      ->needs(reference);
  app.add_flag("--json", request.json, "one JSON object");
}

bool knows(const CLI::App &app, const std::string &subcommand) {
  std::vector<const CLI::App *> all = app.get_subcommands({});
  return std::any_of(all.begin(), all.end(), [&](const CLI::App *one) { return one->get_name() == subcommand; });
}

int dispatch(int argc, char **argv) {
  std::vector<std::string> arguments(argv + 1, argv + argc);
  // Command lines of other programs are theirs to read.
  if (!arguments.empty() && (arguments[0] == "compile" || arguments[0] == "check"))
    return runCompiler(arguments, outputOf(arguments));
  if (!arguments.empty() && arguments[0] == "run")
    return run(arguments);

  CLI::App app("Trafo compiles a model file into one native program.", "trafo");
  app.footer(trafo::withExitCodes(kExamples));
  app.set_version_flag("--version", "trafo 0.1.0");
  app.require_subcommand(1);
  app.option_defaults()->always_capture_default();
  app.add_subcommand("compile", "a model file becomes a program (options: trafo compile --help)");
  app.add_subcommand("check", "judge every pass of the compiler on a model (options: trafo check --help)");
  app.add_subcommand("run", "run a compiled program, or a model file compiled for this once");
  InspectRequest inspectRequest;
  BenchRequest benchRequest;
  TuneRequest tuneRequest;
  EvalRequest evalRequest;
  CLI::App *inspectApp = app.add_subcommand("inspect", "what is in a model file or a compiled program");
  CLI::App *benchApp = app.add_subcommand("bench", "tokens per second, memory, time to the first token");
  CLI::App *tuneApp = app.add_subcommand("tune", "measure this machine's rates, by which the compiler chooses");
  CLI::App *evalApp = app.add_subcommand("eval", "perplexity of a text, logits, distance to another model");
  addInspect(*inspectApp, inspectRequest);
  addBench(*benchApp, benchRequest);
  addTune(*tuneApp, tuneRequest);
  addEval(*evalApp, evalRequest);
  inspectApp->footer(trafo::withExitCodes(kInspectExamples));
  benchApp->footer(trafo::withExitCodes(kBenchExamples));
  tuneApp->footer(trafo::withExitCodes(kTuneExamples));
  evalApp->footer(trafo::withExitCodes(kEvalExamples));
  if (arguments.empty() || (arguments[0][0] != '-' && !knows(app, arguments[0]))) {
    const char *given = arguments.empty() ? "nothing" : arguments[0].c_str();
    fprintf(stderr,
            "trafo: error: expects compile, check, run, inspect, bench, tune or eval, got %s; --help explains\n",
            given);
    return TRAFO_USAGE;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success &help) { // --help, --version
    app.exit(help);
    return TRAFO_OK;
  } catch (const CLI::ParseError &error) {
    fprintf(stderr, "trafo: error: %s; --help explains\n", error.what());
    return TRAFO_USAGE;
  }
  if (inspectApp->parsed())
    return inspect(inspectRequest);
  if (benchApp->parsed())
    return bench(benchRequest);
  if (tuneApp->parsed())
    return tune(tuneRequest);
  return eval(evalRequest);
}

} // namespace

int main(int argc, char **argv) {
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN); // a file that may not grow is an error of write(), here and in the child
  try {
    return trafo::withOutputWritten(dispatch(argc, argv));
  } catch (const std::bad_alloc &) {
    fprintf(stderr, "trafo: error: TRAFO-RUN-0004: no memory\n");
    return TRAFO_NO_RESOURCE;
  } catch (const std::exception &exception) { // of a library; ours has none
    fprintf(stderr, "trafo: error: TRAFO-DRV-0006: %s; this is a bug of Trafo\n", exception.what());
    return TRAFO_INTERNAL;
  }
}
