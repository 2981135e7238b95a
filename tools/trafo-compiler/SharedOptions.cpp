#include "tools/trafo-compiler/SharedOptions.h"

#include "lib/Target/Target.h"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <set>

using namespace trafo;

/// "[<stage>:]<pipeline>"; a pipeline starts with builtin.module. Returns what is wrong, or nothing.
static std::string parsePipeline(const std::string &text, UserPipeline &pipeline) {
  pipeline.text = text;
  size_t colon = text.find(':'), open = text.find('(');
  if (colon == std::string::npos || colon > open)
    return {};
  std::optional<Stage> stage = findStage(text.substr(0, colon));
  if (!stage)
    return "'" + text.substr(0, colon) + "' is no stage; expects one of " + stageNames();
  pipeline.after = *stage;
  pipeline.text = text.substr(colon + 1);
  return {};
}

/// Returns what is wrong with the value of --weights, or nothing.
static std::string checkWeights(const std::string &text) {
  static const std::set<std::string> formats = {"f32", "f16", "bf16", "q4_0", "q4_1", "q8_0"};
  std::string seed = text.rfind("random:", 0) == 0 ? text.substr(7) : "";
  bool isSeed = !seed.empty() && seed.size() < 19 && seed.find_first_not_of("0123456789") == std::string::npos;
  if (isSeed || formats.count(text))
    return {};
  return "got '" + text + "', expects random:<seed>, f32, f16, bf16, q4_0, q4_1 or q8_0";
}

void trafo::addInputOptions(CLI::App &command, const OptionsPointer &options) {
  command.add_option("model", options->input, "model.gguf, or IR printed by compile --emit=mlir:<stage>")->required();
  command
      .add_option_function<std::string>(
          "--from", [options](const std::string &name) { options->from = findStage(name); },
          "the stage that printed the .mlir input (inferred where it can be)")
      ->check([](const std::string &name) {
        return findStage(name) ? std::string() : "'" + name + "' is no stage; expects one of " + stageNames();
      });
  command
      .add_option("--weights", options->weights,
                  "random:<seed>, or a format to quantise linears to (f32, f16, bf16, q4_0, q4_1, q8_0)")
      ->check(checkWeights);
  command
      .add_option(
          "--compute", options->compute,
          "as-stored: linears multiply as their weights' formats say; int8: float weights become int8 with a "
          "scale per row (the head by groups of 32) and meet int8 rows; bf16: they become bf16 and meet bf16 rows, as "
          "tiles of bf16 multiply; quantised weights stay as they are")
      ->capture_default_str()
      ->check(CLI::IsMember({"as-stored", "int8", "bf16"}));
  command
      .add_option("--kv", options->kvFormat,
                  "format of the KV cache: f16, bf16, f32, int8 (a scale per token and head)")
      ->capture_default_str()
      ->check(CLI::IsMember({"f16", "bf16", "f32", "int8"}));
}

void trafo::addBoundOptions(CLI::App &command, const OptionsPointer &options) {
  CLI::App &bounds = *command.add_option_group("Bounds", "fixed at compile time; memory is planned for them");
  bounds.option_defaults()->always_capture_default();
  auto add = [&](const char *flag, int64_t &value, const char *text, CLI::Range range) {
    auto noted = [options, flag](const std::string &) { options->boundsGiven.push_back(flag); };
    return bounds.add_option(flag, value, text)->check(range)->each(noted);
  };
  add("--context", options->maxContext, "positions per sequence, a multiple of 64", CLI::Range(64, 1 << 20))
      ->check([](const std::string &text) {
        return std::atol(text.c_str()) % 64 ? "got " + text + ", expects a multiple of 64" : std::string();
      });
  add("--rows", options->maxRows, "rows of one step: the prefill bucket", CLI::Range(1, 8192));
  add("--outputs", options->maxOutputs, "rows of one step whose logits may be wanted; 0: --rows", CLI::Range(0, 8192));
  add("--sequences", options->maxSequences, "sequences held at once", CLI::Range(1, 4096));
  add("--threads", options->maxWorkers, "most workers a step may have", CLI::Range(1, 1024));
}

void trafo::addMachineOptions(CLI::App &command, const OptionsPointer &options) {
  CLI::App &machine = *command.add_option_group("Machine");
  machine
      .add_option("--target", options->targets,
                  target::tierNames() + " (several of a kind of CPU, best first: one program for all)")
      ->delimiter(',')
      ->allow_extra_args(false);
  machine.add_option("--x86-gemm", options->gemm, "auto, onednn, generated")
      ->capture_default_str()
      ->check(CLI::IsMember({"auto", "onednn", "generated"}));
  machine.add_option("--tune-table", options->tuneTable,
                     "rates that auto goes by, as trafo tune writes them (default: those measured for the target)");
  machine
      .add_option("--tune-for", options->tuneFor,
                  "what auto makes cheap: decode, prefill, balanced (128 tokens decoded after a prompt of 512)")
      ->capture_default_str()
      ->check(CLI::IsMember({"decode", "prefill", "balanced"}));
}

void trafo::addPassOptions(CLI::App &command, const OptionsPointer &options) {
  CLI::App &passes = *command.add_option_group("Passes");
  passes.add_option("--load-pass-plugin", options->plugins, "shared object with passes of yours")
      ->allow_extra_args(false);
  passes
      .add_option_function<std::vector<std::string>>(
          "--pass-pipeline",
          [options](const std::vector<std::string> &texts) {
            for (const std::string &text : texts)
              (void)parsePipeline(text, options->pipelines.emplace_back());
          },
          "[<stage>:]builtin.module(...) to run after that stage (default: quantize)")
      ->allow_extra_args(false)
      ->check([](const std::string &text) {
        UserPipeline pipeline;
        return parsePipeline(text, pipeline);
      });
  passes.add_option_function<std::string>(
      "--remarks-filter", [options](const std::string &filter) { options->remarks = filter; },
      "print remarks of the categories that match, such as trafo-fuse");
  passes.add_flag_callback("--remarks", [options] { options->remarks = ".*"; }, "print all remarks");
}
