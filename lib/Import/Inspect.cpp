#include "lib/Import/Inspect.h"

#include "lib/Import/Gguf.h"
#include "lib/Import/JsonPrinter.h"
#include "lib/Import/Models/Models.h"
#include "lib/Import/TokenizerKeys.h"

#include <cinttypes>

using namespace trafo;

namespace {

int64_t windowedLayers(const DecoderSpec &m) {
  int64_t count = 0;
  for (int64_t layer = 0; layer < m.layers; ++layer)
    count += m.windowOf(layer) > 0;
  return count;
}

struct FormatSum {
  uint64_t tensors = 0, elements = 0, bytes = 0;
};

struct Facts {
  const Checkpoint &checkpoint;
  const DecoderSpec *spec; ///< null if the model is not supported
  const TokenizerKeys *tokenizer;
  std::string refusal; ///< why it is not
  FormatSum sums[kFormatCount] = {};
  FormatSum total;
};

const char *scalingName(RopeScalingKind kind) {
  switch (kind) {
  case RopeScalingKind::None:
    return "none";
  case RopeScalingKind::Linear:
    return "linear";
  case RopeScalingKind::Yarn:
    return "yarn";
  case RopeScalingKind::Factors:
    return "factors";
  }
  return "";
}

const char *pairingName(RopePairing pairing) { return pairing == RopePairing::Interleaved ? "interleaved" : "halves"; }

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

void printSpecText(const DecoderSpec &m, std::FILE *out) {
  auto line = [out](const char *name, int64_t value) { std::fprintf(out, "%-16s %" PRId64 "\n", name, value); };
  line("layers", m.layers);
  line("hidden", m.hidden);
  line("heads", m.heads);
  line("kv heads", m.kvHeads);
  line("head size", m.headSize);
  line("feed-forward", m.ffn);
  line("vocabulary", m.vocab);
  line("context", m.contextLength);
  std::fprintf(out, "%-16s rms, epsilon %g\n", "norm", static_cast<double>(m.normEps));
  std::fprintf(out, "%-16s base %g, %" PRId64 " dimensions, %s, scaling %s", "rope", static_cast<double>(m.ropeBase),
               m.ropeDims, pairingName(m.ropePairing), scalingName(m.ropeScaling.kind));
  if (m.ropeScaling.kind == RopeScalingKind::Linear || m.ropeScaling.kind == RopeScalingKind::Yarn)
    std::fprintf(out, " by %g", static_cast<double>(m.ropeScaling.factor));
  std::fprintf(out, "\n%-16s scale %g", "attention", static_cast<double>(m.attentionScale));
  if (int64_t windowed = windowedLayers(m); windowed > 0)
    std::fprintf(out, ", window %" PRId64 " in %" PRId64 " of %" PRId64 " layers", m.window, windowed, m.layers);
  std::fprintf(out, "\n%-16s %s\n", "head", m.tiedHead ? "tied to the embedding" : "of its own");
  std::fprintf(out, "%-16s %s%s%s%s\n", "biases", m.hasQkvBias ? "qkv " : "", m.hasOutBias ? "out " : "",
               m.hasMlpBias ? "feed-forward " : "", m.hasQkvBias || m.hasOutBias || m.hasMlpBias ? "" : "none");
}

void printText(const Facts &facts, const InspectOptions &options, std::FILE *out) {
  const Checkpoint &c = facts.checkpoint;
  std::fprintf(out, "%-16s GGUF version %" PRIu32 ", %" PRIu64 " bytes, header %" PRIu64 "\n", "file", c.version,
               c.file->bytes().size, c.headerBytes);
  std::fprintf(out, "%-16s %s\n", "architecture", quoted(c.architecture).c_str());
  if (facts.spec) {
    if (!facts.spec->name.empty())
      std::fprintf(out, "%-16s %s\n", "name", quoted(facts.spec->name).c_str());
    printSpecText(*facts.spec, out);
  } else {
    std::fprintf(out, "%-16s no: %s\n", "supported", facts.refusal.c_str());
  }
  if (facts.tokenizer && !facts.tokenizer->tokens.empty())
    std::fprintf(out, "%-16s model %s, pre-tokenizer %s, %" PRIu64 " tokens, %" PRIu64 " merges\n", "tokenizer",
                 quoted(facts.tokenizer->model).c_str(), quoted(facts.tokenizer->pre).c_str(),
                 facts.tokenizer->tokens.size(), facts.tokenizer->merges.size());
  std::fprintf(out, "\n%-10s %10s %16s %16s %12s\n", "format", "tensors", "elements", "bytes", "bits/weight");
  auto row = [out](const char *name, const FormatSum &sum) {
    double bits = sum.elements ? 8.0 * static_cast<double>(sum.bytes) / static_cast<double>(sum.elements) : 0.0;
    std::fprintf(out, "%-10s %10" PRIu64 " %16" PRIu64 " %16" PRIu64 " %12.2f\n", name, sum.tensors, sum.elements,
                 sum.bytes, bits);
  };
  for (const FormatInfo &info : kFormats)
    if (const FormatSum &sum = facts.sums[static_cast<uint8_t>(info.format)]; sum.tensors != 0)
      row(info.name, sum);
  row("total", facts.total);
  if (!options.tensors)
    return;
  std::fprintf(out, "\n");
  for (const TensorInfo &tensor : c.tensors)
    std::fprintf(out, "%-10s %16" PRIu64 " %16" PRIu64 "  %.*s %s\n", formatInfo(tensor.format).name, tensor.fileOffset,
                 tensor.byteSize, static_cast<int>(tensor.name.size()), tensor.name.data(), tensor.shapeText().c_str());
}

//===----------------------------------------------------------------------===//
// JSON
//===----------------------------------------------------------------------===//

void printSpecJson(const DecoderSpec &m, JsonPrinter &json) {
  json.field("name", m.name);
  json.field("layers", m.layers);
  json.field("hidden", m.hidden);
  json.field("heads", m.heads);
  json.field("kv_heads", m.kvHeads);
  json.field("head_size", m.headSize);
  json.field("feed_forward", m.ffn);
  json.field("vocabulary", m.vocab);
  json.field("context", m.contextLength);
  json.field("norm_epsilon", static_cast<double>(m.normEps));
  json.field("rope_base", static_cast<double>(m.ropeBase));
  json.field("rope_dimensions", m.ropeDims);
  json.field("rope_pairing", pairingName(m.ropePairing));
  json.field("rope_scaling", scalingName(m.ropeScaling.kind));
  json.field("rope_scaling_factor", static_cast<double>(m.ropeScaling.factor));
  json.field("attention_scale", static_cast<double>(m.attentionScale));
  json.field("attention_window", m.window);
  json.field("windowed_layers", windowedLayers(m));
  json.field("tied_head", m.tiedHead);
  json.field("qkv_bias", m.hasQkvBias);
  json.field("out_bias", m.hasOutBias);
  json.field("feed_forward_bias", m.hasMlpBias);
}

void printSumJson(const FormatSum &sum, JsonPrinter &json) {
  json.field("tensors", static_cast<int64_t>(sum.tensors));
  json.field("elements", static_cast<int64_t>(sum.elements));
  json.field("bytes", static_cast<int64_t>(sum.bytes));
}

void printJson(const Facts &facts, const InspectOptions &options, std::FILE *out) {
  const Checkpoint &c = facts.checkpoint;
  JsonPrinter json(out);
  json.openObject();
  json.field("kind", "gguf");
  json.field("version", static_cast<int64_t>(c.version));
  json.field("file_bytes", static_cast<int64_t>(c.file->bytes().size));
  json.field("header_bytes", static_cast<int64_t>(c.headerBytes));
  json.field("architecture", c.architecture);
  json.field("supported", facts.spec != nullptr);
  if (facts.spec) {
    json.openObject("model");
    printSpecJson(*facts.spec, json);
    json.closeObject();
  } else {
    json.field("refusal", facts.refusal);
  }
  if (facts.tokenizer && !facts.tokenizer->tokens.empty()) {
    json.openObject("tokenizer");
    json.field("model", facts.tokenizer->model);
    json.field("pre", facts.tokenizer->pre);
    json.field("tokens", static_cast<int64_t>(facts.tokenizer->tokens.size()));
    json.field("merges", static_cast<int64_t>(facts.tokenizer->merges.size()));
    json.closeObject();
  }
  json.openObject("formats");
  for (const FormatInfo &info : kFormats) {
    const FormatSum &sum = facts.sums[static_cast<uint8_t>(info.format)];
    if (sum.tensors == 0)
      continue;
    json.openObject(info.name);
    printSumJson(sum, json);
    json.closeObject();
  }
  json.closeObject();
  json.openObject("total");
  printSumJson(facts.total, json);
  json.closeObject();
  if (options.tensors) {
    json.openArray("tensors");
    for (const TensorInfo &tensor : c.tensors) {
      json.openObject();
      json.field("name", tensor.name);
      json.field("format", formatInfo(tensor.format).name);
      json.openArray("shape");
      for (int64_t dim : tensor.dims)
        json.element(dim);
      json.closeArray();
      json.field("offset", static_cast<int64_t>(tensor.fileOffset));
      json.field("bytes", static_cast<int64_t>(tensor.byteSize));
      json.closeObject();
    }
    json.closeArray();
  }
  json.closeObject();
  std::fputc('\n', out);
}

} // namespace

Result<void> trafo::inspectGguf(const std::string &path, const InspectOptions &options, std::FILE *out) {
  auto checkpoint = readGguf(path);
  if (!checkpoint)
    return std::move(checkpoint.error());
  auto spec = describeModel(*checkpoint);
  auto tokenizer = readTokenizerKeys(*checkpoint);
  constexpr int kUnsupported = 69;
  if (!spec && spec.error().exitCode != kUnsupported)
    return std::move(spec.error());

  Facts facts{*checkpoint, spec ? &*spec : nullptr, tokenizer ? &*tokenizer : nullptr, {}, {}, {}};
  if (!spec)
    facts.refusal = spec.error().message;
  for (const TensorInfo &tensor : checkpoint->tensors)
    for (FormatSum *sum : {&facts.sums[static_cast<uint8_t>(tensor.format)], &facts.total}) {
      sum->tensors += 1;
      sum->elements += static_cast<uint64_t>(tensor.elements()); // bounded by the file: 8 elements a byte at most
      sum->bytes += tensor.byteSize;
    }
  if (options.json)
    printJson(facts, options, out);
  else
    printText(facts, options, out);
  if (!spec)
    return std::move(spec.error());
  return {};
}
