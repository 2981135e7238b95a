// Loading an artefact: find it, check it, map it. Nothing is trusted before it was checked, and no instruction outside
// the machine's baseline runs before the CPU was asked (loadCode).
#include "runtime/core/cpu_features.h"
#include "runtime/core/error_codes.h"
#include "runtime/core/model.h"
#include "runtime/core/status.h"

#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

using namespace trafo::runtime;

trafo_model_t::~trafo_model_t() {
  if (fd >= 0)
    close(fd);
}

namespace trafo::runtime {
namespace {

/// Opens without ever blocking on a FIFO.
trafo_status_t openForReading(const char *path, trafo_error_t *error, int *outFd) {
  int fd;
  do
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  while (fd < 0 && errno == EINTR);
  if (fd < 0)
    return fail(error, statusOfOpenErrno(errno), codes::kOpen, "%s: cannot be opened: %s", path, strerror(errno));
  *outFd = fd;
  return TRAFO_OK;
}

trafo_status_t loadManifest(trafo_model_t *model, trafo_error_t *error) {
  const Payload &payload = model->payload;
  const trafo_section_t *section = payload.find(TRAFO_SECTION_MANIFEST);
  if (!section || section->size != sizeof(trafo_manifest_t))
    return fail(error, TRAFO_BAD_DATA, codes::kSection,
                "%s: expects a MANIFEST section of %zu bytes, %s%" PRIu64 "; compile the model again", model->name,
                sizeof(trafo_manifest_t), section ? "got " : "there is none: ", section ? section->size : 0);
  if (trafo_status_t s = checkSectionHash(payload, *section, model->name, error))
    return s;
  if (trafo_status_t s = readAt(payload.fd, model->name, payload.fileOffset(*section), &model->manifest,
                                sizeof(model->manifest), error))
    return s;
  return checkManifest(model->manifest, model->name, error);
}

trafo_status_t loadText(trafo_model_t *model, trafo_error_t *error) {
  const Payload &payload = model->payload;
  if (const trafo_section_t *section = payload.find(TRAFO_SECTION_INFO)) {
    if (trafo_status_t s = checkSectionHash(payload, *section, model->name, error))
      return s;
    if (trafo_status_t s =
            model->info.map(payload.fd, model->name, payload.fileOffset(*section), section->size, model->guard, error))
      return s;
  }
  const trafo_section_t *section = payload.find(TRAFO_SECTION_TEXT);
  if (!section || section->size == 0)
    return TRAFO_OK;
  if (trafo_status_t s = checkSectionHash(payload, *section, model->name, error))
    return s;
  if (trafo_status_t s =
          model->text.map(payload.fd, model->name, payload.fileOffset(*section), section->size, model->guard, error))
    return s;
  trafo::text::Status status = trafo::text::Tokenizer::load(model->text.data(), model->text.size(), &model->tokenizer);
  if (!status.ok())
    return fail(error, static_cast<trafo_status_t>(status.exitCode), status.code, "%s: %s", model->name,
                status.message.c_str());
  if (model->tokenizer->tokenCount() > model->manifest.vocabulary)
    return fail(error, TRAFO_BAD_DATA, codes::kText,
                "%s: the tokenizer has %u tokens, the model's logits only %u; compile the model again", model->name,
                model->tokenizer->tokenCount(), model->manifest.vocabulary);
  return TRAFO_OK;
}

trafo_status_t checkAllCode(const trafo_model_t *model, trafo_error_t *error) {
  const Payload &payload = model->payload;
  for (uint32_t i = 0; i < payload.header.section_count; ++i) {
    const trafo_section_t &section = payload.sections[i];
    if (section.kind != TRAFO_SECTION_CODE)
      continue;
    if (trafo_status_t s = checkSectionHash(payload, section, model->name, error))
      return s;
    if (trafo_status_t s = ElfImage::check(payload.fd, model->name, payload.fileOffset(section), section.size, error))
      return s;
  }
  return TRAFO_OK;
}

/// `fd` is the model's from here on.
trafo_status_t loadOwned(int fd, const char *name, const trafo_load_options_t &options, trafo_error_t *error,
                         trafo_model_t **outModel) {
  Allocator allocator(options.allocator);
  trafo_model_t *model = allocator.create<trafo_model_t>();
  if (!model) {
    close(fd);
    return fail(error, TRAFO_NO_RESOURCE, codes::kMemory, "%s: no memory for a model", name);
  }
  model->allocator = allocator;
  model->fd = fd;
  model->guard = options.flags & TRAFO_LOAD_GUARD_SIGBUS;
  snprintf(model->name, sizeof(model->name), "%s", name);
  trafo_status_t s = readPayload(fd, model->name, error, &model->payload);
  if (!s)
    s = loadManifest(model, error);
  if (!s)
    s = checkAllCode(model, error);
  if (!s)
    s = loadText(model, error);
  if (!s && !(options.flags & TRAFO_LOAD_INSPECT))
    s = loadCode(model, error);
  if (!s && (!(options.flags & TRAFO_LOAD_INSPECT) || model->payload.find(TRAFO_SECTION_WEIGHTS) ||
             options.weights_path || options.weights_fd >= 0))
    s = loadWeights(model, options, error);
  if (s) {
    allocator.destroy(model);
    return s;
  }
  *outModel = model;
  return succeed(error);
}

trafo_status_t readOptions(const trafo_load_options_t *options, trafo_error_t *error, trafo_load_options_t *out) {
  trafo_load_options_initialize(out);
  if (!options)
    return TRAFO_OK;
  if (trafo_status_t s = requireSize("trafo_load_options_t", options->struct_size, sizeof(*options), error))
    return s;
  constexpr uint32_t kKnown = TRAFO_LOAD_VERIFY | TRAFO_LOAD_INSPECT | TRAFO_LOAD_GUARD_SIGBUS;
  if (options->flags & ~kKnown)
    return fail(error, TRAFO_USAGE, codes::kArgument, "flags of trafo_load_options_t are 0x%x, expects none but 0x%x",
                options->flags, kKnown);
  *out = *options;
  return TRAFO_OK;
}

} // namespace

trafo_status_t loadCode(trafo_model_t *model, trafo_error_t *error) {
  const Payload &payload = model->payload;
  uint64_t have = cpuFeatures();
  const trafo_section_t *chosen = nullptr, *last = nullptr;
  for (uint32_t i = 0; i < payload.header.section_count && !chosen; ++i) {
    const trafo_section_t &section = payload.sections[i];
    if (section.kind != TRAFO_SECTION_CODE)
      continue;
    last = &section;
    bool fits = (section.features & ~have) == 0;
    if (fits && (section.features & TRAFO_CPU_AMX_TILE) && !allowAmx())
      fits = false;
    if (!fits)
      continue;
    chosen = &section;
    model->codeSection = static_cast<int32_t>(i);
  }
  if (!last)
    return fail(error, TRAFO_BAD_DATA, codes::kSection,
                "%s: has no CODE section, it only carries weights; give the program "
                "it was made for",
                model->name);
  if (!chosen) {
    // Sections stand best first: the last one asks for least.
    uint64_t lacking = last->features & ~have;
    char missing[400];
    describeFeatures(lacking ? lacking : static_cast<uint64_t>(TRAFO_CPU_AMX_TILE), missing, sizeof(missing));
    return fail(error, TRAFO_UNSUPPORTED, codes::kCpuFeatures,
                "%s: this CPU (or its operating system) lacks %s; rebuild with `trafo compile --target=%s`%s",
                model->name, missing, suggestTarget(have),
                strcmp(suggestTarget(have), "native") == 0 ? " on this machine" : "");
  }
  if (trafo_status_t s =
          model->image.map(payload.fd, model->name, payload.fileOffset(*chosen), chosen->size, model->guard, error))
    return s;
  if (model->image.query()(TRAFO_ABI_VERSION, &model->code) != 0 || model->code.abi_version != TRAFO_ABI_VERSION ||
      !model->code.step)
    return fail(error, TRAFO_UNSUPPORTED, codes::kAbiVersion,
                "%s: the code image at byte %" PRIu64
                " is for ABI version %u, this runtime is for %u; compile the model again",
                model->name, payload.fileOffset(*chosen), model->code.abi_version, TRAFO_ABI_VERSION);
  return TRAFO_OK;
}

/// Whether `section` of `from` is what the model's code was made for.
static trafo_status_t checkWeights(const trafo_model_t *model, const Payload &from, const trafo_section_t &section,
                                   const char *name, uint32_t flags, trafo_error_t *error) {
  const trafo_manifest_t &manifest = model->manifest;
  if (from.header.model_hash != model->payload.header.model_hash)
    return fail(error, TRAFO_BAD_DATA, codes::kOtherModel,
                "%s: weights of model %016" PRIx64 ", the code in %s is for model %016" PRIx64
                "; give the weights file that was made with it",
                name, from.header.model_hash, model->name, model->payload.header.model_hash);
  if (section.size != manifest.weights_size || section.hash != manifest.weights_hash)
    return fail(error, TRAFO_BAD_DATA, codes::kOtherWeights,
                "%s: weights of %" PRIu64 " bytes with hash %016" PRIx64 ", the code in %s is for %" PRIu64
                " bytes with hash %016" PRIx64
                " (packed for another target or quantised otherwise); give the weights file "
                "that was made with it",
                name, section.size, section.hash, model->name, manifest.weights_size, manifest.weights_hash);
  return flags & TRAFO_LOAD_VERIFY ? checkSectionHash(from, section, name, error) : TRAFO_OK;
}

/// Checks and maps the weights of `from`.
static trafo_status_t mapWeights(trafo_model_t *model, const Payload &from, const char *name, uint32_t flags,
                                 trafo_error_t *error) {
  const trafo_section_t *section = from.find(TRAFO_SECTION_WEIGHTS);
  if (!section)
    return fail(error, TRAFO_NO_INPUT, codes::kNoWeights,
                "%s: has no WEIGHTS section; give the weights file that was made with it", name);
  if (trafo_status_t s = checkWeights(model, from, *section, name, flags, error))
    return s;
  if (flags & TRAFO_LOAD_INSPECT)
    return TRAFO_OK;
  if (trafo_status_t s =
          model->weights.map(from.fd, name, from.fileOffset(*section), section->size, model->guard, error))
    return s;
  if (model->weights.size())
    madvise(const_cast<uint8_t *>(model->weights.data()), model->weights.size(), MADV_WILLNEED); // advice only
  return TRAFO_OK;
}

trafo_status_t loadWeights(trafo_model_t *model, const trafo_load_options_t &options, trafo_error_t *error) {
  if (!options.weights_path && options.weights_fd < 0)
    return mapWeights(model, model->payload, model->name, options.flags, error);
  const char *name = options.weights_path ? options.weights_path : "the given weights";
  int owned = -1;
  if (options.weights_path)
    if (trafo_status_t s = openForReading(options.weights_path, error, &owned))
      return s;
  Payload separate;
  trafo_status_t s = readPayload(owned >= 0 ? owned : options.weights_fd, name, error, &separate);
  if (!s)
    s = mapWeights(model, separate, name, options.flags, error);
  if (owned >= 0)
    close(owned);
  return s;
}

} // namespace trafo::runtime

