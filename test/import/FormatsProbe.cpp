//===- FormatsProbe.cpp - the formats as C functions, for the Python tests -===//
#include "lib/Import/Quantize.h"
#include "lib/Packer/TilePacker.h"
#include "trafo/Formats.h"

#include <algorithm>
#include <vector>

using namespace trafo;

extern "C" {
uint32_t probe_format_count() { return kFormatCount; }
const char *probe_name(uint32_t format) { return kFormats[format].name; }
uint32_t probe_ggml_type(uint32_t format) { return kFormats[format].ggmlType; }
uint32_t probe_block_elements(uint32_t format) { return kFormats[format].blockElements; }
uint32_t probe_block_bytes(uint32_t format) { return kFormats[format].blockBytes; }
uint32_t probe_group_elements(uint32_t format) { return kFormats[format].groupElements; }
int32_t probe_code_min(uint32_t format) { return kFormats[format].codeMin; }
int32_t probe_code_max(uint32_t format) { return kFormats[format].codeMax; }
bool probe_can_quantize(uint32_t format) { return canQuantize(kFormats[format].format); }

void probe_dequantize(uint32_t format, const uint8_t *bytes, int64_t elements, float *out) {
  dequantizeRow(kFormats[format].format, bytes, elements, out);
}
void probe_dequantize_double(uint32_t format, const uint8_t *bytes, int64_t elements, double *out) {
  dequantizeRow(kFormats[format].format, bytes, elements, out);
}
/// The values of `rows` rows of `columns` elements, read back from tiles of 16 rows and lanes of 4. Returns the bytes of
/// the tiles.
int64_t probe_packed(uint32_t format, const uint8_t *bytes, int64_t rows, int64_t columns, float *out) {
  PackedLayout layout{kFormats[format].format, rows, columns, 16, 4, fewestPlanes(kFormats[format].format)};
  if (!layout.isPlanar())
    layout.bias = 128;
  std::vector<uint8_t> tile(static_cast<size_t>(layout.blocksPerTile() * layout.blockBytes()));
  for (int64_t first = 0; first < rows; first += 16) {
    packTile(layout, bytes + first * rowBytes(layout.format, columns), std::min<int64_t>(16, rows - first),
             tile.data());
    for (int64_t r = first; r < std::min(rows, first + 16); ++r)
      for (int64_t c = 0; c < columns; ++c) {
        BlockNumbers<float> block(tile.data() + layout.blockOffset(r - first, c));
        auto stored = storedInTile(layout, block, static_cast<int32_t>(r - first),
                                   static_cast<int32_t>(c % layout.blockColumns()));
        *out++ = valueOf(layout.format, block, meaningOf(layout.format, block, stored));
      }
  }
  return layout.bytes();
}
void probe_quantize(uint32_t format, const float *values, int64_t elements, uint8_t *out) {
  quantizeRow(kFormats[format].format, values, elements, out);
}
/// The integer code of every element, and whether all stay inside the table's range.
bool probe_codes(uint32_t format, const uint8_t *bytes, int64_t elements, int32_t *out) {
  const FormatInfo &info = kFormats[format];
  bool inside = true;
  for (int64_t i = 0; i < elements; ++i) {
    BlockNumbers<float> numbers(bytes + i / info.blockElements * info.blockBytes);
    out[i] = unpackCode(info.format, numbers, static_cast<int32_t>(i % info.blockElements)).code;
    inside = inside && out[i] >= info.codeMin && out[i] <= info.codeMax;
  }
  return inside;
}
void probe_f32_to_f16(const float *values, int64_t count, uint16_t *out) {
  for (int64_t i = 0; i < count; ++i)
    out[i] = f32ToF16(values[i]);
}
}
