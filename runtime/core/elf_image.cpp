#include "runtime/core/elf_image.h"

#include "runtime/core/checked.h"
#include "runtime/core/error_codes.h"
#include "runtime/core/mapping.h"
#include "runtime/core/payload.h"
#include "runtime/core/status.h"

#include <cerrno>
#include <cinttypes>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <elf.h>
#include <sys/mman.h>
#include <unistd.h>

namespace trafo::runtime {
namespace {

constexpr uint64_t kPage = TRAFO_PAGE_BYTES;
constexpr unsigned kMaxSegments = 16;
constexpr uint64_t kMaxSpan = 1ull << 30;

#if defined(__x86_64__)
constexpr uint16_t kMachine = EM_X86_64;
constexpr const char *kMachineName = "x86-64";
#elif defined(__aarch64__)
constexpr uint16_t kMachine = EM_AARCH64;
constexpr const char *kMachineName = "AArch64";
#else
constexpr uint16_t kMachine = EM_NONE;
constexpr const char *kMachineName = "none that a model is compiled for";
#endif

/// What of an image is needed to map it, after every number was checked.
struct Plan {
  struct Segment {
    uint64_t offset, fileSize, address, memorySize;
    int protection;
  } segments[kMaxSegments];
  unsigned count = 0;
  uint64_t span = 0; ///< of all segments together, in bytes, page-rounded
  uint64_t entry = 0;
  uint16_t machine = EM_NONE;
};

uint64_t pageUp(uint64_t value) { return (value + kPage - 1) & ~(kPage - 1); }

/// Where the image lies, for messages and reads.
struct Source {
  int fd;
  const char *name;
  uint64_t offset, size;
  trafo_error_t *error;

