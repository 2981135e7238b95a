#include "lib/Artifact/ArtifactWriter.h"

#include "lib/Artifact/TemporaryFile.h"
#include "runtime/core/error_codes.h"
#include "runtime/core/hash.h"
#include "runtime/core/status.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace trafo;
using runtime::fail;
using runtime::Hasher;
namespace codes = trafo::runtime::codes;

namespace {
constexpr uint32_t kMaxSections = 32;
/// The first page of the payload holds header, table and manifest; it is written last.
constexpr uint64_t kManifestOffset = sizeof(trafo_artifact_header_t) + kMaxSections * sizeof(trafo_section_t);
static_assert(kManifestOffset + sizeof(trafo_manifest_t) <= TRAFO_PAGE_BYTES, "the first page holds it all");
constexpr uint64_t kSmallAlignment = 64; ///< of TEXT and INFO: readers may expect aligned tables
} // namespace

struct ArtifactWriter::State {
  TemporaryFile file;
  uint64_t modelHash = 0;
  uint64_t payloadOffset = 0;
  trafo_section_t sections[kMaxSections] = {};
  uint32_t count = 1; ///< sections[0] is the manifest's, whether it will be there or not
  bool inWeights = false;
  bool hasWeights = false;
  uint64_t weightsStart = 0;
  uint64_t weightsBytes = 0;
  uint64_t weightsDigest = 0;
  Hasher hasher;

  trafo_status_t misuse(const char *what, trafo_error_t *error) const {
    return fail(error, TRAFO_INTERNAL, codes::kMisuse, "%s: artefact writer: %s", file.output().c_str(), what);
  }
  uint64_t payloadPosition() const { return file.position() - payloadOffset; }

  trafo_status_t startSection(uint32_t kind, uint64_t alignment, trafo_error_t *error) {
    if (!file.isOpen())
      return misuse("not open", error);
    if (inWeights)
      return misuse("the weights were not ended", error);
    if (count == kMaxSections)
      return misuse("too many sections", error);
    if (kind != TRAFO_SECTION_CODE)
      for (uint32_t i = 1; i < count; ++i)
        if (sections[i].kind == kind)
          return misuse("a section was added twice", error);
    if (trafo_status_t s = file.padTo(alignment, error))
      return s;
    sections[count].kind = kind;
    sections[count].offset = payloadPosition();
    return TRAFO_OK;
  }

  trafo_status_t addSection(uint32_t kind, uint64_t alignment, const void *bytes, size_t size, uint64_t features,
                            trafo_error_t *error) {
    if (trafo_status_t s = startSection(kind, alignment, error))
      return s;
    if (trafo_status_t s = file.append(bytes, size, error))
      return s;
    sections[count].size = size;
    sections[count].features = features;
    sections[count].hash = Hasher::of(bytes, size);
    ++count;
    return TRAFO_OK;
  }

  trafo_status_t copyLauncher(const std::string &launcher, trafo_error_t *error);
};

trafo_status_t ArtifactWriter::State::copyLauncher(const std::string &launcher, trafo_error_t *error) {
  int fd = ::open(launcher.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0)
    return fail(error, TRAFO_NO_INPUT, codes::kLauncher,
                "%s: the launcher of compiled programs cannot be opened: %s; install Trafo completely",
                launcher.c_str(), strerror(errno));
  char buffer[64 << 10];
  uint64_t total = 0;
  trafo_status_t status = TRAFO_OK;
  for (;;) {
    ssize_t n = read(fd, buffer, sizeof(buffer));
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      status = fail(error, TRAFO_IO, codes::kLauncher, "%s: cannot be read: %s", launcher.c_str(), strerror(errno));
    if (n > 0 && total == 0 && (n < 64 || memcmp(buffer, "\177ELF", 4) != 0))
      status = fail(error, TRAFO_BAD_DATA, codes::kLauncher, "%s: is no ELF file; install Trafo completely",
                    launcher.c_str());
    if (n <= 0 || status)
      break;
    total += static_cast<uint64_t>(n);
    if ((status = file.append(buffer, static_cast<size_t>(n), error)))
      break;
  }
  close(fd);
  if (!status && total == 0)
    status = fail(error, TRAFO_BAD_DATA, codes::kLauncher, "%s: is empty; install Trafo completely", launcher.c_str());
  return status;
}

ArtifactWriter::ArtifactWriter() : state(std::make_unique<State>()) {}
ArtifactWriter::~ArtifactWriter() = default;

trafo_status_t ArtifactWriter::open(const ArtifactOptions &options, trafo_error_t *error) {
  if (state->file.isOpen())
    return state->misuse("opened twice", error);
  state->modelHash = options.modelHash;
  if (trafo_status_t s = state->file.create(options.output, options.executable ? 0755 : 0644, error))
    return s;
  trafo_status_t s = options.launcher.empty() ? TRAFO_OK : state->copyLauncher(options.launcher, error);
  if (!s)
    s = state->file.padTo(TRAFO_PAGE_BYTES, error);
  state->payloadOffset = state->file.position();
  static const char zeros[TRAFO_PAGE_BYTES] = {};
  if (!s)
    s = state->file.append(zeros, sizeof(zeros), error);
  if (s)
    abandon();
  return s;
}

