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

/// What oneDNN is told of a form's operands.
struct Form {
  const char *name;
  dnnl_data_type_t x, w, out;
  size_t bytes;            ///< of an element of x and w
  dnnl_format_tag_t tiles; ///< of w; undef: row after row,
  size_t between;          ///< with so many bytes between
};

const Form &formOf(const trafo_matmul_t &call) {
  static const Form forms[] = {{"f32 rows", dnnl_f32, dnnl_f32, dnnl_f32, 4, dnnl_format_tag_undef, 0},
                               {"f32 tiles", dnnl_f32, dnnl_f32, dnnl_f32, 4, dnnl_BA16a16b, 0},
                               {"bf16 tiles", dnnl_bf16, dnnl_bf16, dnnl_f32, 2, dnnl_BA16a16b2a, 0},
                               {"int8 rows", dnnl_s8, dnnl_s8, dnnl_s32, 1, dnnl_format_tag_undef, 4},
                               {"int8 rows above zero", dnnl_u8, dnnl_s8, dnnl_s32, 1, dnnl_format_tag_undef, 4}};
  static_assert(TRAFO_MATMUL_F32_ROWS == 1 && TRAFO_MATMUL_U7_ROWS == 5, "forms are numbered from one");
  return forms[call.form - 1];
}
bool isInt8(const trafo_matmul_t &call) { return formOf(call).out == dnnl_s32; }
/// From a row of weights to the next; for tiles to the next of 16 rows, by 16.
size_t weightStride(const trafo_matmul_t &call) {
  return static_cast<size_t>(call.depth) * formOf(call).bytes + formOf(call).between;
}

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
    const Form &form = formOf(call);
    dnnl_dims_t xSize = {rows, call.depth}, wSize = {call.depth, columns}, outSize = {rows, columns};
    dnnl_dims_t wStrides = {1, static_cast<dnnl_dim_t>(weightStride(call) / form.bytes)};
    dnnl_dims_t outStrides = {call.columns, 1};
    dnnl_status_t ofWeights = form.tiles == dnnl_format_tag_undef
                                  ? api.memory_desc_create_with_strides(&w, 2, wSize, form.w, wStrides)
                                  : api.memory_desc_create_with_tag(&w, 2, wSize, form.w, form.tiles);
    return ofWeights == dnnl_success &&
           api.memory_desc_create_with_tag(&x, 2, xSize, form.x, dnnl_ab) == dnnl_success &&
           api.memory_desc_create_with_strides(&out, 2, outSize, form.out, outStrides) == dnnl_success &&
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