  [[gnu::format(printf, 3, 4)]] trafo_status_t bad(uint64_t at, const char *format, ...) const {
    char what[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof(what), format, arguments);
    va_end(arguments);
    return fail(error, TRAFO_BAD_DATA, codes::kCodeImage,
                "%s: code image at byte %" PRIu64 ": %s (byte %" PRIu64 "); compile the model again", name, offset,
                what, offset + at);
  }
  trafo_status_t read(uint64_t at, void *out, size_t bytes) const {
    if (!inRange(at, bytes, size))
      return bad(at, "%zu bytes reach past its end at %" PRIu64, bytes, size);
    return readAt(fd, name, offset + at, out, bytes, error);
  }
};

trafo_status_t checkIdentity(const Source &source, const Elf64_Ehdr &header) {
  if (memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
    return source.bad(0, "is not ELF");
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB)
    return source.bad(EI_CLASS, "ELF class %u, data %u; expects 64-bit little-endian", header.e_ident[EI_CLASS],
                      header.e_ident[EI_DATA]);
  if (header.e_type != ET_DYN || header.e_phentsize != sizeof(Elf64_Phdr) || header.e_phnum == 0 ||
      header.e_phnum > kMaxSegments)
    return source.bad(16, "type %u with %u program headers of %u bytes; expects a shared object with 1 to %u of %zu",
                      header.e_type, header.e_phnum, header.e_phentsize, kMaxSegments, sizeof(Elf64_Phdr));
  return TRAFO_OK;
}

/// The code can run here.
trafo_status_t checkMachine(const Source &source, const Plan &plan) {
  if (plan.machine != kMachine)
    return fail(source.error, TRAFO_UNSUPPORTED, codes::kCodeImage,
                "%s: code image at byte %" PRIu64
                " is for ELF machine %u, this runtime is for %u (%s); compile the model for this machine",
                source.name, source.offset, plan.machine, kMachine, kMachineName);
  if (long page = sysconf(_SC_PAGESIZE); page != static_cast<long>(kPage))
    return fail(source.error, TRAFO_UNSUPPORTED, codes::kCodeImage,
                "%s: this kernel's pages have %ld bytes, compiled models are laid out for %" PRIu64
                "; run it on a kernel with those",
                source.name, page, kPage);
  return TRAFO_OK;
}

trafo_status_t addSegment(const Source &source, const Elf64_Phdr &segment, uint64_t at, Plan *plan) {
  uint64_t end = 0;
  if (!inRange(segment.p_offset, segment.p_filesz, source.size))
    return source.bad(at, "segment of %" PRIu64 " bytes at %" PRIu64 " lies outside its %" PRIu64 " bytes",
                      segment.p_filesz, segment.p_offset, source.size);
  if (segment.p_memsz < segment.p_filesz || !checkedAdd(segment.p_vaddr, segment.p_memsz, &end) || end > kMaxSpan)
    return source.bad(at, "segment of %" PRIu64 " bytes in memory at address %" PRIu64 ", at most %" PRIu64 " allowed",
                      segment.p_memsz, segment.p_vaddr, kMaxSpan);
  if (segment.p_offset % kPage != segment.p_vaddr % kPage)
    return source.bad(at, "segment at offset %" PRIu64 " cannot be mapped to address %" PRIu64, segment.p_offset,
                      segment.p_vaddr);
  if ((segment.p_vaddr & ~(kPage - 1)) < plan->span)
    return source.bad(at, "segment at address %" PRIu64 " overlaps the one before it", segment.p_vaddr);
  if ((segment.p_flags & PF_W) && (segment.p_flags & PF_X))
    return source.bad(at, "segment is both writable and executable");
  Plan::Segment &out = plan->segments[plan->count++];
  out.offset = segment.p_offset;
  out.fileSize = segment.p_filesz;
  out.address = segment.p_vaddr;
  out.memorySize = segment.p_memsz;
  out.protection = (segment.p_flags & PF_R ? PROT_READ : 0) | (segment.p_flags & PF_W ? PROT_WRITE : 0) |
                   (segment.p_flags & PF_X ? PROT_EXEC : 0);
  plan->span = pageUp(end);
  return TRAFO_OK;
}

/// The dynamic section must ask a dynamic linker for nothing.
trafo_status_t checkDynamic(const Source &source, const Elf64_Phdr &segment) {
  uint64_t count = segment.p_filesz / sizeof(Elf64_Dyn);
  if (count > 256)
    return source.bad(segment.p_offset, "dynamic section of %" PRIu64 " entries, at most 256 allowed", count);
  for (uint64_t i = 0; i < count; ++i) {
    uint64_t at = 0;
    Elf64_Dyn entry = {};
    if (!checkedAdd(segment.p_offset, i * sizeof(entry), &at))
      return source.bad(0, "dynamic section out of range");
    if (trafo_status_t s = source.read(at, &entry, sizeof(entry)))
      return s;
    switch (entry.d_tag) {
    case DT_NULL:
      return TRAFO_OK;
    case DT_NEEDED:
      return source.bad(at, "needs a shared library");
    case DT_RELASZ:
    case DT_RELSZ:
    case DT_PLTRELSZ:
    case 35: // DT_RELRSZ, newer than some elf.h
      if (entry.d_un.d_val != 0)
        return source.bad(at, "has %" PRIu64 " bytes of relocations", static_cast<uint64_t>(entry.d_un.d_val));
      break;
    case DT_TEXTREL:
    case DT_INIT:
    case DT_INIT_ARRAY:
    case DT_PREINIT_ARRAY:
      return source.bad(at, "needs a dynamic linker (dynamic tag %" PRId64 ")", static_cast<int64_t>(entry.d_tag));
    default:
      break;
    }
  }
  return TRAFO_OK;
}

trafo_status_t makePlan(const Source &source, Plan *plan) {
  Elf64_Ehdr header = {};
  if (source.size < sizeof(header))
    return source.bad(0, "%" PRIu64 " bytes cannot hold an ELF header of %zu", source.size, sizeof(header));
  if (trafo_status_t s = source.read(0, &header, sizeof(header)))
    return s;
  if (trafo_status_t s = checkIdentity(source, header))
    return s;
  plan->entry = header.e_entry;
  plan->machine = header.e_machine;
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    uint64_t at = 0;
    if (!checkedAdd(header.e_phoff, i * sizeof(Elf64_Phdr), &at))
      return source.bad(32, "program headers out of range");
    Elf64_Phdr segment = {};
    if (trafo_status_t s = source.read(at, &segment, sizeof(segment)))
      return s;
    trafo_status_t s = TRAFO_OK;
    if (segment.p_type == PT_LOAD)
      s = addSegment(source, segment, at, plan);
    else if (segment.p_type == PT_DYNAMIC)
      s = checkDynamic(source, segment);
    else if (segment.p_type == PT_INTERP || segment.p_type == PT_TLS)
      s = source.bad(at, "needs a dynamic linker (segment type %u)", segment.p_type);
    else if (segment.p_type == PT_GNU_STACK && (segment.p_flags & PF_X))
      s = source.bad(at, "wants an executable stack");
    if (s)
      return s;
  }
  for (unsigned i = 0; i < plan->count; ++i) {
    const Plan::Segment &segment = plan->segments[i];
    if ((segment.protection & PROT_EXEC) && plan->entry >= segment.address &&
        plan->entry - segment.address < segment.fileSize)
      return TRAFO_OK;
  }
  return source.bad(24, "entry %" PRIu64 " lies in no executable segment", plan->entry);
}

trafo_status_t mapSegment(const Source &source, const Plan::Segment &segment, uint8_t *base) {
  uint64_t lead = segment.address % kPage;
  uint8_t *at = base + (segment.address - lead);
  uint64_t fileBytes = segment.fileSize ? lead + segment.fileSize : 0;
  bool hasZeros = segment.memorySize > segment.fileSize;
  // The tail of the last file page is cleared by hand where zeros follow, which needs it writable for a moment.
  int protection = segment.protection | (hasZeros ? PROT_WRITE : 0);
  auto failed = [&](const char *what) {
    return fail(source.error, TRAFO_IO, codes::kRead, "%s: cannot map %s of the code image at byte %" PRIu64 ": %s",
                source.name, what, source.offset, strerror(errno));
  };
  if (fileBytes && mmap(at, fileBytes, protection, MAP_PRIVATE | MAP_FIXED, source.fd,
                        static_cast<off_t>(source.offset + segment.offset - lead)) == MAP_FAILED)
    return failed("a segment");
  if (!hasZeros)
    return TRAFO_OK;
  uint64_t zeroBegin = fileBytes, zeroEnd = pageUp(lead + segment.memorySize), firstWhole = pageUp(fileBytes);
  if (firstWhole < zeroEnd && mmap(at + firstWhole, zeroEnd - firstWhole, protection,
                                   MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS, -1, 0) == MAP_FAILED)
    return failed("zeros");
  memset(at + zeroBegin, 0, firstWhole - zeroBegin);
  if (mprotect(at, zeroEnd, segment.protection) != 0)
    return failed("a segment");
  return TRAFO_OK;
}

} // namespace

