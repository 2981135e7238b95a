// oneDNN behind the table that generated code calls (trafo_library_t).
#ifndef TRAFO_RUNTIME_LIBRARIES_ONEDNN_H
#define TRAFO_RUNTIME_LIBRARIES_ONEDNN_H

#include "runtime/core/memory.h"
#include "runtime/libraries/dnnl_api.h"

#include <atomic>

namespace trafo::runtime {

/// The products of one session's workers. Each worker makes its own primitives, on one thread, when it first needs them;
/// later steps find them made.
///
/// A row's result must not depend on the rows beside it, nor on the worker's share, and sums of integers must be exact.
/// Whether that holds for the library and the CPU at hand is not assumed but tried when it is opened, product by product:
/// columns must never matter and integers be summed as they are, or the library is refused; numbers of rows at which bits
/// are those of a full call are used as they are, and smaller steps are filled up to the next of them with rows whose
/// results nobody reads.
class OneDnn {
public:
  /// Opens libdnnl for code with these products (valid as long as the object) and tries each. `workers` will call.
  /// Errors: those of DnnlApi::open; TRAFO-LIB-0003: no fast product of this form on this CPU; -0004: bits depend on the
  /// share or the place of a row, or sums of integers are wrong.
  static trafo_status_t open(const Allocator &allocator, const char *modelName, const trafo_matmul_t *products,
                             uint32_t count, int32_t workers, trafo_error_t *error, OneDnn **out);
  void close();

  const trafo_library_t *table() const { return &library; }
  /// What calls since the last question failed with: TRAFO-LIB-0005, or TRAFO_OK.
  trafo_status_t failure(trafo_error_t *error);

  /// The numbers of rows that product `index` is called with, ascending; the last is its `rows`. For tests.
  const int64_t *rowCounts(size_t index) const { return &counts[index * kMostCounts]; }

  explicit OneDnn(const Allocator &allocator) : allocator(allocator) {}
  ~OneDnn();

private:
  static constexpr size_t kMostCounts = 14;
  struct Product;
  class Trial;

  trafo_status_t initialize(const char *modelName, const trafo_matmul_t *products, uint32_t count, int32_t workers,
                            trafo_error_t *error);
  /// A new product; NULL, and the reason in `why`, if the library has none.
  Product *make(const trafo_matmul_t &call, int64_t rows, int64_t columns, const char **why);
  void destroy(Product *product);
  bool run(Product &product, dnnl_stream_t on, const void *x, const void *w, void *out);
  static void matmul(void *state, int64_t worker, const trafo_matmul_t *call, int64_t rows, int64_t columns,
                     const void *x, const void *w, void *out);

  Allocator allocator;
  DnnlApi api;
  dnnl_engine_t engine = nullptr;
  const trafo_matmul_t *products = nullptr;
  Array<int64_t> counts;       ///< [products][kMostCounts], see rowCounts
  Array<Product *> made;       ///< [workers], lists
  Array<dnnl_stream_t> stream; ///< [workers]
  std::atomic<const char *> failed{nullptr};
  char name[512] = "";
  trafo_library_t library = {};
};

} // namespace trafo::runtime

#endif // TRAFO_RUNTIME_LIBRARIES_ONEDNN_H
