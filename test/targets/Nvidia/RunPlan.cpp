//===- RunPlan.cpp - one plan on two machines -----------------------------===//
//
// run-plan PROGRAM CODE BLOCKS: runs steps of a compiled program on the CPU, and the same steps by CODE (a cubin or PTX of
// the same model) on a GPU with BLOCKS thread blocks for workers, and compares every bit of the logits. The order of
// arithmetic is the plan's, so there is no difference to allow for.
//
//===----------------------------------------------------------------------===//
#include "trafo/runtime.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <string>
#include <vector>

namespace {

[[noreturn]] void die(const char *what, const char *why) {
  std::fprintf(stderr, "run-plan: %s: %s\n", what, why);
  std::exit(1);
}

std::vector<char> readFile(const char *path) {
  std::FILE *file = std::fopen(path, "rb");
  if (!file)
    die(path, "cannot be opened");
  std::vector<char> bytes;
  char buffer[1 << 16];
  while (size_t got = std::fread(buffer, 1, sizeof(buffer), file))
    bytes.insert(bytes.end(), buffer, buffer + got);
  std::fclose(file);
  return bytes;
}

/// The few functions of the CUDA driver that a step needs.
class Gpu {
public:
  explicit Gpu(const char *codePath) {
    driver = dlopen("libcuda.so.1", RTLD_NOW);
    if (!driver)
      die("libcuda.so.1", dlerror());
    check("cuInit", function<int(unsigned)>("cuInit")(0));
    int device = 0;
    check("cuDeviceGet", function<int(int *, int)>("cuDeviceGet")(&device, 0));
    void *context = nullptr;
    check("cuDevicePrimaryCtxRetain", function<int(void **, int)>("cuDevicePrimaryCtxRetain")(&context, device));
    check("cuCtxSetCurrent", function<int(void *)>("cuCtxSetCurrent")(context));
    std::vector<char> code = readFile(codePath);
    code.push_back(0);
    void *module = nullptr;
    check("cuModuleLoadData", function<int(void **, const void *)>("cuModuleLoadData")(&module, code.data()));
    check("cuModuleGetFunction",
          function<int(void **, void *, const char *)>("cuModuleGetFunction")(&kernel, module, "trafo_step_kernel"));
  }

  uint64_t allocate(size_t bytes) {
    uint64_t address = 0;
    check("cuMemAlloc", function<int(uint64_t *, size_t)>("cuMemAlloc_v2")(&address, bytes));
    check("cuMemsetD8", function<int(uint64_t, unsigned char, size_t)>("cuMemsetD8_v2")(address, 0, bytes));
    return address;
  }
  void upload(uint64_t to, const void *from, size_t bytes) {
    check("cuMemcpyHtoD", function<int(uint64_t, const void *, size_t)>("cuMemcpyHtoD_v2")(to, from, bytes));
  }
  void download(void *to, uint64_t from, size_t bytes) {
    check("cuMemcpyDtoH", function<int(void *, uint64_t, size_t)>("cuMemcpyDtoH_v2")(to, from, bytes));
  }
  /// All blocks of a cooperative launch are resident, as the barrier needs.
  void launch(unsigned blocks, uint64_t step) {
    void *arguments[] = {&step};
    using Launch = int(void *, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, void *, void **);
    check("cuLaunchCooperativeKernel",
          function<Launch>("cuLaunchCooperativeKernel")(kernel, blocks, 1, 1, 1, 1, 1, 0, nullptr, arguments));
    check("cuCtxSynchronize", function<int()>("cuCtxSynchronize")());
  }

private:
  template <class Signature> Signature *function(const char *name) {
    void *symbol = dlsym(driver, name);
    if (!symbol)
      die(name, "not in this driver");
    return reinterpret_cast<Signature *>(symbol);
  }
  void check(const char *what, int code) {
    if (code == 0)
      return;
    const char *text = "unknown error";
    function<int(int, const char **)>("cuGetErrorString")(code, &text);
    die(what, text);
  }

  void *driver = nullptr, *kernel = nullptr;
};

/// The bytes of the WEIGHTS section of a compiled program.
std::vector<char> weightsOf(const char *path, const trafo_model_t *model) {
  std::vector<char> file = readFile(path);
  trafo_trailer_t trailer;
  std::memcpy(&trailer, file.data() + file.size() - sizeof(trailer), sizeof(trailer));
  uint32_t count = 0;
  const trafo_section_t *sections = trafo_model_sections(model, &count);
  for (uint32_t i = 0; i < count; ++i)
    if (sections[i].kind == TRAFO_SECTION_WEIGHTS) {
      const char *begin = file.data() + trailer.payload_offset + sections[i].offset;
      return {begin, begin + sections[i].size};
    }
  die(path, "has no weights");
}

void check(trafo_status_t status, const trafo_error_t &error) {
  if (status)
    die(error.code, error.message);
}

} // namespace

