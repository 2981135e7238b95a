// No machine: the logits of a row are a fixed function of its sequence's tokens so far, which is what runtime/cts needs
// of a driver. Copy this folder to begin a new one.
#include "runtime/drivers/driver.h"

namespace trafo::runtime {
namespace {

class NullDevice final : public Device {
public:
  explicit NullDevice(const DeviceRequest &request) : request(request) {}

  trafo_status_t initialize(trafo_error_t *error) {
    const trafo_manifest_t &manifest = *request.manifest;
    size_t positions = static_cast<size_t>(manifest.kv_pages) * TRAFO_KV_PAGE_TOKENS;
    if (!history.allocate(*request.allocator, positions) ||
        !logits.allocate(*request.allocator, static_cast<size_t>(manifest.max_outputs) * manifest.logits_stride))
      return fail(error, TRAFO_NO_RESOURCE, codes::kMemory, "%s: no memory for a session", request.modelName);
    return TRAFO_OK;
  }

  trafo_status_t run(trafo_step_t *step, trafo_error_t *, const float **outLogits) override {
    const trafo_manifest_t &manifest = *request.manifest;
    int64_t output = 0;
    for (int64_t row = 0; row < step->rows; ++row) {
      // One number a position in place of keys and values: a hash of the tokens up to it.
      uint64_t before = step->positions[row] > 0 ? history[slot(*step, row, step->positions[row] - 1)] : 0;
      uint64_t here = mix(before + static_cast<uint64_t>(step->tokens[row]) + 1);
      history[slot(*step, row, step->positions[row])] = here;
      if (output == step->output_count || step->outputs[output] != row)
        continue;
      float *out = logits.data() + static_cast<size_t>(output++) * manifest.logits_stride;
      for (uint32_t i = 0; i < manifest.vocabulary; ++i)
        out[i] = static_cast<float>(mix(here + i) >> 40) * 0x1p-20f;
    }
    *outLogits = logits.data();
    return TRAFO_OK;
  }

  const uint8_t *arenaBytes() const override { return nullptr; }
  int32_t threads() const override { return 1; }
  void close() override {
    Allocator allocator = *request.allocator;
    allocator.destroy(this);
  }

private:
  /// Where the pool keeps a position of a row's sequence.
  size_t slot(const trafo_step_t &step, int64_t row, int32_t position) const {
    uint32_t perSequence = request.manifest->max_context / TRAFO_KV_PAGE_TOKENS;
    const int32_t *table = step.pages + static_cast<size_t>(step.sequences[row]) * perSequence;
    uint32_t at = static_cast<uint32_t>(position);
    return static_cast<size_t>(table[at / TRAFO_KV_PAGE_TOKENS]) * TRAFO_KV_PAGE_TOKENS + at % TRAFO_KV_PAGE_TOKENS;
  }
  static uint64_t mix(uint64_t x) { // splitmix64's finaliser
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
    x = (x ^ x >> 27) * 0x94d049bb133111ebull;
    return x ^ x >> 31;
  }

  DeviceRequest request;
  Array<uint64_t> history;
  Array<float> logits;
};

} // namespace

const Driver kNullDriver = {"null", false, openDevice<NullDevice>};

} // namespace trafo::runtime