trafo_status_t ArtifactWriter::addCode(const void *image, size_t size, uint64_t features, trafo_error_t *error) {
  return state->addSection(TRAFO_SECTION_CODE, TRAFO_PAGE_BYTES, image, size, features, error);
}
trafo_status_t ArtifactWriter::addText(const void *bytes, size_t size, trafo_error_t *error) {
  return state->addSection(TRAFO_SECTION_TEXT, kSmallAlignment, bytes, size, 0, error);
}
trafo_status_t ArtifactWriter::addInfo(const void *json, size_t size, trafo_error_t *error) {
  return state->addSection(TRAFO_SECTION_INFO, kSmallAlignment, json, size, 0, error);
}

trafo_status_t ArtifactWriter::beginWeights(trafo_error_t *error) {
  if (trafo_status_t s = state->startSection(TRAFO_SECTION_WEIGHTS, TRAFO_PAGE_BYTES, error))
    return s;
  state->inWeights = true;
  state->weightsStart = state->file.position();
  return TRAFO_OK;
}

trafo_status_t ArtifactWriter::writeWeights(const void *bytes, size_t size, trafo_error_t *error) {
  if (!state->inWeights)
    return state->misuse("weights outside of begin and end", error);
  state->hasher.update(bytes, size);
  state->weightsBytes += size;
  return state->file.append(bytes, size, error);
}

trafo_status_t ArtifactWriter::padWeights(uint64_t alignment, trafo_error_t *error) {
  static const char zeros[TRAFO_PAGE_BYTES] = {};
  if (alignment == 0 || alignment > sizeof(zeros))
    return state->misuse("bad alignment of weights", error);
  uint64_t lack = (alignment - state->weightsBytes % alignment) % alignment;
  return lack ? writeWeights(zeros, lack, error) : TRAFO_OK;
}

trafo_status_t ArtifactWriter::endWeights(trafo_error_t *error) {
  if (!state->inWeights)
    return state->misuse("weights ended twice", error);
  state->inWeights = false;
  state->hasWeights = true;
  state->weightsDigest = state->hasher.digest();
  trafo_section_t &section = state->sections[state->count++];
  section.size = state->weightsBytes;
  section.hash = state->weightsDigest;
  return TRAFO_OK;
}

uint64_t ArtifactWriter::weightsSize() const { return state->weightsBytes; }
uint64_t ArtifactWriter::weightsHash() const { return state->weightsDigest; }

trafo_status_t ArtifactWriter::seal(const trafo_manifest_t *manifest, trafo_error_t *error) {
  if (!state->file.isOpen() || state->inWeights)
    return state->misuse("finished before it was begun or while weights were written", error);
  uint64_t payloadSize = state->payloadPosition();

  unsigned char page[TRAFO_PAGE_BYTES] = {};
  const trafo_section_t *table = state->sections + 1;
  uint32_t count = state->count - 1;
  if (manifest) {
    trafo_manifest_t complete = *manifest;
    complete.struct_size = sizeof(complete);
    if (state->hasWeights) {
      complete.weights_size = state->weightsBytes;
      complete.weights_hash = state->weightsDigest;
    }
    memcpy(page + kManifestOffset, &complete, sizeof(complete));
    trafo_section_t &section = state->sections[0];
    section.kind = TRAFO_SECTION_MANIFEST;
    section.offset = kManifestOffset;
    section.size = sizeof(complete);
    section.hash = Hasher::of(&complete, sizeof(complete));
    table = state->sections;
    ++count;
  }
  if (count == 0)
    return state->misuse("finished without a section", error);

  trafo_artifact_header_t header = {};
  memcpy(header.magic, TRAFO_ARTIFACT_MAGIC, sizeof(header.magic));
  header.artifact_version = TRAFO_ARTIFACT_VERSION;
  header.abi_version = TRAFO_ABI_VERSION;
  header.section_count = count;
  header.payload_size = payloadSize;
  header.model_hash = state->modelHash;
  Hasher hasher;
  hasher.update(&header, sizeof(header));
  hasher.update(table, count * sizeof(trafo_section_t));
  header.table_hash = hasher.digest();
  memcpy(page, &header, sizeof(header));
  memcpy(page + sizeof(header), table, count * sizeof(trafo_section_t));

  trafo_trailer_t trailer = {};
  trailer.payload_offset = state->payloadOffset;
  trailer.payload_size = payloadSize;
  memcpy(trailer.magic, TRAFO_TRAILER_MAGIC, sizeof(trailer.magic));

  trafo_status_t s = state->file.append(&trailer, sizeof(trailer), error);
  if (!s)
    s = state->file.overwrite(state->payloadOffset, page, sizeof(page), error);
  if (!s)
    s = state->file.sync(error);
  if (s)
    abandon();
  return s;
}

trafo_status_t ArtifactWriter::publish(trafo_error_t *error) {
  trafo_status_t s = state->file.takeName(error);
  if (s)
    abandon();
  return s;
}

trafo_status_t ArtifactWriter::finish(const trafo_manifest_t *manifest, trafo_error_t *error) {
  trafo_status_t s = seal(manifest, error);
  return s ? s : publish(error);
}

void ArtifactWriter::abandon() { state->file.discard(); }
