#include "runtime/libraries/dnnl_api.h"

#include "runtime/core/error_codes.h"
#include "runtime/core/status.h"

#include <cstdlib>
#include <dlfcn.h>

namespace trafo::runtime {

static_assert(DNNL_VERSION_MAJOR == 3 && DNNL_VERSION_MINOR >= 2, "headers of oneDNN 3.2 or newer");

trafo_status_t DnnlApi::open(const char *modelName, trafo_error_t *error) {
  constexpr const char *kRemedy =
      "install oneDNN 3.2 or newer, or name its libdnnl.so.3 in TRAFO_DNNL, or compile with "
      "--x86-gemm=generated";
  const char *named = getenv("TRAFO_DNNL");
  const char *path = named && *named ? named : "libdnnl.so.3";
  void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (!handle)
    return fail(error, TRAFO_UNSUPPORTED, codes::kLibraryMissing, "%s: needs oneDNN, which cannot be opened: %s; %s",
                modelName, dlerror(), kRemedy);
  const char *missing = nullptr;
#define TRAFO_DNNL_FIND(name)                                                                                          \
  name = reinterpret_cast<decltype(name)>(dlsym(handle, "dnnl_" #name));                                               \
  if (!name && !missing)                                                                                               \
    missing = "dnnl_" #name;
  TRAFO_DNNL_CALLS(TRAFO_DNNL_FIND)
#undef TRAFO_DNNL_FIND
  const dnnl_version_t *have = version ? version() : nullptr;
  if (have && (have->major != DNNL_VERSION_MAJOR || have->minor < 2))
    return fail(error, TRAFO_UNSUPPORTED, codes::kLibraryVersion,
                "%s: %s is oneDNN %d.%d.%d, expects 3.2 or newer of 3; %s", modelName, path, have->major, have->minor,
                have->patch, kRemedy);
  if (missing)
    return fail(error, TRAFO_UNSUPPORTED, codes::kLibraryVersion, "%s: %s has no %s, expects oneDNN 3.2 or newer; %s",
                modelName, path, missing, kRemedy);
  // Handles see the symbols of what a library needs, too.
  maxThreads = reinterpret_cast<int (*)()>(dlsym(handle, "omp_get_max_threads"));
  setThreads = reinterpret_cast<void (*)(int)>(dlsym(handle, "omp_set_num_threads"));
  bool quiet = have->cpu_runtime == DNNL_RUNTIME_SEQ || have->cpu_runtime == DNNL_RUNTIME_THREADPOOL ||
               (have->cpu_runtime == DNNL_RUNTIME_OMP && maxThreads && setThreads);
  if (!quiet)
    return fail(error, TRAFO_UNSUPPORTED, codes::kLibraryProduct,
                "%s: %s brings threads that cannot be held to one a worker; use a oneDNN built for OpenMP", modelName,
                path);
  return TRAFO_OK;
}

} // namespace trafo::runtime
