// The calls of libdnnl that we use, found when a program that needs them starts: nothing here is linked.
#ifndef TRAFO_RUNTIME_LIBRARIES_DNNL_API_H
#define TRAFO_RUNTIME_LIBRARIES_DNNL_API_H

#include "trafo/runtime.h"

#include <oneapi/dnnl/dnnl.h>

namespace trafo::runtime {

struct DnnlApi {
#define TRAFO_DNNL_CALLS(X)                                                                                            \
  X(version)                                                                                                           \
  X(engine_create)                                                                                                     \
  X(engine_destroy)                                                                                                    \
  X(stream_create)                                                                                                     \
  X(stream_destroy)                                                                                                    \
  X(stream_wait)                                                                                                       \
  X(memory_desc_create_with_tag)                                                                                       \
  X(memory_desc_create_with_strides)                                                                                   \
  X(memory_desc_destroy)                                                                                               \
  X(memory_create)                                                                                                     \
  X(memory_set_data_handle)                                                                                            \
  X(memory_destroy)                                                                                                    \
  X(primitive_attr_create)                                                                                             \
  X(primitive_attr_set_scratchpad_mode)                                                                                \
  X(primitive_attr_destroy)                                                                                            \
  X(matmul_primitive_desc_create)                                                                                      \
  X(primitive_desc_query)                                                                                              \
  X(primitive_desc_query_md)                                                                                           \
  X(primitive_desc_destroy)                                                                                            \
  X(primitive_create)                                                                                                  \
  X(primitive_execute)                                                                                                 \
  X(primitive_destroy)
#define TRAFO_DNNL_CALL(name) decltype(&dnnl_##name) name = nullptr;
  TRAFO_DNNL_CALLS(TRAFO_DNNL_CALL)
#undef TRAFO_DNNL_CALL
  /// OpenMP's, of the library's own copy; NULL where it was built without.
  int (*maxThreads)() = nullptr;
  void (*setThreads)(int) = nullptr;

  /// Opens the library at the path in the environment variable TRAFO_DNNL, else libdnnl.so.3 as the loader finds it. It
  /// stays open to the end of the process: threads of OpenMP may outlive us. `modelName` is for messages.
  /// Errors: TRAFO-LIB-0001 (missing), -0002 (too old, or no oneDNN), -0003 (threads of its own).
  trafo_status_t open(const char *modelName, trafo_error_t *error);
};

/// While it lives, what the library computes in this thread uses no other thread; the caller's own setting comes back.
class OnOneThread {
public:
  explicit OnOneThread(const DnnlApi &api) : api(api), before(api.maxThreads ? api.maxThreads() : 0) {
    if (api.setThreads)
      api.setThreads(1);
  }
  ~OnOneThread() {
    if (api.setThreads)
      api.setThreads(before);
  }
  OnOneThread(const OnOneThread &) = delete;
  OnOneThread &operator=(const OnOneThread &) = delete;

private:
  const DnnlApi &api;
  int before;
};

} // namespace trafo::runtime

#endif // TRAFO_RUNTIME_LIBRARIES_DNNL_API_H
