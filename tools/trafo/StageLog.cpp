#include "StageLog.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cstring>

namespace json = boost::json;

namespace trafo::tool {

StageWork workOf(const StageCost &cost, const StepShape &shape) {
  double rows = static_cast<double>(cost.ofOutputs ? shape.outputs : shape.rows);
  // Rows at positions end - rows .. end - 1 see that many positions and themselves, but no more than the window.
  double seen = 0;
  for (int64_t row = 0; row < shape.rows; ++row) {
    int64_t positions = shape.end - row;
    seen += static_cast<double>(cost.window > 0 ? std::min(positions, cost.window) : positions);
  }
  int64_t held = cost.window > 0 ? std::min(shape.end, cost.window + shape.rows - 1) : shape.end;
  double runs = static_cast<double>(cost.runs);
  StageWork work;
  work.bytes = runs * (static_cast<double>(cost.weightBytes) + rows * static_cast<double>(cost.rowBytes) +
                       static_cast<double>(held * cost.positionBytes));
  work.multiplies =
      runs * (rows * static_cast<double>(cost.rowMultiplies) + seen * static_cast<double>(cost.positionMultiplies));
  return work;
}

double reportedMilliseconds(const StageCost &cost, const StepShape &shape) {
  // Between one row and a prompt's, a run is bound by reading, which one row shows, or by multiplying.
  double rows = static_cast<double>(cost.ofOutputs ? shape.outputs : shape.rows);
  double run = std::max(cost.rowNs, cost.promptNs * rows / static_cast<double>(cost.promptRows));
  return static_cast<double>(cost.runs) * run / 1e6;
}

/// Adds to the stages what --report predicts of their contractions on the roads taken.
static void addPredictions(const json::object &info, std::vector<StageCost> &stages) {
  const json::value *rows = info.if_contains("predicted_rows");
  if (!rows)
    return;
  for (StageCost &cost : stages) {
    cost.promptRows = rows->as_array().at(1).to_number<int64_t>();
    for (const json::value &road : info.at("roads").as_array()) {
      if (road.at("stage").as_string() != cost.name)
        continue;
      const json::value *times =
          road.as_object().if_contains(road.at("road") == "oneDNN" ? "onednn_ns" : "generated_ns");
      if (!times) { // of several contractions all are known, or nothing is
        cost.rowNs = cost.promptNs = 0;
        break;
      }
      cost.rowNs += times->as_array().at(0).to_number<double>();
      cost.promptNs += times->as_array().at(1).to_number<double>();
    }
  }
}

static StageCost costOf(const json::object &stage) {
  auto number = [&](const char *key) { return stage.at(key).to_number<int64_t>(); };
  StageCost cost;
  cost.name = stage.at("stage").as_string();
  cost.numbers = stage.at("class").as_string();
  cost.runs = number("runs");
  cost.weightBytes = number("weight_bytes");
  cost.rowBytes = number("row_bytes");
  cost.rowMultiplies = number("row_multiplies");
  cost.positionBytes = number("position_bytes");
  cost.positionMultiplies = number("position_multiplies");
  cost.window = number("window");
  cost.ofOutputs = stage.at("of_outputs").as_bool();
  const json::value *road = stage.if_contains("road");
  cost.library = road && *road == "oneDNN";
  return cost;
}

int StageLog::open(const LoadedModel &loaded, const std::string &name) {
  auto refuse = [&](trafo_status_t status, const char *what) {
    fprintf(stderr, "trafo: error: TRAFO-DRV-0007: %s: %s\n", name.c_str(), what);
    return status;
  };
  trafo_string_t text = trafo_model_info(loaded.model);
  uint64_t offset = 0;
  try {
    json::value info = json::parse(json::string_view(text.data ? text.data : "{}", text.data ? text.size : 2));
    const json::value *profile = info.as_object().if_contains("profile");
    if (!profile)
      return refuse(TRAFO_USAGE, "leaves no time stamps; compile it with --profile, or give the model file itself");
    for (const json::value &stage : info.at("stages").as_array())
      stages.push_back(costOf(stage.as_object()));
    addPredictions(info.as_object(), stages);
    for (const json::value &stage : profile->at("stages").as_array())
      stageOf.push_back(stage.to_number<size_t>());
    for (const json::value &layer : profile->at("layers").as_array())
      layerOf.push_back(layer.to_number<int64_t>());
    offset = profile->at("offset").to_number<uint64_t>();
    stride = profile->at("stride").to_number<uint64_t>();
  } catch (const std::exception &) { // of Boost.JSON
    return refuse(TRAFO_BAD_DATA, "its INFO section does not say what --profile needs; compile it anew");
  }
  workers = static_cast<size_t>(trafo_session_threads(loaded.session));
  uint64_t size = loaded.manifest->arena_size, log = (1 + 2 * stageOf.size()) * sizeof(uint64_t);
  bool inside =
      log <= size && offset <= size - log && (workers == 1 || stride <= (size - log - offset) / (workers - 1));
  bool known = std::all_of(stageOf.begin(), stageOf.end(), [&](size_t stage) { return stage < stages.size(); });
  if (!inside || !known || layerOf.size() != stageOf.size() || stageOf.empty())
    return refuse(TRAFO_BAD_DATA, "its INFO section contradicts its plan; compile it anew");
  const uint8_t *arena = trafo_session_arena(loaded.session);
  if (!arena)
    return refuse(TRAFO_UNSUPPORTED, "runs on a device whose memory cannot be read");
  logs = arena + offset;
  return 0;
}

StepStamps StageLog::read() const {
  StepStamps stamps;
  stamps.begins.resize(runs() * workers);
  stamps.ends.resize(runs() * workers);
  for (size_t worker = 0; worker < workers; ++worker)
    for (size_t run = 0; run < runs(); ++run) {
      const uint8_t *pair = logs + worker * stride + (1 + 2 * run) * sizeof(uint64_t);
      memcpy(&stamps.begins[run * workers + worker], pair, sizeof(uint64_t));
      memcpy(&stamps.ends[run * workers + worker], pair + sizeof(uint64_t), sizeof(uint64_t));
    }
  return stamps;
}

} // namespace trafo::tool
