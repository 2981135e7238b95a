#include "runtime/libraries/onednn.h"

#include "runtime/core/error_codes.h"
#include "runtime/core/status.h"

#include <cstdio>
#include <cstring>

namespace trafo::runtime {

/// A primitive for one number of rows and columns, with the memory objects it is run on.
struct OneDnn::Product {
  const trafo_matmul_t *call;
  int64_t rows, columns;
  dnnl_primitive_t primitive = nullptr;
  dnnl_memory_t x = nullptr, w = nullptr, out = nullptr, scratch = nullptr;
  Product *next = nullptr;
};

namespace {

const char *formName(int64_t form) {
  return form == TRAFO_MATMUL_F32_ROWS ? "f32 rows" : form == TRAFO_MATMUL_F32_TILES ? "f32 tiles" : "bf16 tiles";
}
size_t elementBytes(int64_t form) { return form == TRAFO_MATMUL_BF16_TILES ? 2 : 4; }

/// What a primitive is made from; given back together.
struct Descriptors {
  explicit Descriptors(const DnnlApi &api) : api(api) {}
  ~Descriptors() {
    for (dnnl_memory_desc_t md : {x, w, out})
      if (md)
        api.memory_desc_destroy(md);
    if (attr)
      api.primitive_attr_destroy(attr);
    if (primitive)
      api.primitive_desc_destroy(primitive);
  }
  Descriptors(const Descriptors &) = delete;
  Descriptors &operator=(const Descriptors &) = delete;

  bool describe(const trafo_matmul_t &call, int64_t rows, int64_t columns) {
    bool narrow = call.form == TRAFO_MATMUL_BF16_TILES;
    dnnl_data_type_t type = narrow ? dnnl_bf16 : dnnl_f32;
    dnnl_dims_t xSize = {rows, call.depth}, wSize = {call.depth, columns}, outSize = {rows, columns};
    dnnl_dims_t outStrides = {call.columns, 1};
    dnnl_format_tag_t layout = call.form == TRAFO_MATMUL_F32_ROWS ? dnnl_ba : narrow ? dnnl_BA16a16b2a : dnnl_BA16a16b;
    return api.memory_desc_create_with_tag(&x, 2, xSize, type, dnnl_ab) == dnnl_success &&
           api.memory_desc_create_with_tag(&w, 2, wSize, type, layout) == dnnl_success &&
           api.memory_desc_create_with_strides(&out, 2, outSize, dnnl_f32, outStrides) == dnnl_success &&
           api.primitive_attr_create(&attr) == dnnl_success &&
           // Its own scratch: a primitive's default one is shared by those of its thread.
           api.primitive_attr_set_scratchpad_mode(attr, dnnl_scratchpad_mode_user) == dnnl_success;
  }

  const DnnlApi &api;
  dnnl_memory_desc_t x = nullptr, w = nullptr, out = nullptr;
  dnnl_primitive_attr_t attr = nullptr;
  dnnl_primitive_desc_t primitive = nullptr;
};

} // namespace

OneDnn::Product *OneDnn::make(const trafo_matmul_t &call, int64_t rows, int64_t columns, const char **why) {
  Descriptors d(api);
  const char *implementation = nullptr;
  *why = "no memory";
  if (!d.describe(call, rows, columns))
    return nullptr;
  *why = "none";
  if (api.matmul_primitive_desc_create(&d.primitive, engine, d.x, d.w, nullptr, d.out, d.attr) != dnnl_success)
    return nullptr;
  // oneDNN's fallback for everything is a thousand times slower than the generated code.
  if (api.primitive_desc_query(d.primitive, dnnl_query_impl_info_str, 0, &implementation) != dnnl_success ||
      strncmp(implementation, "ref", 3) == 0) {
    *why = "only its reference code";
    return nullptr;
  }
  *why = "no memory";
  Product *product = allocator.create<Product>();
  if (!product)
    return nullptr;
  product->call = &call;
  product->rows = rows;
  product->columns = columns;
  const_dnnl_memory_desc_t scratch = api.primitive_desc_query_md(d.primitive, dnnl_query_scratchpad_md, 0);
  if (api.primitive_create(&product->primitive, d.primitive) == dnnl_success &&
      api.memory_create(&product->x, d.x, engine, DNNL_MEMORY_NONE) == dnnl_success &&
      api.memory_create(&product->w, d.w, engine, DNNL_MEMORY_NONE) == dnnl_success &&
      api.memory_create(&product->out, d.out, engine, DNNL_MEMORY_NONE) == dnnl_success &&
      api.memory_create(&product->scratch, scratch, engine, DNNL_MEMORY_ALLOCATE) == dnnl_success)
    return product;
  destroy(product);
  return nullptr;
}

void OneDnn::destroy(Product *product) {
  for (dnnl_memory_t memory : {product->x, product->w, product->out, product->scratch})
    if (memory)
      api.memory_destroy(memory);
  if (product->primitive)
    api.primitive_destroy(product->primitive);
  allocator.destroy(product);
}

bool OneDnn::run(Product &product, dnnl_stream_t on, const void *x, const void *w, float *out) {
  // oneDNN takes all memory as writable and writes to `out` alone.
  if (api.memory_set_data_handle(product.x, const_cast<void *>(x)) != dnnl_success ||
      api.memory_set_data_handle(product.w, const_cast<void *>(w)) != dnnl_success ||
      api.memory_set_data_handle(product.out, out) != dnnl_success)
    return false;
  const dnnl_exec_arg_t arguments[] = {{DNNL_ARG_SRC, product.x},
                                       {DNNL_ARG_WEIGHTS, product.w},
                                       {DNNL_ARG_DST, product.out},
                                       {DNNL_ARG_SCRATCHPAD, product.scratch}};
  return api.primitive_execute(product.primitive, on, 4, arguments) == dnnl_success &&
         api.stream_wait(on) == dnnl_success;
}

/// One product tried on made-up numbers: which calls give each row the same bits.
class OneDnn::Trial {
public:
  Trial(OneDnn &owner, const trafo_matmul_t &call) : owner(owner), call(call) {}

