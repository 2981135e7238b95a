// trafo-onednn-linears THREADS ROWS LAYERS COLUMNSxDEPTH...: how fast oneDNN alone multiplies a model's linears, for ROWS
// rows of activations by LAYERS layers of matrices of these shapes, in f32, bf16 and int8. Each thread runs primitives of
// its own over its share of every matrix's columns, as compiled programs do, and no thread waits for another before the
// end. Weights are distinct and lie as oneDNN likes best. int8 operands are as large as can be, and sums that are wrong are
// named: without VNNI, oneDNN 3.2 adds pairs of products in 16 bits, which saturate unless rows hold nothing below zero
// and nothing above 127.
//
// Such as, for SmolLM2-135M: trafo-onednn-linears 2 512 30 960x576 576x576 3072x576 576x1536
#include "lib/Measure/Crew.h"

#include <dnnl.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <dlfcn.h>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace {
using dnnl::memory;
using Type = memory::data_type;
using Tag = memory::format_tag;
using Clock = std::chrono::steady_clock;

constexpr int kRepeats = 7;

struct Shape {
  long columns, depth;
};

struct Kind {
  const char *name;
  Type rows, operands, result;
  bool scaled; ///< a scale per column and one for all rows
};
const Kind kKinds[] = {{"f32", Type::f32, Type::f32, Type::f32, false},
                       {"bf16 to f32", Type::bf16, Type::bf16, Type::f32, false},
                       {"s8 to s32", Type::s8, Type::s8, Type::s32, false},
                       {"u7 by s8 to s32", Type::u8, Type::s8, Type::s32, false},
                       {"s8 to f32, scaled", Type::s8, Type::s8, Type::f32, true}};

/// Holds primitives that the calling thread makes and runs to this thread alone.
void useOneThread() {
  if (auto set = reinterpret_cast<void (*)(int)>(dlsym(RTLD_DEFAULT, "omp_set_num_threads")))
    set(1);
}

/// One thread's share of one matrix.
struct Product {
  dnnl::matmul primitive;
  std::unordered_map<int, memory> arguments;
  long depth;
};

/// One thread's products of a whole model.
class Worker {
public:
  Worker(const Kind &kind, long rows, Tag weights) : kind(kind), rows(rows), weights(weights) {}

  /// False where oneDNN has nothing faster than its reference code.
  bool prepare(const std::vector<Shape> &shapes, long layers, long threads, long thread) {
    for (const Shape &shape : shapes) {
      long tiles = shape.columns / 16, share = (tiles * (thread + 1) / threads - tiles * thread / threads) * 16;
      auto descriptor = describe(share, shape.depth);
      if (!descriptor)
        return false;
      implementation = descriptor->impl_info_str();
      if (implementation.rfind("ref", 0) == 0)
        return false;
      memory x = filled(descriptor->src_desc()), out(descriptor->dst_desc(), engine);
      for (long layer = 0; layer < layers; ++layer)
        products.push_back(
            {dnnl::matmul(*descriptor), argumentsOf(*descriptor, x, share, shape.depth, out), shape.depth});
    }
    return true;
  }

  void run() {
    for (Product &product : products)
      product.primitive.execute(stream, product.arguments);
    stream.wait();
  }

  /// Whether sums of int8 products, whose operands are all as large as can be, came out right.
  bool isRight() {
    for (Product &product : products) {
      const void *first = product.arguments[DNNL_ARG_DST].get_data_handle();
      double got = kind.result == Type::s32 ? *static_cast<const int32_t *>(first) : *static_cast<const float *>(first);
      double want = 127.0 * 127.0 * static_cast<double>(product.depth);
      if (kind.operands == Type::s8 && std::fabs(got - want) > 1e-6 * want)
        return false;
    }
    return true;
  }

  std::string implementation;

private:
  std::optional<dnnl::matmul::primitive_desc> describe(long share, long depth) {
    dnnl::primitive_attr attributes;
    if (kind.scaled) {
      attributes.set_scales_mask(DNNL_ARG_SRC, 0);
      attributes.set_scales_mask(DNNL_ARG_WEIGHTS, 1 << 1);
    }
    try {
      return dnnl::matmul::primitive_desc(engine, {{rows, depth}, kind.rows, Tag::ab},
                                          {{depth, share}, kind.operands, weights},
                                          {{rows, share}, kind.result, Tag::ab}, attributes);
    } catch (const dnnl::error &) {
      return std::nullopt;
    }
  }

  std::unordered_map<int, memory> argumentsOf(const dnnl::matmul::primitive_desc &descriptor, const memory &x,
                                              long share, long depth, const memory &out) {
    memory plain = filled({{depth, share}, kind.operands, Tag::ba});
    memory packed(descriptor.weights_desc(), engine);
    dnnl::reorder(plain, packed).execute(stream, plain, packed);
    stream.wait();
    std::unordered_map<int, memory> arguments = {{DNNL_ARG_SRC, x}, {DNNL_ARG_WEIGHTS, packed}, {DNNL_ARG_DST, out}};
    if (kind.scaled) {
      arguments.insert({DNNL_ARG_ATTR_SCALES | DNNL_ARG_SRC, ones(1)});
      arguments.insert({DNNL_ARG_ATTR_SCALES | DNNL_ARG_WEIGHTS, ones(share)});
    }
    return arguments;
  }

