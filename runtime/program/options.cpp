#include "runtime/program/options.h"

#include <CLI/CLI.hpp>
#include <cstdint>

namespace trafo::program {
namespace {

constexpr const char *kFooter = R"(Examples:
  chat "What is the capital of France?"         answer one question
  chat --system "Answer in French." "Hello!"    with instructions of your own
  chat --raw "Once upon a time" -n 64           go on with a text, no chat template
  chat --temp 0.7 --top-p 0.9 --seed 1 "Hi"     draw at random; the same seed gives the same words on every machine
  chat --interactive                            talk; Ctrl-C stops a reply, Ctrl-D ends
  chat --raw "Once upon a time" --context-shift   tell a story without end; Ctrl-C stops it
  cat letter.txt | chat -n 100 --json           prompt from standard input, one JSON object to standard output

The answer goes to standard output while it is made; everything else goes to standard error.
All parts of this file are checked when the program starts, the weights' content only with --verify.

Exit codes: 0 done; 2 wrong arguments; 65 bad data (a damaged file, a prompt that does not fit); 66 input missing or
unreadable; 69 this CPU lacks what the program was compiled for; 70 internal error; 71 no memory; 74 reading or writing
failed, or the file shrank while it ran; 130 stopped by Ctrl-C (the first stops after the current token, a second at once).)";

} // namespace

int readCommandLine(int argc, char **argv, Options *options) {
  trafo_sampling_initialize(&options->sampling);
  CLI::App app("A language model compiled by Trafo: code and weights in one file. Ask it something.", "chat");
  app.footer(kFooter);
  app.option_defaults()->always_capture_default();
  CLI::Option *prompt =
      app.add_option("prompt", options->prompt, "what to ask; without it, or with '-', standard input is read");
  CLI::Option *system = app.add_option("--system", options->system, "instructions that precede the conversation");
  CLI::Option *raw = app.add_flag("--raw", options->raw, "go on with the prompt as it is, without the chat template");
  app.add_flag("--parse-special", options->parseSpecial,
               "with --raw: text like <|im_end|> in the prompt means that token")
      ->needs(raw);
  CLI::Option *interactive = app.add_flag("-i,--interactive", options->interactive,
                                          "a conversation, one message a line; what was said stays in the KV cache");
  app.add_option("-n,--max-tokens", options->maxTokens,
                 "stop after so many tokens; 0: when the reply or the context ends")
      ->check(CLI::Range(0, INT32_MAX));
  CLI::Option *shift = app.add_flag(
      "--context-shift", options->contextShift,
      "when the context is full, leave out the older half of it, compute the rest anew and go on; else the reply ends");
  app.add_option("--keep", options->keep, "with --context-shift: tokens at the start that always stay")
      ->check(CLI::Range(0, INT32_MAX))
      ->needs(shift);
  app.add_option("--temp", options->sampling.temperature, "temperature; 0 always takes the likeliest token")
      ->check(CLI::Range(0.0, 1000.0));
  app.add_option("--top-k", options->sampling.top_k, "draw among so many likeliest tokens; 0: all")
      ->check(CLI::Range(0, INT32_MAX));
  app.add_option("--top-p", options->sampling.top_p,
                 "draw among the likeliest tokens that reach this probability; 1: all")
      ->check(CLI::Range(1e-6, 1.0));
  app.add_option("--seed", options->sampling.seed, "of the random draws")->check([](const std::string &text) {
    return text[0] == '-' ? "got " + text + ", expects 0 to 18446744073709551615" : std::string();
  });
  app.add_option("--threads", options->threads, "workers; 0: as many as CPUs allowed. Never changes the answer")
      ->check(CLI::Range(0, 4096));
  app.add_flag("--json", options->json, "one JSON object a reply instead of streamed text");
  app.add_flag("--stats", options->stats, "tokens per second to standard error (always if that is a terminal)");
  app.add_flag("--verify", options->verify, "compare the weights with their hash before running");
  raw->excludes(interactive);
  raw->excludes(system);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp &help) {
    app.exit(help);
    return TRAFO_OK;
  } catch (const CLI::ParseError &error) {
    fprintf(stderr, "error: %s; --help explains\n", error.what());
    return TRAFO_USAGE;
  }
  options->promptGiven = prompt->count() > 0 && options->prompt != "-";
  options->systemGiven = system->count() > 0;
  return -1;
}

} // namespace trafo::program