void trafo_load_options_initialize(trafo_load_options_t *options) {
  *options = trafo_load_options_t();
  options->struct_size = sizeof(*options);
  options->weights_fd = -1;
}

trafo_status_t trafo_model_load_path(const char *path, const trafo_load_options_t *options, trafo_error_t *error,
                                     trafo_model_t **out_model) {
  if (out_model)
    *out_model = nullptr;
  if (trafo_status_t s = requirePointers({{path, "path"}, {out_model, "out_model"}}, error))
    return s;
  trafo_load_options_t known;
  if (trafo_status_t s = readOptions(options, error, &known))
    return s;
  int fd = -1;
  if (trafo_status_t s = openForReading(path, error, &fd))
    return s;
  return loadOwned(fd, path, known, error, out_model);
}

trafo_status_t trafo_model_load_fd(int fd, const char *name, const trafo_load_options_t *options, trafo_error_t *error,
                                   trafo_model_t **out_model) {
  if (out_model)
    *out_model = nullptr;
  if (trafo_status_t s = requirePointers({{name, "name"}, {out_model, "out_model"}}, error))
    return s;
  trafo_load_options_t known;
  if (trafo_status_t s = readOptions(options, error, &known))
    return s;
  int own = fcntl(fd, F_DUPFD_CLOEXEC, 3);
  if (own < 0)
    return fail(error, TRAFO_NO_INPUT, codes::kOpen, "%s: descriptor %d cannot be used: %s", name, fd, strerror(errno));
  return loadOwned(own, name, known, error, out_model);
}