  memory filled(const memory::desc &shape) {
    memory made(shape, engine);
    size_t count = shape.get_size() / memory::data_type_size(kind.operands);
    for (size_t i = 0; i < count; ++i) {
      unsigned any = static_cast<unsigned>(i * 2654435761u) >> 13 & 63;
      if (kind.operands == Type::f32)
        static_cast<float *>(made.get_data_handle())[i] = static_cast<float>(any) / 64;
      else if (kind.operands == Type::bf16)
        static_cast<uint16_t *>(made.get_data_handle())[i] = static_cast<uint16_t>(0x3f00 | any); // 0.5 and more
      else
        static_cast<int8_t *>(made.get_data_handle())[i] = 127;
    }
    return made;
  }
  memory ones(long count) {
    memory made({{count}, Type::f32, Tag::a}, engine);
    std::fill_n(static_cast<float *>(made.get_data_handle()), count, 1.0f);
    return made;
  }

  const Kind &kind;
  long rows;
  Tag weights;
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};
  std::vector<Product> products;
};

/// Median seconds of the whole stack, and what computed it; nothing where there is only reference code.
struct Timing {
  double seconds;
  std::string implementation;
};
std::optional<Timing> measure(const Kind &kind, long threads, long rows, long layers, const std::vector<Shape> &shapes,
                              Tag weights) {
  std::atomic<long> arrived{0}, lacking{0};
  std::vector<std::vector<double>> ends(static_cast<size_t>(threads), std::vector<double>(kRepeats));
  std::vector<Clock::time_point> begins(kRepeats);
  std::string implementation;
  auto meet = [&](long round) {
    arrived.fetch_add(1);
    while (arrived.load() < round * threads) {
    }
  };
  trafo::runCrew(static_cast<int32_t>(threads), [&](int32_t thread) {
    useOneThread();
    Worker worker(kind, rows, weights);
    if (!worker.prepare(shapes, layers, threads, thread))
      lacking = 1;
    meet(1);
    if (lacking)
      return;
    worker.run(); // makes what is made at first use
    for (int repeat = 0; repeat < kRepeats; ++repeat) {
      meet(2 + 2 * repeat);
      if (thread == 0)
        begins[static_cast<size_t>(repeat)] = Clock::now();
      meet(3 + 2 * repeat);
      worker.run();
      ends[static_cast<size_t>(thread)][static_cast<size_t>(repeat)] =
          std::chrono::duration<double>(Clock::now() - begins[static_cast<size_t>(repeat)]).count();
    }
    if (thread == 0)
      implementation = worker.implementation + (worker.isRight() ? "" : ", whose sums saturate: wrong");
  });
  if (lacking)
    return std::nullopt;
  std::vector<double> seconds;
  for (size_t repeat = 0; repeat < kRepeats; ++repeat) {
    double last = 0;
    for (const std::vector<double> &its : ends)
      last = std::max(last, its[repeat]);
    seconds.push_back(last);
  }
  std::sort(seconds.begin(), seconds.end());
  return Timing{seconds[kRepeats / 2], implementation};
}

/// "960x576"; nothing where it is not that.
std::optional<Shape> parseShape(const char *text) {
  char *end = nullptr;
  Shape shape{std::strtol(text, &end, 10), 0};
  if (*end != 'x')
    return std::nullopt;
  shape.depth = std::strtol(end + 1, &end, 10);
  bool fits = *end == 0 && shape.columns % 16 == 0;
  for (long size : {shape.columns, shape.depth})
    fits = fits && size >= 1 && size <= 1 << 20;
  return fits ? std::optional(shape) : std::nullopt;
}
} // namespace

int main(int argc, char **argv) {
  long threads = argc > 1 ? std::atol(argv[1]) : 0, rows = argc > 2 ? std::atol(argv[2]) : 0;
  long layers = argc > 3 ? std::atol(argv[3]) : 0;
  std::vector<Shape> shapes;
  double multiplies = 0;
  for (int i = 4; i < argc; ++i) {
    std::optional<Shape> shape = parseShape(argv[i]);
    if (!shape || shape->columns < 16 * threads) {
      std::fprintf(stderr,
                   "trafo-onednn-linears: error: '%s' is no shape; expects COLUMNSxDEPTH, columns a multiple of 16, "
                   "16 for each thread at least\n",
                   argv[i]);
      return 2;
    }
    shapes.push_back(*shape);
    multiplies += static_cast<double>(rows) * static_cast<double>(layers * shape->columns * shape->depth);
  }
  if (threads < 1 || threads > 1024 || rows < 1 || rows > 65536 || layers < 1 || layers > 1024 || shapes.empty()) {
    std::fprintf(stderr, "usage: trafo-onednn-linears THREADS ROWS LAYERS COLUMNSxDEPTH...\n");
    return 2;
  }
  std::printf("%-20s %10s %10s  %s\n", "numbers", "rows/s", "Gmul/s", "by");
  for (const Kind &kind : kKinds) {
    std::optional<Timing> best;
    for (Tag weights : {Tag::any, Tag::ba, Tag::ab}) {
      std::optional<Timing> timing = measure(kind, threads, rows, layers, shapes, weights);
      if (timing && (!best || timing->seconds < best->seconds))
        best = timing;
    }
    if (best)
      std::printf("%-20s %10.0f %10.1f  %s\n", kind.name, static_cast<double>(rows) / best->seconds,
                  multiplies / best->seconds / 1e9, best->implementation.c_str());
    else
      std::printf("%-20s %10s %10s  only its reference code\n", kind.name, "-", "-");
  }
  return 0;
}