int main(int argc, char **argv) {
  if (argc != 4)
    die("usage", "run-plan PROGRAM CODE BLOCKS");
  trafo_error_t error = {};
  trafo_model_t *model = nullptr;
  check(trafo_model_load_path(argv[1], nullptr, &error, &model), error);
  trafo_session_t *session = nullptr;
  check(trafo_session_create(model, nullptr, &error, &session), error);
  const trafo_manifest_t &manifest = *trafo_model_manifest(model);

  if (manifest.window_pages > 0)
    die("PROGRAM", "its cache has two pools");
  unsigned blocks = static_cast<unsigned>(std::atoi(argv[3]));
  if (blocks < 1 || blocks > manifest.max_workers)
    die("BLOCKS", "more than the program has workers");
  Gpu gpu(argv[2]);
  std::vector<char> weights = weightsOf(argv[1], model);
  uint32_t pagesOfSequence = manifest.max_context / TRAFO_KV_PAGE_TOKENS;
  std::vector<int32_t> pages(size_t(manifest.max_sequences) * pagesOfSequence);
  for (size_t i = 0; i < pages.size(); ++i)
    pages[i] = static_cast<int32_t>(i % manifest.kv_pages);
  constexpr size_t kSlack = 4096;
  trafo_step_t step = {};
  auto place = [&](const void *bytes, size_t size) {
    uint64_t address = gpu.allocate(size + kSlack);
    if (bytes)
      gpu.upload(address, bytes, size);
    return address;
  };
  auto pointer = [](uint64_t address) { return reinterpret_cast<uint8_t *>(address); };
  uint64_t arena = place(nullptr, manifest.arena_size), onDevice = place(nullptr, sizeof(step));
  uint64_t tokensAt = place(nullptr, 4 * manifest.max_rows), positionsAt = place(nullptr, 4 * manifest.max_rows),
           sequencesAt = place(nullptr, 4 * manifest.max_rows), outputsAt = place(nullptr, 4 * manifest.max_outputs);
  step.weights = pointer(place(weights.data(), weights.size()));
  step.arena = pointer(arena);
  step.tokens = reinterpret_cast<int32_t *>(tokensAt);
  step.positions = reinterpret_cast<int32_t *>(positionsAt);
  step.sequences = reinterpret_cast<int32_t *>(sequencesAt);
  step.outputs = reinterpret_cast<int32_t *>(outputsAt);
  step.pages = reinterpret_cast<int32_t *>(place(pages.data(), 4 * pages.size()));
  step.workers = blocks;
  step.barrier_state = pointer(place(nullptr, 64));

  // A prompt, then tokens one by one.
  int position = 0, different = 0;
  for (int rows : {5, 1, 1, 3}) {
    std::vector<int32_t> tokens, positions, sequences(rows, 0), outputs;
    for (int i = 0; i < rows; ++i) {
      tokens.push_back(static_cast<int32_t>((37u * (position + 1)) % manifest.vocabulary));
      positions.push_back(position++);
      outputs.push_back(i);
    }
    trafo_rows_t onCpu = {sizeof(onCpu),    rows,           tokens.data(), positions.data(),
                          sequences.data(), outputs.data(), rows,          0};
    const float *expected = nullptr;
    check(trafo_step(session, &onCpu, &error, &expected), error);
    gpu.upload(tokensAt, tokens.data(), 4 * rows);
    gpu.upload(positionsAt, positions.data(), 4 * rows);
    gpu.upload(sequencesAt, sequences.data(), 4 * rows);
    gpu.upload(outputsAt, outputs.data(), 4 * rows);
    step.rows = step.output_count = rows;
    gpu.upload(onDevice, &step, sizeof(step));
    gpu.launch(blocks, onDevice);
    std::vector<float> got(rows * manifest.logits_stride);
    gpu.download(got.data(), arena + manifest.logits_offset, got.size() * sizeof(float));
    for (int r = 0; r < rows; ++r)
      for (uint32_t v = 0; v < manifest.vocabulary; ++v)
        different +=
            std::memcmp(&got[r * manifest.logits_stride + v], &expected[r * manifest.logits_stride + v], 4) != 0;
    std::printf("step of %d rows: first logits %.9g on the CPU, %.9g on the GPU; %d of all so far differ\n", rows,
                expected[0], got[0], different);
  }
  trafo_session_release(session);
  trafo_model_release(model);
  return different != 0;
}