trafo_status_t trafo_model_load_self(const trafo_load_options_t *options, trafo_error_t *error,
                                     trafo_model_t **out_model) {
  // In an executable the path it was started by says little; in a shared library its own file is the one to read.
  Dl_info info;
  const char *path = "/proc/self/exe";
  if (dladdr(reinterpret_cast<void *>(&trafo_model_load_self), &info) && info.dli_fname) {
    uintptr_t base = reinterpret_cast<uintptr_t>(info.dli_fbase);
    uintptr_t mainHeaders = getauxval(AT_PHDR);
    bool isMain = mainHeaders >= base && mainHeaders - base < TRAFO_PAGE_BYTES;
    if (!isMain)
      path = info.dli_fname;
  }
  if (strcmp(path, "/proc/self/exe") != 0)
    return trafo_model_load_path(path, options, error, out_model);
  // Messages name the file, not the link to it.
  if (trafo_status_t s = requirePointers({{out_model, "out_model"}}, error))
    return s;
  *out_model = nullptr;
  trafo_load_options_t known;
  if (trafo_status_t s = readOptions(options, error, &known))
    return s;
  char name[512];
  ssize_t n = readlink(path, name, sizeof(name) - 1);
  name[n > 0 ? n : 0] = 0;
  int fd = -1;
  if (trafo_status_t s = openForReading(path, error, &fd))
    return s;
  return loadOwned(fd, n > 0 ? name : path, known, error, out_model);
}

void trafo_model_retain(trafo_model_t *model) { model->references.fetch_add(1, std::memory_order_relaxed); }

void trafo_model_release(trafo_model_t *model) {
  if (!model || model->references.fetch_sub(1, std::memory_order_acq_rel) != 1)
    return;
  Allocator allocator = model->allocator;
  allocator.destroy(model);
}

const trafo_manifest_t *trafo_model_manifest(const trafo_model_t *model) { return &model->manifest; }

const trafo_section_t *trafo_model_sections(const trafo_model_t *model, uint32_t *out_count) {
  *out_count = model->payload.header.section_count;
  return model->payload.sections;
}

const trafo_artifact_header_t *trafo_model_header(const trafo_model_t *model) { return &model->payload.header; }

trafo_string_t trafo_model_info(const trafo_model_t *model) {
  return {reinterpret_cast<const char *>(model->info.data()), static_cast<size_t>(model->info.size())};
}

int32_t trafo_model_code_section(const trafo_model_t *model) { return model->codeSection; }
