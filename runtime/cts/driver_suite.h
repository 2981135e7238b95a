#ifndef TRAFO_RUNTIME_CTS_DRIVER_SUITE_H
#define TRAFO_RUNTIME_CTS_DRIVER_SUITE_H

#include "trafo/runtime.h"

#include <string>
#include <vector>

namespace trafo::cts {

/// What is tested: a driver by name, on a model that runs on it.
struct Subject {
  trafo_model_t *model;
  const char *driver;
};

/// One thing that every driver must do, whatever the machine. `run` returns "" or what was wrong.
struct Case {
  const char *name;
  std::string (*run)(const Subject &subject);
};

/// The suite. A driver is done when all of it passes, unchanged; nothing here knows a driver.
const std::vector<Case> &cases();

} // namespace trafo::cts

#endif // TRAFO_RUNTIME_CTS_DRIVER_SUITE_H
