//===- Commands.h - the commands of `trafo` -------------------------------===//
#ifndef TRAFO_TOOLS_TRAFO_COMMANDS_H
#define TRAFO_TOOLS_TRAFO_COMMANDS_H

#include <cstdint>
#include <string>
#include <vector>

namespace trafo::tool {

struct InspectRequest {
  std::string file;
  bool json = false;
  bool tensors = false; ///< model files: every tensor
};
/// Prints what a model file or a compiled model holds. All commands return an exit code.
int inspect(const InspectRequest &request);

struct BenchRequest {
  std::string file;
  std::string weights;
  int32_t promptTokens = 505;
  int32_t decodeTokens = 128;
  int32_t context = 0;    ///< tokens in the cache before decoding
  int32_t verifyRows = 0; ///< of a step that verifies as many tokens, 0: not measured
  int32_t batch = 0;      ///< sequences decoded together, 0: not measured
  int32_t threads = 0;
  int32_t repeats = 5;
  bool json = false;
  std::string profile;     ///< an HTML page to write, "" for none
  std::string profileJson; ///< a JSON file to write, "" for none
};
int bench(const BenchRequest &request);

struct TuneRequest {
  std::string output; ///< the table to write, "" for none
  std::string target = "native";
  std::vector<std::string> formats = {"f32", "f16", "bf16", "q4_0", "q4_1", "q8_0", "q4_k", "q6_k", "i8_row"};
  int32_t threads = 0;
  bool json = false;
};
/// Measures how fast this machine contracts weights of each format, by generated code and by oneDNN.
int tune(const TuneRequest &request);

struct EvalRequest {
  std::string file;
  std::string weights;
  std::string text;   ///< a file of text, or
  std::string ids;    ///< a JSON file of token ids
  std::string logits; ///< .npy to write, "" for none
  std::string against;
  std::string beside;
  std::vector<int32_t> cuts;
  int32_t threads = 0;
  bool reference = false;            ///< a model file by the interpreter
  bool asCompiled = false;           ///< which rounds where a compiled program does
  std::string compute = "as-stored"; ///< and has the linears that compile's --compute makes
  bool json = false;
};
int eval(const EvalRequest &request);

} // namespace trafo::tool

#endif // TRAFO_TOOLS_TRAFO_COMMANDS_H
