#include "Commands.h"
#include "ModelFile.h"

#include "lib/Import/Inspect.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cinttypes>
#include <cstdio>

namespace json = boost::json;

namespace trafo::tool {
namespace {

std::string featuresOf(uint64_t features) {
  std::string out;
  for (int bit = 0; bit < 64; ++bit)
    if (features >> bit & 1) {
      const char *name = trafo_cpu_feature_name(1ull << bit);
      out += (out.empty() ? "" : " ") + (name ? std::string(name) : "bit " + std::to_string(bit));
    }
  return out.empty() ? "none beyond the baseline" : out;
}

const char *kindName(uint32_t kind) {
  static const char *const names[] = {"?", "MANIFEST", "CODE", "TEXT", "INFO", "WEIGHTS"};
  return kind < 6 ? names[kind] : "?";
}

/// A leaf of the INFO section as text.
std::string scalar(const json::value &value) {
  if (value.is_string())
    return std::string(value.get_string().c_str(), value.get_string().size());
  return json::serialize(value);
}

/// Objects as indented "key: value" lines, arrays of objects as one line an entry: readable whatever the compiler wrote.
void printValue(const std::string &key, const json::value &value, int depth) {
  std::string indent(static_cast<size_t>(depth) * 2, ' ');
  if (const json::object *object = value.if_object()) {
    printf("%s%s:\n", indent.c_str(), key.c_str());
    for (const auto &entry : *object)
      printValue(std::string(entry.key()), entry.value(), depth + 1);
    return;
  }
  const json::array *array = value.if_array();
  if (!array) {
    printf("%s%s: %s\n", indent.c_str(), key.c_str(), scalar(value).c_str());
    return;
  }
  bool objects = !array->empty() && array->front().is_object();
  printf("%s%s:%s", indent.c_str(), key.c_str(), objects ? "\n" : "");
  for (const json::value &element : *array) {
    if (!objects || !element.is_object()) {
      printf(" %s", scalar(element).c_str());
      continue;
    }
    printf("%s ", indent.c_str());
    for (const auto &entry : element.get_object())
      printf(" %s %s", std::string(entry.key()).c_str(), scalar(entry.value()).c_str());
    printf("\n");
  }
  if (!objects)
    printf(array->empty() ? " none\n" : "\n");
}

json::object planOf(const trafo_manifest_t &manifest) {
  return {{"vocabulary", manifest.vocabulary},
          {"layers", manifest.layers},
          {"max_context", manifest.max_context},
          {"max_rows", manifest.max_rows},
          {"max_outputs", manifest.max_outputs},
          {"max_sequences", manifest.max_sequences},
          {"max_workers", manifest.max_workers},
          {"barriers_per_step", manifest.barriers_per_step},
          {"barriers_per_layer", static_cast<double>(manifest.barriers_per_step) / std::max(manifest.layers, 1u)},
          {"arena_bytes", manifest.arena_size},
          {"kv_pages", manifest.kv_pages},
          {"window_pages", manifest.window_pages},
          {"kv_bytes", manifest.kv_size},
          {"window", manifest.window},
          {"logits_bytes", static_cast<uint64_t>(manifest.max_outputs) * manifest.logits_stride * 4},
          {"weights_bytes", manifest.weights_size},
          {"decode_bytes", manifest.decode_bytes}};
}

json::value infoOf(const trafo_model_t *model) {
  trafo_string_t info = trafo_model_info(model);
  boost::system::error_code error;
  json::value value = json::parse(json::string_view(info.data ? info.data : "", info.size), error);
  if (error)
    return nullptr;
  return value;
}

int inspectArtifact(const InspectRequest &request) {
  trafo_load_options_t load;
  trafo_load_options_initialize(&load);
  load.flags = TRAFO_LOAD_INSPECT;
  trafo_error_t error = {};
  trafo_model_t *model = nullptr;
  if (trafo_status_t s = trafo_model_load_path(request.file.c_str(), &load, &error, &model))
    return report(s, error);
  const trafo_artifact_header_t *header = trafo_model_header(model);
  uint32_t count = 0;
  const trafo_section_t *sections = trafo_model_sections(model, &count);
  json::array list;
  bool runsHere = false;
  for (uint32_t i = 0; i < count; ++i) {
    json::object section = {{"section", kindName(sections[i].kind)}, {"bytes", sections[i].size}};
    if (sections[i].kind == TRAFO_SECTION_CODE) {
      section["cpu_features"] = featuresOf(sections[i].features);
      bool fits = (sections[i].features & ~trafo_cpu_features()) == 0;
      section["runs_here"] = fits;
      runsHere |= fits;
    }
    list.push_back(section);
  }
  char hash[20];
  snprintf(hash, sizeof(hash), "%016" PRIx64, header->model_hash);
  json::object root = {{"file", request.file},
                       {"artifact_version", header->artifact_version},
                       {"abi_version", header->abi_version},
                       {"model_hash", hash},
                       {"runs_here", runsHere},
                       {"sections", list},
                       {"memory_plan", planOf(*trafo_model_manifest(model))},
                       {"info", infoOf(model)}};
  if (request.json)
    printf("%s\n", json::serialize(root).c_str());
  else
    for (const auto &entry : root)
      printValue(std::string(entry.key()), entry.value(), 0);
  trafo_model_release(model);
  return TRAFO_OK;
}

} // namespace

int inspect(const InspectRequest &request) {
  if (kindOf(request.file) == FileKind::Artifact)
    return inspectArtifact(request);
  InspectOptions options;
  options.json = request.json;
  options.tensors = request.tensors;
  Result<void> result = inspectGguf(request.file, options, stdout);
  if (result)
    return TRAFO_OK;
  fprintf(stderr, "trafo: error: %s\n", result.error().message.c_str());
  return result.error().exitCode;
}

} // namespace trafo::tool
