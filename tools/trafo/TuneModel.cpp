#include "TuneModel.h"

#include <algorithm>
#include <cmath>
#include <sstream>

namespace trafo::tool {
namespace {

// Multiples of 256, so that every format fits.
constexpr int64_t kHidden = 1024, kKeys = 256, kFeedForward = 4096;
constexpr int64_t kLayerWeights = kHidden * (2 * kHidden + 2 * kKeys + 3 * kFeedForward);
constexpr double kBytes = 192e6; ///< of all layers: more than caches hold

struct Slot {
  const char *name;
  int64_t rows, columns; ///< 0 rows: a norm's vector
};
constexpr Slot kSlots[] = {
    {"attn_norm", 0, kHidden},       {"q", kHidden, kHidden},       {"k", kKeys, kHidden},
    {"v", kKeys, kHidden},           {"o", kHidden, kHidden},       {"ffn_norm", 0, kHidden},
    {"gate", kFeedForward, kHidden}, {"up", kFeedForward, kHidden}, {"down", kHidden, kFeedForward}};

std::string typeOf(const Slot &slot, const char *format) {
  std::string columns = std::to_string(slot.columns);
  return "!trafo.weight<" + (slot.rows ? std::to_string(slot.rows) + "x" + columns + "x" + format : columns + "xf32") +
         ">";
}

const char *const kLayer = R"(
    %0 = trafo.rms_norm %x, %attn_norm eps 1.0e-05 : !x, !norm
    %1 = trafo.linear %0, %q : !x, !square -> !x
    %2 = trafo.linear %0, %k : !x, !narrow -> !keys
    %3 = trafo.linear %0, %v : !x, !narrow -> !keys
    %4 = trafo.rope %1, %rows heads 16 x 64 <dims = 64, base = 1.0e+04> : !x
    %5 = trafo.rope %2, %rows heads 4 x 64 <dims = 64, base = 1.0e+04> : !keys
    trafo.kv_write %kv[%layer], %5, %3, %rows : !kv, !keys, !keys
    %6 = trafo.attention %4, %kv[%layer], %rows heads 16 scale 1.25e-01 : !x, !kv
    %7 = trafo.linear %6, %o : !x, !square -> !x
    %8 = arith.addf %x, %7 : !x
    %9 = trafo.rms_norm %8, %ffn_norm eps 1.0e-05 : !x, !norm
    %10 = trafo.gated_mlp silu %9, %gate, %up, %down : !x, !wide, !wide, !deep
    %11 = arith.addf %8, %10 : !x
    return %11 : !x
  }
  func.func @step(%rows: !trafo.rows, %kv: !kv) -> tensor<?x64xf32> {
    %table = trafo.get @table : !table
    %0 = trafo.embedding %rows, %table : (!trafo.rows, !table) -> !x
    %1 = trafo.layers %0, %rows, %kv [)";

const char *const kEnd = R"(] : !x, !kv
    %2 = trafo.select_rows %1, %rows : !x -> !x
    %norm = trafo.get @norm : !norm
    %3 = trafo.rms_norm %2, %norm eps 1.0e-05 : !x, !norm
    %4 = trafo.lm_head %3, %table : !x, !table -> tensor<?x64xf32>
    return %4 : tensor<?x64xf32>
  }
}
)";

} // namespace

std::string tuneModel(const FormatInfo &format) {
  double layerBytes = static_cast<double>(kLayerWeights) * static_cast<double>(format.bitsPerWeight()) / 8;
  int64_t layers = std::max<int64_t>(1, std::llround(kBytes / layerBytes));
  std::ostringstream out;
  out << "!x = tensor<?x1024xf32>\n!keys = tensor<?x256xf32>\n!norm = !trafo.weight<1024xf32>\n"
      << "!table = !trafo.weight<64x1024xf32>\n!kv = !trafo.kv<" << layers << "x4x64xf16>\n"
      << "!square = " << typeOf(kSlots[1], format.name) << "\n!narrow = " << typeOf(kSlots[2], format.name)
      << "\n!wide = " << typeOf(kSlots[6], format.name) << "\n!deep = " << typeOf(kSlots[8], format.name) << "\n"
      << "module attributes {trafo.config = #trafo.config<max_context = 576, max_rows = " << kTunedRows
      << ", max_outputs = 1, max_sequences = 1, max_workers = 256>} {\n"
      << "  trafo.weight @table : !table from #trafo.random<1>\n  trafo.weight @norm : !norm from #trafo.random<1>\n";
  std::string schedule;
  for (int64_t layer = 0; layer < layers; ++layer) {
    std::string symbols;
    for (const Slot &slot : kSlots) {
      std::string symbol = "@" + std::string(slot.name) + "." + std::to_string(layer);
      out << "  trafo.weight " << symbol << " : " << typeOf(slot, format.name) << " from #trafo.random<1>\n";
      symbols += (symbols.empty() ? "" : ", ") + symbol;
    }
    schedule += (layer ? ", " : "") + ("#trafo.layer<@decoder, [" + symbols + "]>");
  }
  out << "  func.func private @decoder(%x: !x, %rows: !trafo.rows, %kv: !kv, %layer: index";
  for (const Slot &slot : kSlots)
    out << ", %" << slot.name << ": " << typeOf(slot, format.name);
  out << ") -> !x {" << kLayer << schedule << kEnd;
  return out.str();
}

} // namespace trafo::tool
