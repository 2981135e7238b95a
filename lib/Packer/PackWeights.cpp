//===- PackWeights.cpp - the bytes of a model's packed weights ------------===//
#include "lib/Packer/PackWeights.h"

#include "dialects/Trafo/IR/Layout.h"
#include "dialects/Trafo/IR/TrafoOps.h"
#include "lib/Packer/TilePacker.h"
#include "lib/Packer/WeightRows.h"
#include "mlir/IR/Diagnostics.h"

using namespace mlir;
using namespace trafo;

namespace {
/// Gathers small pieces so that the sink sees few, large ones.
class BufferedSink {
public:
  BufferedSink(PackSink sink, PackProgress progress, int64_t total) : sink(sink), progress(progress), total(total) {
    buffer.reserve(kBytes);
  }

  /// Space for the next `size` bytes; null if the sink wants no more.
  uint8_t *next(size_t size) {
    if (buffer.size() + size > kBytes && !flush())
      return nullptr;
    buffer.resize(buffer.size() + size);
    return buffer.data() + buffer.size() - size;
  }

  bool zeros(int64_t size) {
    while (size > 0) {
      size_t piece = static_cast<size_t>(std::min<int64_t>(size, kBytes));
      uint8_t *out = next(piece);
      if (!out)
        return false;
      std::memset(out, 0, piece);
      size -= static_cast<int64_t>(piece);
    }
    return true;
  }

  bool flush() {
    if (!buffer.empty() && !sink(buffer.data(), buffer.size()))
      return false;
    done += static_cast<int64_t>(buffer.size());
    buffer.clear();
    if (progress)
      progress(done, total);
    return true;
  }

  int64_t position() const { return done + static_cast<int64_t>(buffer.size()); }

private:
  static constexpr size_t kBytes = 1 << 20;
  PackSink sink;
  PackProgress progress;
  int64_t total, done = 0;
  std::vector<uint8_t> buffer;
};
} // namespace

static bool isPacked(WeightOp weight) { return weight.getOffset() && weight.getLayout(); }

static LogicalResult packWeight(WeightOp weight, ModuleOp module, BufferedSink &out) {
  PackedLayout layout = packedLayout(weight.getWeightType(), *weight.getLayout());
  RowReaderPtr reader = openWeight(module, weight.getSymName());
  if (!reader)
    return failure();
  std::vector<uint8_t> rows(static_cast<size_t>(layout.tileRows * reader->rowBytes()));
  size_t tileBytes = static_cast<size_t>(layout.blocksPerTile() * layout.blockBytes());
  for (int64_t first = 0; first < layout.rows; first += layout.tileRows) {
    int64_t count = std::min(layout.tileRows, layout.rows - first);
    for (int64_t r = 0; r < count; ++r)
      if (!reader->read(first + r, rows.data() + r * reader->rowBytes()))
        return weight.emitError("weight @") << weight.getSymName() << ", row " << first + r << ": " << reader->error();
    uint8_t *tile = out.next(tileBytes);
    if (!tile)
      return failure();
    packTile(layout, rows.data(), count, tile);
  }
  return success();
}

int64_t trafo::packedWeightsBytes(ModuleOp module) {
  int64_t end = 0;
  for (WeightOp weight : module.getOps<WeightOp>())
    if (isPacked(weight))
      end = std::max(end, static_cast<int64_t>(*weight.getOffset()) +
                              packedBytes(weight.getWeightType(), *weight.getLayout()));
  return end;
}

LogicalResult trafo::packWeights(ModuleOp module, PackSink sink, PackProgress progress) {
  SmallVector<WeightOp> weights;
  for (WeightOp weight : module.getOps<WeightOp>()) {
    if (!isPacked(weight))
      continue;
    std::string problem = layoutProblem(packedLayout(weight.getWeightType(), *weight.getLayout()));
    if (!problem.empty())
      return weight.emitError("weight @") << weight.getSymName() << ": " << problem;
    weights.push_back(weight);
  }
  llvm::sort(weights, [](WeightOp a, WeightOp b) { return *a.getOffset() < *b.getOffset(); });

  BufferedSink out(sink, progress, packedWeightsBytes(module));
  for (WeightOp weight : weights) {
    int64_t gap = static_cast<int64_t>(*weight.getOffset()) - out.position();
    if (gap < 0)
      return weight.emitError("weight @") << weight.getSymName() << " starts at " << *weight.getOffset()
                                          << ", inside the weight before it, which ends at " << out.position();
    if (!out.zeros(gap) || failed(packWeight(weight, module, out)))
      return failure();
  }
  return success(out.flush());
}
