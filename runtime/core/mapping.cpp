#include "runtime/core/mapping.h"

#include "runtime/core/checked.h"
#include "runtime/core/error_codes.h"
#include "runtime/core/status.h"

#include <atomic>
#include <cerrno>
#include <cinttypes>
#include <csignal>
#include <cstring>
#include <mutex>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace trafo::runtime {
namespace {

struct GuardedRange {
  std::atomic<uintptr_t> begin; ///< 0: the slot is free; written last, so that the handler sees whole entries
  uintptr_t end;
  char name[256];
};
GuardedRange guardedRanges[64];
std::mutex guardMutex;
struct sigaction previousAction;

void writeAll(const char *text, size_t size) {
  while (size > 0) {
    ssize_t n = write(STDERR_FILENO, text, size);
    if (n <= 0)
      return;
    text += n;
    size -= static_cast<size_t>(n);
  }
}

/// Runs in the faulting thread: only async-signal-safe calls.
void onBusError(int, siginfo_t *info, void *) {
  uintptr_t address = reinterpret_cast<uintptr_t>(info->si_addr);
  for (const GuardedRange &range : guardedRanges) {
    uintptr_t begin = range.begin.load(std::memory_order_acquire);
    if (begin == 0 || address < begin || address >= range.end)
      continue;
    auto put = [](const char *text) { writeAll(text, strlen(text)); };
    put("error: TRAFO-ART-0016: ");
    put(range.name);
    put(": became shorter or unreadable while it was mapped; restore the file and start again\n");
    _exit(TRAFO_IO);
  }
  // Not ours: put the earlier handler back and let the instruction fault again.
  sigaction(SIGBUS, &previousAction, nullptr);
}

void installHandlerOnce() {
  static bool installed = false;
  if (installed)
    return;
  struct sigaction action = {};
  action.sa_sigaction = onBusError;
  action.sa_flags = SA_SIGINFO;
  sigemptyset(&action.sa_mask);
  installed = sigaction(SIGBUS, &action, &previousAction) == 0;
}

} // namespace

void guardRange(const void *address, uint64_t size, const char *name) {
  std::lock_guard<std::mutex> lock(guardMutex);
  installHandlerOnce();
  for (GuardedRange &range : guardedRanges) {
    if (range.begin.load(std::memory_order_relaxed) != 0)
      continue;
    range.end = reinterpret_cast<uintptr_t>(address) + size;
    strncpy(range.name, name, sizeof(range.name) - 1);
    range.name[sizeof(range.name) - 1] = 0;
    range.begin.store(reinterpret_cast<uintptr_t>(address), std::memory_order_release);
    return;
  }
}

void unguardRange(const void *address) {
  std::lock_guard<std::mutex> lock(guardMutex);
  for (GuardedRange &range : guardedRanges)
    if (range.begin.load(std::memory_order_relaxed) == reinterpret_cast<uintptr_t>(address))
      range.begin.store(0, std::memory_order_release);
}

trafo_status_t Mapping::map(int fd, const char *name, uint64_t offset, uint64_t size, bool guard,
                            trafo_error_t *error) {
  unmap();
  if (size == 0)
    return TRAFO_OK;
  uint64_t page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  uint64_t lead = offset % page, total = 0, end = 0;
  struct stat status;
  if (fstat(fd, &status) != 0)
    return fail(error, TRAFO_IO, codes::kRead, "%s: cannot find its size: %s", name, strerror(errno));
  if (!checkedAdd(offset, size, &end) || !checkedAdd(lead, size, &total) || end > static_cast<uint64_t>(status.st_size))
    return fail(error, TRAFO_IO, codes::kShrunk,
                "%s: has %" PRIu64 " bytes, %" PRIu64 " bytes at %" PRIu64
                " were there a moment ago; restore the file and start again",
                name, static_cast<uint64_t>(status.st_size), size, offset);
  void *mapped = mmap(nullptr, total, PROT_READ, MAP_SHARED, fd, static_cast<off_t>(offset - lead));
  if (mapped == MAP_FAILED)
    return fail(error, errno == ENOMEM ? TRAFO_NO_RESOURCE : TRAFO_IO, codes::kRead,
                "%s: cannot map %" PRIu64 " bytes at %" PRIu64 ": %s", name, size, offset, strerror(errno));
  address = mapped;
  mappedLength = total;
  bytes = static_cast<const uint8_t *>(mapped) + lead;
  length = size;
  guarded = guard;
  if (guard)
    guardRange(address, mappedLength, name);
  return TRAFO_OK;
}

void Mapping::unmap() {
  if (!address)
    return;
  if (guarded)
    unguardRange(address);
  munmap(address, mappedLength);
  address = nullptr;
  bytes = nullptr;
  length = 0;
}

} // namespace trafo::runtime