trafo_status_t ElfImage::check(int fd, const char *name, uint64_t offset, uint64_t size, trafo_error_t *error) {
  Plan plan;
  return makePlan(Source{fd, name, offset, size, error}, &plan);
}

trafo_status_t ElfImage::map(int fd, const char *name, uint64_t offset, uint64_t size, bool guard,
                             trafo_error_t *error) {
  unmap();
  Source source{fd, name, offset, size, error};
  Plan plan;
  if (trafo_status_t s = makePlan(source, &plan))
    return s;
  if (trafo_status_t s = checkMachine(source, plan))
    return s;
  if (plan.span == 0)
    return source.bad(0, "has nothing to load");
  void *reserved = mmap(nullptr, plan.span, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (reserved == MAP_FAILED)
    return fail(error, TRAFO_NO_RESOURCE, codes::kRead, "%s: cannot reserve %" PRIu64 " bytes for the code image: %s",
                name, plan.span, strerror(errno));
  address = reserved;
  length = plan.span;
  uint8_t *base = static_cast<uint8_t *>(reserved);
  for (unsigned i = 0; i < plan.count; ++i)
    if (trafo_status_t s = mapSegment(source, plan.segments[i], base)) {
      unmap();
      return s;
    }
  guarded = guard;
  if (guard)
    guardRange(address, length, name);
  entry = reinterpret_cast<trafo_query_fn>(base + plan.entry);
  return TRAFO_OK;
}

void ElfImage::unmap() {
  if (!address)
    return;
  if (guarded)
    unguardRange(address);
  munmap(address, length);
  address = nullptr;
  entry = nullptr;
  guarded = false;
}

} // namespace trafo::runtime
