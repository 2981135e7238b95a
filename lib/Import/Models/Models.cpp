#include "lib/Import/Models/Models.h"

using namespace trafo;

namespace {
/// The table of supported architectures: general.architecture and who describes it.
struct Row {
  const char *architecture;
  Result<DecoderSpec> (*describe)(const Checkpoint &);
};
constexpr Row kArchitectures[] = {
    {"llama", describeLlama},
};
} // namespace

std::string trafo::supportedArchitectures() {
  std::string out;
  for (const Row &row : kArchitectures)
    out += concat(out.empty() ? "" : ", ", row.architecture);
  return out;
}

Result<DecoderSpec> trafo::describeModel(const Checkpoint &checkpoint) {
  for (const Row &row : kArchitectures)
    if (checkpoint.architecture == row.architecture)
      return row.describe(checkpoint);
  return checkpoint.error(ErrorCode::ModelArchitecture,
                          concat("key \"general.architecture\" is ", quoted(checkpoint.architecture),
                                 ", supported are ", supportedArchitectures()));
}
