#include "toy_artifact.h"

#include "lib/Artifact/ArtifactWriter.h"
#include "lib/Import/Text/TextSection.h"
#include "runtime/core/hash.h"

#include <cstring>
#include <fstream>
#include <iterator>

namespace trafo::test {
namespace {

std::string readFile(const std::string &path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

/// The byte-level spelling of GPT-2: each byte as a printable character.
std::string spelling(int byte) {
  auto printable = [](int b) { return (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || (b >= 174 && b <= 255); };
  int point = byte;
  if (!printable(byte)) {
    point = 256;
    for (int b = 0; b < byte; ++b)
      point += !printable(b);
  }
  if (point < 128)
    return std::string(1, static_cast<char>(point));
  return {static_cast<char>(0xc0 | point >> 6), static_cast<char>(0x80 | (point & 63))};
}

constexpr const char *kTemplate =
    "{% for message in messages %}{% if message['role'] == 'assistant' %}{{ '<|go|>' + message['content'] + "
    "'<|im_end|>' }}"
    "{% else %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|go|>' }}{% endif %}";

std::string textSection(std::vector<uint8_t> *out) {
  std::vector<std::string> spellings;
  TokenizerData data;
  for (int byte = 0; byte < 256; ++byte)
    spellings.push_back(spelling(byte));
  for (const char *special : {"<|im_start|>", "<|im_end|>", "<|go|>"})
    spellings.push_back(special);
  for (const std::string &token : spellings) {
    data.tokens.push_back(token);
    data.types.push_back(data.tokens.size() > 256 ? 3 : 1);
  }
  data.path = "toy";
  data.model = "gpt2";
  data.pre = "gpt-2";
  data.eos = TOY_END;
  data.chatTemplate = kTemplate;
  data.vocabularyRows = TOY_VOCABULARY;
  Result<std::vector<uint8_t>> section = buildTextSection(data);
  if (!section)
    return section.error().message;
  *out = *section;
  return "";
}

std::vector<uint8_t> toyWeights(const ToyOptions &options) {
  std::vector<uint8_t> weights(TOY_WEIGHTS);
  for (size_t i = 0; i < weights.size(); ++i)
    weights[i] = static_cast<uint8_t>(i * 31 + (i >> 8) + options.weightsSeed);
  uint32_t length = static_cast<uint32_t>(options.script.size());
  memcpy(weights.data(), &length, sizeof(length));
  memcpy(weights.data() + TOY_SCRIPT, options.script.data(), length);
  return weights;
}

} // namespace

trafo_manifest_t toyManifest() {
  trafo_manifest_t manifest = {};
  manifest.vocabulary = TOY_VOCABULARY;
  manifest.layers = 1;
  manifest.max_context = TOY_CONTEXT;
  manifest.max_rows = TOY_ROWS;
  manifest.max_outputs = TOY_OUTPUTS;
  manifest.max_sequences = TOY_SEQUENCES;
  manifest.kv_pages = TOY_PAGES;
  manifest.max_workers = TOY_WORKERS;
  manifest.barriers_per_step = TOY_BARRIERS;
  manifest.arena_size = TOY_ARENA;
  manifest.logits_offset = TOY_LOGITS;
  manifest.logits_stride = TOY_STRIDE;
  manifest.kv_offset = TOY_KV;
  manifest.kv_size = TOY_KV_BYTES;
  manifest.decode_bytes = TOY_WEIGHTS;
  return manifest;
}

std::string toyImage() { return TRAFO_TOY_IMAGE; }
std::string toyImageAvx2() { return TRAFO_TOY_IMAGE_AVX2; }

std::string writeToy(const ToyOptions &options) {
  ArtifactWriter writer;
  trafo_error_t error = {};
  std::vector<uint8_t> weights = toyWeights(options);
  trafo_manifest_t manifest = toyManifest();
  manifest.window = options.window;
  manifest.weights_size = weights.size();
  manifest.weights_hash = runtime::Hasher::of(weights.data(), weights.size());
  trafo_status_t s =
      writer.open({options.output, options.launcher, options.modelHash, !options.launcher.empty()}, &error);
  if (!s && options.codeAndPlan) {
    for (const ToyCode &code : options.code) {
      std::string image = readFile(code.image.empty() ? toyImage() : code.image);
      if (!s)
        s = writer.addCode(image.data(), image.size(), code.features, &error);
    }
    std::vector<uint8_t> text;
    if (options.text) {
      std::string wrong = textSection(&text);
      if (!wrong.empty())
        return wrong;
    }
    if (!s && options.text)
      s = writer.addText(text.data(), text.size(), &error);
    const std::string info = "{\"architecture\":\"toy\"}";
    if (!s)
      s = writer.addInfo(info.data(), info.size(), &error);
  }
  if (!s && options.weights) {
    s = writer.beginWeights(&error);
    // In uneven pieces, as a packer does.
    for (size_t done = 0; !s && done < weights.size();) {
      size_t n = std::min<size_t>(weights.size() - done, 77777);
      s = writer.writeWeights(weights.data() + done, n, &error);
      done += n;
    }
    if (!s)
      s = writer.endWeights(&error);
  }
  if (!s)
    s = writer.finish(options.codeAndPlan ? &manifest : nullptr, &error);
  return s ? std::string(error.code) + ": " + error.message : "";
}

} // namespace trafo::test
