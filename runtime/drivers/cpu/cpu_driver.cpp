// The CPU: one arena in main memory, and worker threads that all run the generated step function.
#include "runtime/core/workers.h"
#include "runtime/drivers/driver.h"
#include "runtime/libraries/onednn.h"

#include <cerrno>
#include <cinttypes>
#include <cstring>
#include <sys/mman.h>

namespace trafo::runtime {
namespace {

constexpr uint64_t kHugePage = 2ull << 20;
constexpr uint64_t kSlack = 4096; ///< the contract of trafo_manifest_t::arena_size: code may read past its last buffer

class CpuDevice final : public Device {
public:
  explicit CpuDevice(const DeviceRequest &request) : request(request) {}
  ~CpuDevice() {
    workers.stop();
    if (library)
      library->close();
    if (mapped)
      munmap(mapped, mappedSize);
  }

  trafo_status_t initialize(trafo_error_t *error) {
    const trafo_manifest_t &manifest = *request.manifest;
    // Room to start on a huge page's boundary, so that the kernel can back the arena with them.
    mappedSize = manifest.arena_size + kSlack + kHugePage;
    mapped = mmap(nullptr, mappedSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapped == MAP_FAILED) {
      mapped = nullptr;
      return fail(error, TRAFO_NO_RESOURCE, codes::kMemory,
                  "%s: no address space for an arena of %" PRIu64 " bytes: %s; compile with a smaller --context",
                  request.modelName, manifest.arena_size, strerror(errno));
    }
    uintptr_t aligned = (reinterpret_cast<uintptr_t>(mapped) + kHugePage - 1) & ~(kHugePage - 1);
    arena = reinterpret_cast<uint8_t *>(aligned);
    madvise(arena, manifest.arena_size + kSlack, MADV_HUGEPAGE); // advice only: works without
    int32_t wanted = request.threads > 0 ? request.threads : allowedCpus();
    if (wanted > static_cast<int32_t>(manifest.max_workers))
      wanted = static_cast<int32_t>(manifest.max_workers);
    if (!workers.start(*request.allocator, wanted))
      return fail(error, TRAFO_NO_RESOURCE, codes::kMemory, "%s: no memory for %d workers", request.modelName, wanted);
    if (request.code->matmul_count > 0)
      return OneDnn::open(*request.allocator, request.modelName, request.code->matmuls, request.code->matmul_count,
                          workers.count(), error, &library);
    return TRAFO_OK;
  }

  trafo_status_t run(trafo_step_t *step, trafo_error_t *error, const float **outLogits) override {
    step->weights = request.weights;
    step->arena = arena;
    step->workers = workers.count();
    step->barrier = &Barrier::callback;
    step->barrier_state = &workers.barrier();
    step->library = library ? library->table() : nullptr;
    workers.run(request.code->step, step);
    if (trafo_status_t s = library ? library->failure(error) : TRAFO_OK)
      return s;
    *outLogits = reinterpret_cast<const float *>(arena + request.manifest->logits_offset);
    return TRAFO_OK;
  }

  const uint8_t *arenaBytes() const override { return arena; }
  int32_t threads() const override { return workers.count(); }
  void close() override {
    Allocator allocator = *request.allocator;
    allocator.destroy(this);
  }

private:
  DeviceRequest request;
  void *mapped = nullptr;
  uint64_t mappedSize = 0;
  uint8_t *arena = nullptr;
  Workers workers;
  OneDnn *library = nullptr; ///< NULL for code that needs none
};

} // namespace

const Driver kCpuDriver = {"cpu", true, openDevice<CpuDevice>};

} // namespace trafo::runtime
