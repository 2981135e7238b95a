#include "runtime/core/payload.h"

#include "runtime/core/checked.h"
#include "runtime/core/error_codes.h"
#include "runtime/core/hash.h"
#include "runtime/core/status.h"

#include <cerrno>
#include <cinttypes>
#include <cstring>
#include <sys/stat.h>
#include <unistd.h>

namespace trafo::runtime {
namespace {

/// What is done about most broken files.
constexpr const char *kRemedy = "copy the file again or compile the model again";

uint64_t sizeLimit(uint32_t kind) {
  switch (kind) {
  case TRAFO_SECTION_MANIFEST:
    return sizeof(trafo_manifest_t);
  case TRAFO_SECTION_CODE:
    return Payload::kMaxCodeBytes;
  case TRAFO_SECTION_TEXT:
    return Payload::kMaxTextBytes;
  case TRAFO_SECTION_INFO:
    return Payload::kMaxInfoBytes;
  default:
    return UINT64_MAX;
  }
}

trafo_status_t checkTrailer(const trafo_trailer_t &trailer, uint64_t fileSize, const char *name, trafo_error_t *error) {
  if (memcmp(trailer.magic, TRAFO_TRAILER_MAGIC, sizeof(trailer.magic)) != 0)
    return fail(error, TRAFO_BAD_DATA, codes::kNoPayload,
                "%s: holds no compiled model: expects '%s' in the last 8 of its %" PRIu64
                " bytes; it is cut short or something else; %s",
                name, TRAFO_TRAILER_MAGIC, fileSize, kRemedy);
  uint64_t trailerOffset = fileSize - sizeof(trafo_trailer_t), end = 0;
  if (trailer.payload_offset % TRAFO_PAGE_BYTES != 0)
    return fail(error, TRAFO_BAD_DATA, codes::kTrailer,
                "%s: payload_offset %" PRIu64 " in the trailer at byte %" PRIu64 " is no multiple of %u; %s", name,
                trailer.payload_offset, trailerOffset, TRAFO_PAGE_BYTES, kRemedy);
  if (!checkedAdd(trailer.payload_offset, trailer.payload_size, &end) || end != trailerOffset)
    return fail(error, TRAFO_BAD_DATA, codes::kTrailer,
                "%s: payload of %" PRIu64 " bytes at %" PRIu64 " (trailer at byte %" PRIu64
                ") does not end where the trailer begins; %s",
                name, trailer.payload_size, trailer.payload_offset, trailerOffset, kRemedy);
  if (!isZero(trailer.reserved, 5))
    return fail(error, TRAFO_BAD_DATA, codes::kTrailer,
                "%s: reserved fields of the trailer at byte %" PRIu64 " are not zero; %s", name, trailerOffset,
                kRemedy);
  return TRAFO_OK;
}

trafo_status_t checkHeader(const Payload &payload, const trafo_trailer_t &trailer, const char *name,
                           trafo_error_t *error) {
  const trafo_artifact_header_t &header = payload.header;
  if (memcmp(header.magic, TRAFO_ARTIFACT_MAGIC, sizeof(header.magic)) != 0)
    return fail(error, TRAFO_BAD_DATA, codes::kHeader, "%s: expects '%s' at byte %" PRIu64 "; %s", name,
                TRAFO_ARTIFACT_MAGIC, payload.base, kRemedy);
  if (header.artifact_version != TRAFO_ARTIFACT_VERSION)
    return fail(error, TRAFO_UNSUPPORTED, codes::kArtifactVersion,
                "%s: layout version %u at byte %" PRIu64
                " is %s than version %u of this runtime; compile the model again "
                "with this version of Trafo, or use the runtime that belongs to the file",
                name, header.artifact_version, payload.base + 8,
                header.artifact_version > TRAFO_ARTIFACT_VERSION ? "newer" : "older", TRAFO_ARTIFACT_VERSION);
  if (header.abi_version != TRAFO_ABI_VERSION)
    return fail(error, TRAFO_UNSUPPORTED, codes::kAbiVersion,
                "%s: code for ABI version %u (byte %" PRIu64
                ") is %s than version %u of this runtime; compile the model "
                "again with this version of Trafo, or use the runtime that belongs to the file",
                name, header.abi_version, payload.base + 12, header.abi_version > TRAFO_ABI_VERSION ? "newer" : "older",
                TRAFO_ABI_VERSION);
  if (header.payload_size != trailer.payload_size)
    return fail(error, TRAFO_BAD_DATA, codes::kHeader,
                "%s: payload_size %" PRIu64 " in the header at byte %" PRIu64 " differs from the trailer's %" PRIu64
                "; %s",
                name, header.payload_size, payload.base, trailer.payload_size, kRemedy);
  if (header.section_count == 0 || header.section_count > Payload::kMaxSections)
    return fail(error, TRAFO_BAD_DATA, codes::kHeader, "%s: section_count %u at byte %" PRIu64 " is not in 1 to %u; %s",
                name, header.section_count, payload.base + 16, Payload::kMaxSections, kRemedy);
  if (header.reserved0 != 0 || !isZero(header.reserved1, 2))
    return fail(error, TRAFO_BAD_DATA, codes::kHeader,
                "%s: reserved fields of the header at byte %" PRIu64 " are not zero; %s", name, payload.base, kRemedy);
  return TRAFO_OK;
}

trafo_status_t checkSection(const Payload &payload, uint32_t index, uint64_t *end, const char *name,
                            trafo_error_t *error) {
  const trafo_section_t &section = payload.sections[index];
  uint64_t at = payload.base + sizeof(trafo_artifact_header_t) + index * sizeof(trafo_section_t);
  const char *kind = sectionName(section.kind);
  if (!kind)
    return fail(error, TRAFO_BAD_DATA, codes::kSection,
                "%s: section %u at byte %" PRIu64 " has the unknown kind %u; %s", name, index, at, section.kind,
                kRemedy);
  if (section.reserved0 != 0 || !isZero(section.reserved1, 3))
    return fail(error, TRAFO_BAD_DATA, codes::kSection,
                "%s: reserved fields of section %u (%s) at byte %" PRIu64 " are not zero; %s", name, index, kind, at,
                kRemedy);
  if (!inRange(section.offset, section.size, payload.header.payload_size))
    return fail(error, TRAFO_BAD_DATA, codes::kSection,
                "%s: section %u (%s) at byte %" PRIu64 " claims %" PRIu64 " bytes at %" PRIu64
                " of a payload of %" PRIu64 "; %s",
                name, index, kind, at, section.size, section.offset, payload.header.payload_size, kRemedy);
  if (section.offset < *end)
    return fail(error, TRAFO_BAD_DATA, codes::kSection,
                "%s: section %u (%s) at byte %" PRIu64 " begins at %" PRIu64
                ", before the end of what precedes it, %" PRIu64 "; %s",
                name, index, kind, at, section.offset, *end, kRemedy);
  bool mapped = section.kind == TRAFO_SECTION_CODE || section.kind == TRAFO_SECTION_WEIGHTS;
  if (mapped && section.offset % TRAFO_PAGE_BYTES != 0)
    return fail(error, TRAFO_BAD_DATA, codes::kSection,
                "%s: section %u (%s) at byte %" PRIu64 " has offset %" PRIu64 ", no multiple of %u; %s", name, index,
                kind, at, section.offset, TRAFO_PAGE_BYTES, kRemedy);
  if (section.size > sizeLimit(section.kind))
    return fail(error, TRAFO_BAD_DATA, codes::kSection,
                "%s: section %u (%s) at byte %" PRIu64 " has %" PRIu64 " bytes, at most %" PRIu64 " allowed; %s", name,
                index, kind, at, section.size, sizeLimit(section.kind), kRemedy);
  if (section.kind != TRAFO_SECTION_CODE) {
    if (section.features != 0)
      return fail(error, TRAFO_BAD_DATA, codes::kSection,
                  "%s: section %u (%s) at byte %" PRIu64 " asks for CPU features; %s", name, index, kind, at, kRemedy);
    for (uint32_t other = 0; other < index; ++other)
      if (payload.sections[other].kind == section.kind)
        return fail(error, TRAFO_BAD_DATA, codes::kSection,
                    "%s: section %u (%s) at byte %" PRIu64 " is there twice; %s", name, index, kind, at, kRemedy);
  }
  *end = section.offset + section.size;
  return TRAFO_OK;
}

} // namespace

const char *sectionName(uint32_t kind) {
  switch (kind) {
  case TRAFO_SECTION_MANIFEST:
    return "MANIFEST";
  case TRAFO_SECTION_CODE:
    return "CODE";
  case TRAFO_SECTION_TEXT:
    return "TEXT";
  case TRAFO_SECTION_INFO:
    return "INFO";
  case TRAFO_SECTION_WEIGHTS:
    return "WEIGHTS";
  default:
    return nullptr;
  }
}

const trafo_section_t *Payload::find(uint32_t kind) const {
  for (uint32_t i = 0; i < header.section_count; ++i)
    if (sections[i].kind == kind)
      return &sections[i];
  return nullptr;
}

trafo_status_t readAt(int fd, const char *name, uint64_t offset, void *out, size_t size, trafo_error_t *error) {
  char *bytes = static_cast<char *>(out);
  for (size_t done = 0; done < size;) {
    ssize_t n = pread(fd, bytes + done, size - done, static_cast<off_t>(offset + done));
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return fail(error, TRAFO_IO, codes::kRead, "%s: cannot read %zu bytes at %" PRIu64 ": %s", name, size, offset,
                  strerror(errno));
    if (n == 0)
      return fail(error, TRAFO_IO, codes::kRead,
                  "%s: ends at byte %" PRIu64 ", %zu bytes at %" PRIu64 " were expected; it is being changed", name,
                  offset + done, size, offset);
    done += static_cast<size_t>(n);
  }
  return TRAFO_OK;
}

static trafo_status_t readAndCheck(int fd, const char *name, trafo_error_t *error, Payload *out) {
  out->fd = fd;
  struct stat status;
  if (fstat(fd, &status) != 0)
    return fail(error, TRAFO_IO, codes::kRead, "%s: cannot find its size: %s", name, strerror(errno));
  if (!S_ISREG(status.st_mode))
    return fail(error, TRAFO_NO_INPUT, codes::kNotRegular,
                "%s: expects a regular file, got a %s; give the path of a compiled model", name,
                S_ISDIR(status.st_mode)    ? "directory"
                : S_ISFIFO(status.st_mode) ? "FIFO"
                                           : "device or socket");
  out->fileSize = static_cast<uint64_t>(status.st_size);
  if (out->fileSize < sizeof(trafo_artifact_header_t) + sizeof(trafo_trailer_t))
    return fail(error, TRAFO_BAD_DATA, codes::kNoPayload,
                "%s: holds no compiled model: has %" PRIu64 " bytes, a model needs at least %zu; %s", name,
                out->fileSize, sizeof(trafo_artifact_header_t) + sizeof(trafo_trailer_t), kRemedy);
  trafo_trailer_t trailer;
  if (trafo_status_t s = readAt(fd, name, out->fileSize - sizeof(trailer), &trailer, sizeof(trailer), error))
    return s;
  if (trafo_status_t s = checkTrailer(trailer, out->fileSize, name, error))
    return s;
  out->base = trailer.payload_offset;
  if (trailer.payload_size < sizeof(out->header))
    return fail(error, TRAFO_BAD_DATA, codes::kTrailer,
                "%s: payload of %" PRIu64 " bytes (trailer at byte %" PRIu64 ") cannot hold a header of %zu; %s", name,
                trailer.payload_size, out->fileSize - sizeof(trailer), sizeof(out->header), kRemedy);
  if (trafo_status_t s = readAt(fd, name, out->base, &out->header, sizeof(out->header), error))
    return s;
  if (trafo_status_t s = checkHeader(*out, trailer, name, error))
    return s;
  uint64_t tableBytes = out->header.section_count * sizeof(trafo_section_t);
  if (!inRange(sizeof(out->header), tableBytes, out->header.payload_size))
    return fail(error, TRAFO_BAD_DATA, codes::kHeader,
                "%s: a table of %u sections (byte %" PRIu64 ") does not fit a payload of %" PRIu64 " bytes; %s", name,
                out->header.section_count, out->base + 16, out->header.payload_size, kRemedy);
  if (trafo_status_t s = readAt(fd, name, out->base + sizeof(out->header), out->sections, tableBytes, error))
    return s;
  trafo_artifact_header_t unhashed = out->header;
  unhashed.table_hash = 0;
  Hasher hasher;
  hasher.update(&unhashed, sizeof(unhashed));
  hasher.update(out->sections, tableBytes);
  if (hasher.digest() != out->header.table_hash)
    return fail(error, TRAFO_BAD_DATA, codes::kTableHash,
                "%s: header and section table at byte %" PRIu64 " have hash %016" PRIx64 ", expects %016" PRIx64 "; %s",
                name, out->base, hasher.digest(), out->header.table_hash, kRemedy);
  uint64_t end = sizeof(out->header) + tableBytes;
  for (uint32_t i = 0; i < out->header.section_count; ++i)
    if (trafo_status_t s = checkSection(*out, i, &end, name, error))
      return s;
  if (end != out->header.payload_size)
    return fail(error, TRAFO_BAD_DATA, codes::kSection,
                "%s: the last section ends at %" PRIu64 " of a payload of %" PRIu64 " bytes; %s", name, end,
                out->header.payload_size, kRemedy);
  return TRAFO_OK;
}

trafo_status_t readPayload(int fd, const char *name, trafo_error_t *error, Payload *out) {
  *out = Payload();
  trafo_status_t s = readAndCheck(fd, name, error, out);
  if (s)
    *out = Payload(); // nothing unchecked leaves this file
  return s;
}

trafo_status_t checkSectionHash(const Payload &payload, const trafo_section_t &section, const char *name,
                                trafo_error_t *error) {
  unsigned char buffer[64 << 10];
  Hasher hasher;
  for (uint64_t done = 0; done < section.size;) {
    size_t n = section.size - done < sizeof(buffer) ? static_cast<size_t>(section.size - done) : sizeof(buffer);
    if (trafo_status_t s = readAt(payload.fd, name, payload.fileOffset(section) + done, buffer, n, error))
      return s;
    hasher.update(buffer, n);
    done += n;
  }
  if (hasher.digest() != section.hash)
    return fail(error, TRAFO_BAD_DATA, codes::kSectionHash,
                "%s: section %s (%" PRIu64 " bytes at byte %" PRIu64 ") has hash %016" PRIx64 ", expects %016" PRIx64
                "; %s",
                name, sectionName(section.kind), section.size, payload.fileOffset(section), hasher.digest(),
                section.hash, kRemedy);
  return TRAFO_OK;
}

} // namespace trafo::runtime
