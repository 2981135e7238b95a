#ifndef TRAFO_RUNTIME_DRIVERS_DRIVER_H
#define TRAFO_RUNTIME_DRIVERS_DRIVER_H

#include "runtime/core/error_codes.h"
#include "runtime/core/memory.h"
#include "runtime/core/status.h"
#include "trafo/runtime.h"

namespace trafo::runtime {

/// What a driver is given to open a device for one session. All of it outlives the device.
struct DeviceRequest {
  const trafo_manifest_t *manifest;
  const trafo_code_t *code; ///< of the CODE section in use
  const uint8_t *weights;   ///< mapped, read-only; NULL if the model has none
  const char *modelName;    ///< for messages
  const Allocator *allocator;
  int32_t threads; ///< wanted; 0: the driver's choice
};

/// One session's share of a machine: its arena and whoever executes steps.
class Device {
public:
  /// Runs one step over rows that were checked already. The device fills weights, arena, workers and barrier of `step`;
  /// the rest is the caller's. `*outLogits` is [output_count][logits_stride], valid until the next step; not NULL. No
  /// allocation, and no system call while workers keep pace.
  virtual trafo_status_t run(trafo_step_t *step, trafo_error_t *error, const float **outLogits) = 0;
  /// Workers in use.
  virtual int32_t threads() const = 0;
  /// The arena, if this process can read it; NULL if not.
  virtual const uint8_t *arenaBytes() const = 0;
  /// Gives everything back, itself included.
  virtual void close() = 0;

protected:
  ~Device() = default;
};

struct Driver {
  const char *name;
  /// False: logits come from the driver itself and no code is needed.
  bool needsCode;
  trafo_status_t (*open)(const DeviceRequest &request, trafo_error_t *error, Device **outDevice);
};

/// What `open` of a driver is: makes its device (from a request) and initialises it, or closes it again.
template <typename D>
trafo_status_t openDevice(const DeviceRequest &request, trafo_error_t *error, Device **outDevice) {
  D *device = request.allocator->create<D>(request);
  if (!device)
    return fail(error, TRAFO_NO_RESOURCE, codes::kMemory, "%s: no memory for a session", request.modelName);
  if (trafo_status_t s = device->initialize(error)) {
    device->close();
    return s;
  }
  *outDevice = device;
  return TRAFO_OK;
}

extern const Driver kCpuDriver;  ///< the generated code on worker threads
extern const Driver kNullDriver; ///< no machine at all: what a new driver is copied from

/// NULL if there is none of that name. NULL asks for the default.
const Driver *findDriver(const char *name);

} // namespace trafo::runtime

#endif // TRAFO_RUNTIME_DRIVERS_DRIVER_H
