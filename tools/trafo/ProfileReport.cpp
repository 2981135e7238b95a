#include "ProfileReport.h"

#include "ProfilePage.h"

#include <boost/json.hpp>
#include <cstdio>

namespace json = boost::json;

namespace trafo::tool {

/// A rate in 1e9 a second.
static double giga(double amount, double milliseconds) { return milliseconds > 0 ? amount / milliseconds / 1e6 : 0; }

static double ratio(double part, double whole) { return whole > 0 ? part / whole : 0; }

/// Tokens a second of `--report`: decoding bound by reading the weights.
static double reported(const Profile &profile) {
  return profile.roofs.readGbPerSecond * 1e9 / static_cast<double>(std::max<uint64_t>(profile.decodeBytes, 1));
}

static std::string heading(const PhaseFigures &phase) {
  char text[160];
  snprintf(text, sizeof(text), "%s: %lld row%s, %lld to %lld positions, %zu steps", phase.name.c_str(),
           static_cast<long long>(phase.first.rows), phase.first.rows == 1 ? "" : "s",
           static_cast<long long>(phase.first.end), static_cast<long long>(phase.last.end), phase.steps);
  return text;
}

/// What --report predicts of a stage, "-" where it predicts nothing.
static std::string reportCell(const StageFigures &stage) {
  char text[32] = "-";
  if (stage.reported > 0)
    snprintf(text, sizeof(text), "%.3f", stage.reported);
  return text;
}

static void printPhase(const Profile &profile, const PhaseFigures &phase) {
  printf("\n%s; medians\n", heading(phase).c_str());
  printf("  %.3f ms a step, %.1f tokens/s (%.1f with sampling); the roofs allow %.3f ms, %.2f of that time\n",
         phase.milliseconds, static_cast<double>(phase.first.rows) / phase.milliseconds * 1e3,
         static_cast<double>(phase.first.rows) / phase.wall * 1e3, phase.predicted,
         ratio(phase.predicted, phase.milliseconds));
  if (phase.first.rows == 1)
    printf("  --report predicts %.1f tokens/s at this read bandwidth; %.2f of it was reached\n", reported(profile),
           ratio(1e3 / phase.milliseconds, reported(profile)));
  if (phase.reported > 0)
    printf("  --report predicts %.3f ms of contractions by measured rates; they took %.3f ms, %.2f of it\n",
           phase.reported, phase.reportedTook, ratio(phase.reportedTook, phase.reported));
  printf("  %-24s %5s %9s %6s %9s %7s %8s %8s %8s %9s %9s  %s\n", "stage", "runs", "ms", "share", "MB", "GB/s",
         "of read", "Gmul/s", "of peak", "roof ms", "report ms", "waiting, % by worker");
  for (size_t i = 0; i < phase.stages.size(); ++i) {
    const StageFigures &stage = phase.stages[i];
    const StageCost &cost = profile.log.stages[i];
    double read = giga(stage.work.bytes, stage.milliseconds),
           multiplied = giga(stage.work.multiplies, stage.milliseconds);
    printf("  %-24s %5lld %9.3f %5.1f%% %9.2f %7.2f %8.2f %8.2f %8.2f %9.3f %9s ", cost.name.c_str(),
           static_cast<long long>(cost.runs), stage.milliseconds, 100 * ratio(stage.milliseconds, phase.milliseconds),
           stage.work.bytes / 1e6, read, ratio(read, profile.roofs.readGbPerSecond), multiplied,
           ratio(multiplied, profile.roofs.multiplies(cost.numbers)), stage.predicted, reportCell(stage).c_str());
    for (double wait : stage.waits)
      printf(" %5.1f", 100 * ratio(wait, stage.milliseconds));
    printf("\n");
  }
  printf("  %-24s %5zu %9.3f %5.1f%%\n", "between stages", profile.log.runs() - 1, phase.barriers,
         100 * ratio(phase.barriers, phase.milliseconds));
}

void printProfile(const Profile &profile) {
  printf("%s: %zu threads; reading %.1f GB/s, multiplying %.1f (int8) and %.1f (f32) Gmul/s\n", profile.program.c_str(),
         profile.log.workers, profile.roofs.readGbPerSecond, profile.roofs.int8Gmul, profile.roofs.f32Gmul);
  for (const PhaseFigures &phase : profile.phases)
    printPhase(profile, phase);
}

static json::object phaseJson(const Profile &profile, const PhaseFigures &phase) {
  json::array stages;
  for (size_t i = 0; i < phase.stages.size(); ++i) {
    const StageFigures &stage = phase.stages[i];
    const StageCost &cost = profile.log.stages[i];
    stages.push_back(json::object{{"stage", cost.name},
                                  {"class", cost.numbers},
                                  {"runs", cost.runs},
                                  {"milliseconds", stage.milliseconds},
                                  {"roof_milliseconds", stage.predicted},
                                  {"report_milliseconds", stage.reported},
                                  {"bytes", stage.work.bytes},
                                  {"gb_per_second", giga(stage.work.bytes, stage.milliseconds)},
                                  {"multiplies", stage.work.multiplies},
                                  {"gmul_per_second", giga(stage.work.multiplies, stage.milliseconds)},
                                  {"peak_gmul_per_second", profile.roofs.multiplies(cost.numbers)},
                                  {"wait_milliseconds", json::value_from(stage.waits)}});
  }
  return {{"phase", phase.name},
          {"rows", phase.first.rows},
          {"first_positions", phase.first.end},
          {"last_positions", phase.last.end},
          {"steps", phase.steps},
          {"milliseconds", phase.milliseconds},
          {"wall_milliseconds", phase.wall},
          {"roof_milliseconds", phase.predicted},
          {"report_milliseconds", phase.reported},
          {"reported_took_milliseconds", phase.reportedTook},
          {"between_stages_milliseconds", phase.barriers},
          {"tokens_per_second", static_cast<double>(phase.first.rows) / phase.milliseconds * 1e3},
          {"stages", stages},
          {"begin_microseconds", json::value_from(phase.begins)},
          {"end_microseconds", json::value_from(phase.ends)}};
}

std::string profileJson(const Profile &profile) {
  json::array phases;
  for (const PhaseFigures &phase : profile.phases)
    phases.push_back(phaseJson(profile, phase));
  json::object root = {{"program", profile.program},
                       {"threads", profile.log.workers},
                       {"read_gb_per_second", profile.roofs.readGbPerSecond},
                       {"int8_gmul_per_second", profile.roofs.int8Gmul},
                       {"f32_gmul_per_second", profile.roofs.f32Gmul},
                       {"decode_bytes", profile.decodeBytes},
                       {"report_tokens_per_second", reported(profile)},
                       {"run_stages", json::value_from(profile.log.stageOf)},
                       {"run_layers", json::value_from(profile.log.layerOf)},
                       {"phases", phases}};
  return json::serialize(root);
}

std::string profilePage(const std::string &text) {
  const std::string place = "{{profile}}";
  std::string page(kProfilePage), data;
  // "</script>" in a file's name must not end the element that holds the data.
  for (char c : text)
    data += c == '<' ? "\\u003c" : std::string(1, c);
  return page.replace(page.find(place), place.size(), data);
}

} // namespace trafo::tool