  /// Fills in operands and the results of a full call. NULL, or what is wrong.
  const char *begin() {
    size_t bytes = elementBytes(call.form), depth = static_cast<size_t>(call.depth);
    size_t xCount = static_cast<size_t>(call.rows) * depth, wCount = static_cast<size_t>(call.columns) * depth;
    if (!x.allocate(owner.allocator, xCount * bytes) || !w.allocate(owner.allocator, wCount * bytes) ||
        !want.allocate(owner.allocator, static_cast<size_t>(kRows * call.columns)) ||
        !out.allocate(owner.allocator, static_cast<size_t>(call.rows * call.columns)))
      return "no memory";
    fill(w.data(), wCount);
    fill(x.data(), xCount < kRows * depth ? xCount : kRows * depth);
    for (size_t r = kRows; r < static_cast<size_t>(call.rows); ++r) // the same rows again, in other places
      memcpy(x.data() + r * depth * bytes, x.data() + r % kRows * depth * bytes, depth * bytes);
    if (const char *problem = compute(call.rows, call.columns, 0))
      return problem;
    memcpy(want.data(), out.data(), static_cast<size_t>((call.rows < kRows ? call.rows : kRows) * call.columns) * 4);
    return nullptr;
  }

  /// Whether a call of `rows` rows, for some of the columns from `first` on, gives every row the bits of the full call.
  bool agrees(int64_t rows, int64_t columns, int64_t first) {
    if (compute(rows, columns, first))
      return false;
    for (int64_t r = 0; r < rows; ++r)
      if (memcmp(&out[static_cast<size_t>(r * call.columns)],
                 &want[static_cast<size_t>(r % kRows * call.columns + first)], static_cast<size_t>(columns) * 4) != 0)
        return false;
    return true;
  }

  /// The same for the shares of columns that are tried: few, half, all, from either end.
  bool agreesForShares(int64_t rows) {
    int64_t all = call.columns, half = all / 32 * 16;
    if (!agrees(rows, all, 0) || !agrees(rows, 16, 0) || !agrees(rows, 16, all - 16))
      return false;
    return half == 0 ||
           (agrees(rows, half, 0) && agrees(rows, half, all - half) && agrees(rows, all - 16 ? all - 16 : all, 0));
  }

private:
  /// Coprime to the rows that kernels take at once, so that each row comes to stand in every place of a block.
  static constexpr int64_t kRows = 7;

  /// Numbers between -1 and 1 with full mantissas.
  void fill(uint8_t *to, size_t count) {
    for (size_t i = 0; i < count; ++i) {
      seed = seed * 6364136223846793005ull + 1442695040888963407ull;
      float value = static_cast<float>(static_cast<int32_t>(seed >> 32)) * 0x1p-31f;
      if (elementBytes(call.form) == 4)
        memcpy(to + 4 * i, &value, 4);
      else
        memcpy(to + 2 * i, reinterpret_cast<const uint8_t *>(&value) + 2, 2);
    }
  }

  const char *compute(int64_t rows, int64_t columns, int64_t first) {
    const char *why = nullptr;
    Product *product = owner.make(call, rows, columns, &why);
    if (!product)
      return why;
    const uint8_t *from = w.data() + static_cast<size_t>(first * call.depth) * elementBytes(call.form);
    bool ran = owner.run(*product, owner.stream[0], x.data(), from, out.data());
    owner.destroy(product);
    return ran ? nullptr : "a product that fails";
  }

