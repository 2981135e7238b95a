//===- Tune.cpp - trafo tune: how fast this machine contracts weights -----===//
//
// For each format and road a model of random weights is compiled with time stamps around its stages, and run in steps of
// several sizes. What a contraction takes for its size becomes a rate (Rates.h).
//
//===----------------------------------------------------------------------===//
#include "BenchSession.h"
#include "Child.h"
#include "Commands.h"
#include "Rates.h"
#include "StepRecorder.h"
#include "TuneModel.h"
#include "WriteText.h"

#include "runtime/libraries/dnnl_api.h"

#include <algorithm>
#include <boost/json.hpp>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <map>

namespace json = boost::json;

namespace trafo::tool {
namespace {

volatile sig_atomic_t stopAsked = 0;
void askToStop(int) { stopAsked = 1; }

/// While it lives, a signal that ends a program only asks: what lies in temporary folders is removed first.
class AskedToStop {
public:
  AskedToStop() {
    struct sigaction action = {};
    action.sa_handler = askToStop;
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < 3; ++i) {
      sigaction(kSignals[i], &action, &before[i]);
      if (before[i].sa_handler == SIG_IGN)
        sigaction(kSignals[i], &before[i], nullptr);
    }
  }
  ~AskedToStop() {
    for (size_t i = 0; i < 3; ++i)
      sigaction(kSignals[i], &before[i], nullptr);
  }

private:
  static constexpr int kSignals[3] = {SIGINT, SIGTERM, SIGHUP};
  struct sigaction before[3];
};

/// "AMD EPYC (family 25, model 1)", as far as the system says.
std::string cpuName() {
  std::ifstream file("/proc/cpuinfo");
  std::map<std::string, std::string> facts;
  std::string line;
  while (std::getline(file, line) && !line.empty()) // the first CPU's: "cpu family\t: 25"
    if (size_t colon = line.find(": "); colon != std::string::npos)
      facts[line.substr(0, line.find_last_not_of('\t', colon - 1) + 1)] = line.substr(colon + 2);
  std::string name = facts.count("model name") ? facts["model name"] : "unknown CPU";
  return facts.count("cpu family") ? name + " (family " + facts["cpu family"] + ", model " + facts["model"] + ")"
                                   : name;
}

/// The storage format that a stage contracts: "f32 x q4_1" or "f32 x f32 summed by oneDNN".
std::string weightsOf(const StageCost &cost) {
  size_t at = cost.numbers.find(" x ");
  if (at == std::string::npos)
    return "";
  std::string weights = cost.numbers.substr(at + 3);
  return weights.substr(0, weights.find(' '));
}

class Tuning {
public:
  explicit Tuning(const TuneRequest &request) : request(request) {}

  int run() {
    table.cpu = cpuName();
    for (const std::string &name : request.formats)
      if (int status = measure(*findFormat(name), /*library=*/false))
        return status;
    if (int status = measureLibrary())
      return status;
    if (int status = writeText(request.output, tableJson(table)))
      return status;
    if (request.json)
      printf("%s", tableJson(table).c_str());
    else
      printTable(table);
    return TRAFO_OK;
  }

private:
  /// The library takes one of the float formats, which depends on the tier, and int8 by rows.
  int measureLibrary() {
    runtime::DnnlApi api;
    trafo_error_t error = {};
    if (table.target.rfind("x86-64", 0) != 0)
      return TRAFO_OK;
    if (api.open("trafo tune", &error))
      return leaveLibraryOut(error);
    const dnnl_version_t *version = api.version();
    std::string name = "oneDNN " + std::to_string(version->major) + "." + std::to_string(version->minor) + "." +
                       std::to_string(version->patch);
    bool floats = false;
    for (Format format : {Format::F32, Format::BF16, Format::I8_ROW}) {
      const FormatInfo &info = formatInfo(format);
      if (std::find(request.formats.begin(), request.formats.end(), info.name) == request.formats.end() ||
          (floats && !info.grouped))
        continue;
      size_t before = table.rates.size();
      if (int status = measure(info, /*library=*/true))
        return status;
      if (table.rates.size() == before)
        continue;
      table.library = name;
      floats = true;
    }
    return TRAFO_OK;
  }

  int leaveLibraryOut(const trafo_error_t &error) {
    fprintf(stderr, "trafo: remark: %s: %s; only generated code is measured\n", error.code, error.message);
    return TRAFO_OK;
  }

  int measure(const FormatInfo &format, bool library) {
    fprintf(stderr, "trafo: measuring %s by %s\n", format.name, library ? "oneDNN" : "generated code");
    TemporaryFolder folder;
    if (int status = folder.make())
      return status;
    std::string source = folder.file("tune.mlir"), program = folder.file("tune");
    if (int status = writeText(source, tuneModel(format)))
      return status;
    if (int status = runCompiler({"compile", source, "-o", program, "--profile", "--target", request.target,
                                  "--x86-gemm", library ? "onednn" : "generated"},
                                 program))
      return status;
    BenchSession session;
    trafo_error_t error = {};
    if (trafo_status_t status = session.loaded.openProgram(program, {request.threads, "", 0}, &error))
      return library && status == TRAFO_UNSUPPORTED ? leaveLibraryOut(error) : report(status, error);
    StageLog log;
    if (int status = log.open(session.loaded, program))
      return status;
    table.threads = session.threads();
    table.target = targetOf(session);
    for (int64_t rows : {int64_t(1), int64_t(8), int64_t(64), kTunedRows})
      if (int status = measureRows(session, log, format.name, library, rows))
        return status;
    return TRAFO_OK;
  }

  /// The tier of the program: what "native" came to.
  static std::string targetOf(const BenchSession &session) {
    trafo_string_t text = trafo_model_info(session.loaded.model);
    json::value info = json::parse(json::string_view(text.data, text.size));
    return info.at("targets").as_array().front().at("target").as_string().c_str();
  }

  int measureRows(BenchSession &session, const StageLog &log, const char *format, bool library, int64_t rows) {
    // A step of one row is short, so many are timed. The first of any is not.
    int repeats = rows == 1 ? 24 : 4;
    StepRecorder recorder(session, log);
    std::vector<ProfiledStep> steps;
    for (int repeat = 0; repeat <= repeats; ++repeat) {
      const float *logits = nullptr;
      auto step = [&] { return session.fill(0, static_cast<int32_t>(rows), &logits); };
      if (int status = repeat ? recorder.record(steps, rows, step) : step())
        return status;
      if (stopAsked)
        return TRAFO_CANCELLED;
    }
    PhaseFigures figures = figuresOf("", log, steps, recorder.ticksPerSecond(), Roofs());
    std::vector<TimedContraction> timed;
    for (size_t i = 0; i < log.stages.size(); ++i) {
      const StageCost &cost = log.stages[i];
      const StageFigures &stage = figures.stages[i];
      if (cost.ofOutputs || cost.library != library || weightsOf(cost) != format || stage.milliseconds <= 0)
        continue;
      double runs = static_cast<double>(cost.runs);
      timed.push_back({stage.work.bytes / runs, stage.work.multiplies / runs, stage.milliseconds / runs / 1e3});
    }
    Rate rate = {format, library, rows};
    if (fitRate(timed, rate))
      table.rates.push_back(rate);
    return TRAFO_OK;
  }

  const TuneRequest &request;
  RateTable table;
};

} // namespace

int tune(const TuneRequest &request) {
  AskedToStop signals;
  int status = Tuning(request).run();
  return stopAsked ? TRAFO_CANCELLED : status;
}

} // namespace trafo::tool