bool OneDnn::run(Product &product, dnnl_stream_t on, const void *x, const void *w, void *out) {
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

/// One product tried on made-up numbers: which calls give each row the bits it must have. Of floats those are what the
/// library gives it in a full call, of integers their sum.
class OneDnn::Trial {
public:
  Trial(OneDnn &owner, const trafo_matmul_t &call) : owner(owner), call(call) {}

  /// Fills in operands and the results of a full call. NULL, or what is wrong.
  const char *begin() {
    size_t xRow = static_cast<size_t>(call.depth) * formOf(call).bytes, wRow = weightStride(call);
    if (!x.allocate(owner.allocator, static_cast<size_t>(call.rows) * xRow) ||
        !w.allocate(owner.allocator, static_cast<size_t>(call.columns) * wRow) ||
        !want.allocate(owner.allocator, static_cast<size_t>(kRows * call.columns)) ||
        !out.allocate(owner.allocator, static_cast<size_t>(call.rows * call.columns)))
      return "no memory";
    for (int64_t c = 0; c < call.columns; ++c)
      fill(w.data() + static_cast<size_t>(c) * wRow, c, -kMostCode);
    int64_t rows = call.rows < kRows ? call.rows : kRows;
    for (int64_t r = 0; r < rows; ++r)
      fill(x.data() + static_cast<size_t>(r) * xRow, r, formOf(call).x == dnnl_u8 ? 0 : -kMostCode);
    for (size_t r = kRows; r < static_cast<size_t>(call.rows); ++r) // the same rows again, in other places
      memcpy(x.data() + r * xRow, x.data() + r % kRows * xRow, xRow);
    if (const char *problem = compute(call.rows, call.columns, 0))
      return problem;
    if (isInt8(call))
      sumExactly(rows);
    else
      memcpy(want.data(), out.data(), static_cast<size_t>(rows * call.columns) * sizeof(want[0]));
    return nullptr;
  }

  /// Whether a call of `rows` rows, for some of the columns from `first` on, gives every row the bits it must have.
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
  /// Codes are no larger, and no less than its negative.
  static constexpr int64_t kMostCode = 127;

  /// Row `number` of either operand: floats between -1 and 1 with full mantissas, or codes from `least` on. Of four rows of
  /// codes one has the greatest alone and one the least, which no sum of two in too few bits survives. They begin with one
  /// code nearer to zero: their sums are odd, which none survives that comes through f32 and leaves its 24 bits.
  void fill(uint8_t *to, int64_t number, int64_t least) {
    size_t bytes = formOf(call).bytes;
    for (int64_t k = 0; k < call.depth; ++k, to += bytes) {
      seed = seed * 6364136223846793005ull + 1442695040888963407ull;
      uint32_t any = static_cast<uint32_t>(seed >> 32);
      float value = static_cast<float>(static_cast<int32_t>(any)) * 0x1p-31f;
      if (isInt8(call))
        *to = static_cast<uint8_t>(number % 4 == 0   ? kMostCode - (k == 0)
                                   : number % 4 == 1 ? least + (k == 0)
                                                     : least + any % static_cast<uint32_t>(kMostCode - least + 1));
      else
        memcpy(to, reinterpret_cast<const uint8_t *>(&value) + 4 - bytes, bytes);
    }
  }

  void sumExactly(int64_t rows) {
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t c = 0; c < call.columns; ++c) {
        const uint8_t *a = &x[static_cast<size_t>(r * call.depth)],
                      *b = &w[static_cast<size_t>(c) * weightStride(call)];
        int32_t sum = 0;
        for (int64_t k = 0; k < call.depth; ++k)
          sum += static_cast<int8_t>(a[k]) * static_cast<int8_t>(b[k]);
        want[static_cast<size_t>(r * call.columns + c)] = static_cast<uint32_t>(sum);
      }
  }

  const char *compute(int64_t rows, int64_t columns, int64_t first) {
    const char *why = nullptr;
    Product *product = owner.make(call, rows, columns, &why);
    if (!product)
      return why;
    const uint8_t *from = w.data() + static_cast<size_t>(first) * weightStride(call);
    bool ran = owner.run(*product, owner.stream[0], x.data(), from, out.data());
    owner.destroy(product);
    return ran ? nullptr : "a product that fails";
  }

  OneDnn &owner;
  const trafo_matmul_t &call;
  uint64_t seed = 1;
  Array<uint8_t> x, w;
  Array<uint32_t> want, out; ///< the bits of [kRows or rows][columns]
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
                  name, have.major, have.minor, have.patch, formOf(call).name, static_cast<long long>(call.rows),
                  static_cast<long long>(call.depth), static_cast<long long>(call.columns), problem);
    if (!trial.agreesForShares(call.rows))
      return fail(
          error, TRAFO_UNSUPPORTED, codes::kLibraryBits,
          "%s: oneDNN %d.%d.%d gives a row of a product of %s %s on this CPU, so results would %s; compile with "
          "--x86-gemm=generated",
          name, have.major, have.minor, have.patch, formOf(call).name,
          isInt8(call) ? "sums that are not those of its integers"
                       : "different bits by its place or its worker's share",
          isInt8(call) ? "be wrong (without VNNI it adds products of int8 in 16 bits, and above 2^24 in f32)"
                       : "depend on batch and threads");
    size_t at = i * kMostCounts;
    for (int64_t rows : {1, 2, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96})
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
                    const void *x, const void *w, void *out) {
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