  OneDnn &owner;
  const trafo_matmul_t &call;
  uint64_t seed = 1;
  Array<uint8_t> x, w;
  Array<float> want, out; ///< [kRows or rows][columns]
};

trafo_status_t OneDnn::initialize(const char *modelName, const trafo_matmul_t *calls, uint32_t count, int32_t workers,
                                  trafo_error_t *error) {
  snprintf(name, sizeof(name), "%s", modelName);
  products = calls;
  library = {this, matmul};
  if (trafo_status_t s = api.open(name, error))
    return s;
  OnOneThread alone(api);
  if (!counts.allocate(allocator, count * kMostCounts) || !made.allocate(allocator, static_cast<size_t>(workers)) ||
      !stream.allocate(allocator, static_cast<size_t>(workers)) ||
      api.engine_create(&engine, dnnl_cpu, 0) != dnnl_success)
    return fail(error, TRAFO_NO_RESOURCE, codes::kMemory, "%s: no memory for oneDNN", name);
  for (size_t worker = 0; worker < stream.size(); ++worker)
    if (api.stream_create(&stream[worker], engine, dnnl_stream_default_flags) != dnnl_success)
      return fail(error, TRAFO_NO_RESOURCE, codes::kMemory, "%s: no memory for oneDNN", name);
  const dnnl_version_t &have = *api.version();
  for (uint32_t i = 0; i < count; ++i) {
    const trafo_matmul_t &call = products[i];
    Trial trial(*this, call);
    const char *problem = trial.begin();
    if (problem)
      return fail(error, TRAFO_UNSUPPORTED, codes::kLibraryProduct,
                  "%s: oneDNN %d.%d.%d has no product of %s on this CPU, %lld x %lld by %lld: %s; compile with "
                  "--x86-gemm=generated, or on this machine",
                  name, have.major, have.minor, have.patch, formName(call.form), static_cast<long long>(call.rows),
                  static_cast<long long>(call.depth), static_cast<long long>(call.columns), problem);
    if (!trial.agreesForShares(call.rows))
      return fail(error, TRAFO_UNSUPPORTED, codes::kLibraryBits,
                  "%s: oneDNN %d.%d.%d gives a row of a product of %s different bits by its place or its worker's "
                  "share on this "
                  "CPU, so results would depend on batch and threads; compile with --x86-gemm=generated",
                  name, have.major, have.minor, have.patch, formName(call.form));
    size_t at = i * kMostCounts;
    for (int64_t rows : {1, 2, 4, 6, 8, 12, 16, 24, 32, 48})
      if (rows < call.rows && trial.agreesForShares(rows))
        counts[at++] = rows;
    counts[at] = call.rows;
  }
  return TRAFO_OK;
}

trafo_status_t OneDnn::open(const Allocator &allocator, const char *modelName, const trafo_matmul_t *products,
                            uint32_t count, int32_t workers, trafo_error_t *error, OneDnn **out) {
  *out = nullptr;
  OneDnn *opened = allocator.create<OneDnn>(allocator);
  if (!opened)
    return fail(error, TRAFO_NO_RESOURCE, codes::kMemory, "%s: no memory for oneDNN", modelName);
  if (trafo_status_t s = opened->initialize(modelName, products, count, workers, error)) {
    opened->close();
    return s;
  }
  *out = opened;
  return TRAFO_OK;
}

void OneDnn::close() {
  Allocator from = allocator;
  from.destroy(this);
}

OneDnn::~OneDnn() {
  for (size_t worker = 0; worker < made.size(); ++worker)
    while (Product *first = made[worker]) {
      made[worker] = first->next;
      destroy(first);
    }
  for (size_t worker = 0; worker < stream.size(); ++worker)
    if (stream[worker])
      api.stream_destroy(stream[worker]);
  if (engine)
    api.engine_destroy(engine);
}

trafo_status_t OneDnn::failure(trafo_error_t *error) {
  const char *why = failed.exchange(nullptr, std::memory_order_relaxed);
  if (!why)
    return TRAFO_OK;
  return fail(error, TRAFO_NO_RESOURCE, codes::kLibraryFailed, "%s: a product left to oneDNN failed: %s", name, why);
}

void OneDnn::matmul(void *state, int64_t worker, const trafo_matmul_t *call, int64_t rows, int64_t columns,
                    const void *x, const void *w, float *out) {
  OneDnn &self = *static_cast<OneDnn *>(state);
  const int64_t *count = self.rowCounts(static_cast<size_t>(call - self.products));
  while (*count < rows)
    ++count;
  OnOneThread alone(self.api);
  Product *&first = self.made[static_cast<size_t>(worker)];
  Product *product = first;
  while (product && (product->call != call || product->rows != *count || product->columns != columns))
    product = product->next;
  const char *why = "its code fails";
  if (!product && (product = self.make(*call, *count, columns, &why))) {
    product->next = first;
    first = product;
  }
  if (!product || !self.run(*product, self.stream[static_cast<size_t>(worker)], x, w, out))
    self.failed.store(why, std::memory_order_relaxed);
}

} // namespace trafo::runtime
