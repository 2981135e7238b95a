//===- Formats.h - the table of storage formats and their unpack rules ----===//
//
// A storage format is how a file keeps a row of weights: blocks of a fixed number of elements in a fixed number of
// bytes. Everything the rest of Trafo knows about a format follows from its entry in `kFormats` and from its rule in
// `storedCode`; a new format is one entry and one rule, and a slow, correct kernel follows from the rule by itself.
//
// Rules are written once, over an algebra E, and instantiated twice: with plain numbers (`dequantizeRow` below) and by
// the compiler with values of the IR. They have no branches on the element's index.
//
// The block layouts are those of the GGUF/ggml formats, as the `gguf` Python package (gguf/quants.py) documents them
// by executable example. The float variant of `dequantizeRow` keeps that package's order of operations, bit for bit.
//
//===----------------------------------------------------------------------===//
#ifndef TRAFO_FORMATS_H
#define TRAFO_FORMATS_H

#include <cstdint>
#include <cstring>
#include <string_view>

namespace trafo {

// clang-format off
enum class Format : uint8_t { F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K, IQ4_NL, IQ4_XS, I8_ROW };
// clang-format on

/// How a group's minimum enters: value = scale * code [+ offset | - offset]. Addition and subtraction are kept
/// apart: folding the sign into the minimum would change the sign of zero results.
enum class OffsetRule : uint8_t { None, Add, Subtract };

/// The 16 values of the IQ4 formats' codes.
inline constexpr int8_t kIQ4Codebook[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};

/// Stands for GGUF's tensor type where a format is ours alone.
inline constexpr uint32_t kNoGgmlType = UINT32_MAX;

/// One storage format. Elements of a row lie in blocks; a row never shares a block with another row. A block of a grouped
/// format is one group, whose scale (and minimum) are f16, or a super-block of several: then a group's scale (and minimum)
/// is the product of the super-block's f16 and a small integer of the group's own. Or it is the whole row, whose scale is
/// an f32 before the codes.
struct FormatInfo {
  Format format;
  const char *name;  ///< lower case, as in IR and on command lines: "q4_1"
  uint32_t ggmlType; ///< tensor type id in GGUF files, or kNoGgmlType
  uint32_t
      blockElements;   ///< elements of one block; a row's length is a multiple of it, even where the block is the row
  uint32_t blockBytes; ///< bytes of so many elements, without `headBytes`
  uint32_t groupElements; ///< neighbouring elements that share one scale (and offset); 0: none, or all of a row
  int32_t codeMin;        ///< least integer code (after subtraction of constants or lookup)
  int32_t codeMax;        ///< greatest integer code
  OffsetRule offset;
  bool grouped;                 ///< integer codes with scales, as opposed to plain floats
  uint32_t scaleBits;           ///< of a group's integer scale (and minimum) in super-blocks; 0 elsewhere
  const int8_t (*codebook)[16]; ///< the codes by their stored 4-bit index; null where codes are stored themselves
  uint32_t headBytes = 0;       ///< before a row's codes: the scale where the block is the row; 0 elsewhere

  constexpr bool isSuper() const { return scaleBits > 0; }
  /// The block is the row, one group.
  constexpr bool isPerRow() const { return headBytes > 0; }
  constexpr bool isInFiles() const { return ggmlType != kNoGgmlType; }
  /// Elements and bytes of a block of a row of `columns`.
  constexpr int64_t elementsOfBlock(int64_t columns) const { return isPerRow() ? columns : blockElements; }
  constexpr int64_t bytesOfBlock(int64_t columns) const {
    return headBytes + elementsOfBlock(columns) / blockElements * blockBytes;
  }
  /// Bits a code is stored in: of its index, or of code - codeMin, which is what files keep (but for q8_0's sign).
  constexpr uint32_t fieldBits() const {
    uint32_t bits = 0;
    for (int32_t most = codebook ? 15 : codeMax - codeMin; most > 0; most /= 2)
      ++bits;
    return bits;
  }
  constexpr bool hasMin() const { return offset != OffsetRule::None; }
  constexpr float bitsPerWeight() const {
    return 8.0f * static_cast<float>(blockBytes) / static_cast<float>(blockElements);
  }
};

// clang-format off
inline constexpr FormatInfo kFormats[] = {
    // format        name      ggml  block      group  codes        offset               scale bits, codebook, head
    {Format::F32,    "f32",     0,    1,   4,    0,    0,   0, OffsetRule::None,     false, 0, nullptr},
    {Format::F16,    "f16",     1,    1,   2,    0,    0,   0, OffsetRule::None,     false, 0, nullptr},
    {Format::BF16,   "bf16",   30,    1,   2,    0,    0,   0, OffsetRule::None,     false, 0, nullptr},
    {Format::Q4_0,   "q4_0",    2,   32,  18,   32,   -8,   7, OffsetRule::None,     true,  0, nullptr},
    {Format::Q4_1,   "q4_1",    3,   32,  20,   32,    0,  15, OffsetRule::Add,      true,  0, nullptr},
    {Format::Q5_0,   "q5_0",    6,   32,  22,   32,  -16,  15, OffsetRule::None,     true,  0, nullptr},
    {Format::Q5_1,   "q5_1",    7,   32,  24,   32,    0,  31, OffsetRule::Add,      true,  0, nullptr},
    {Format::Q8_0,   "q8_0",    8,   32,  34,   32, -128, 127, OffsetRule::None,     true,  0, nullptr},
    {Format::Q2_K,   "q2_k",   10,  256,  84,   16,    0,   3, OffsetRule::Subtract, true,  4, nullptr},
    {Format::Q3_K,   "q3_k",   11,  256, 110,   16,   -4,   3, OffsetRule::None,     true,  6, nullptr},
    {Format::Q4_K,   "q4_k",   12,  256, 144,   32,    0,  15, OffsetRule::Subtract, true,  6, nullptr},
    {Format::Q5_K,   "q5_k",   13,  256, 176,   32,    0,  31, OffsetRule::Subtract, true,  6, nullptr},
    {Format::Q6_K,   "q6_k",   14,  256, 210,   16,  -32,  31, OffsetRule::None,     true,  8, nullptr},
    {Format::IQ4_NL, "iq4_nl", 20,   32,  18,   32, -127, 113, OffsetRule::None,     true,  0, &kIQ4Codebook},
    {Format::IQ4_XS, "iq4_xs", 23,  256, 136,   32, -127, 113, OffsetRule::None,     true,  6, &kIQ4Codebook},
    {Format::I8_ROW, "i8_row", kNoGgmlType, 32, 32, 0, -127, 127, OffsetRule::None,   true,  0, nullptr, 4},
};
// clang-format on

inline constexpr uint32_t kFormatCount = sizeof(kFormats) / sizeof(kFormats[0]);

constexpr const FormatInfo &formatInfo(Format format) { return kFormats[static_cast<uint8_t>(format)]; }

namespace detail {
constexpr bool formatsInOrder() {
  for (uint32_t i = 0; i < kFormatCount; ++i)
    if (static_cast<uint32_t>(kFormats[i].format) != i)
      return false;
  return true;
}
} // namespace detail
static_assert(detail::formatsInOrder(), "kFormats is indexed by Format");

/// The entry called `name` (lower case), or null.
constexpr const FormatInfo *findFormat(std::string_view name) {
  for (const FormatInfo &info : kFormats)
    if (name == info.name)
      return &info;
  return nullptr;
}

/// The entry with GGUF's tensor type id, or null.
constexpr const FormatInfo *findFormatByGgmlType(uint32_t ggmlType) {
  for (const FormatInfo &info : kFormats)
    if (info.isInFiles() && info.ggmlType == ggmlType)
      return &info;
  return nullptr;
}

/// Most columns of a format whose block is the row: sums of so many products of two int8 codes stay within an int32.
inline constexpr int64_t kMostRowCodes = int64_t(1) << 17;

/// Bytes of a row of `elements`, which must be a multiple of the block; the caller has bounded `elements` (the readers
/// use checked arithmetic instead).
constexpr int64_t rowBytes(Format format, int64_t elements) {
  const FormatInfo &info = formatInfo(format);
  return elements / info.blockElements * info.blockBytes + info.headBytes;
}

//===----------------------------------------------------------------------===//
// The rules
//===----------------------------------------------------------------------===//
//
// The algebra E supplies, for one block:
//   types   Int (at least 32 bits, two's complement), Bool, Float
//   Int     constant(int64_t); loadU8(Int byte); signExtend8(Int)
//   Int     add, sub, mul, and_, or_, shl, shr (logical; operands here are never negative) of (Int, Int)
//   Bool    lessThan(Int, Int) (signed); Int select(Bool, Int, Int)
//   Int     lookup(const int8_t (&table)[16], Int index)
//   Float   f16(Int byte), bf16(Int byte), f32(Int byte): little-endian values at a byte offset; intToFloat(Int)
//   Float   fmul, fadd, fsub of (Float, Float), each rounded by itself (never contracted)
// Byte offsets count from the start of the block and stay inside it for every index in [0, elementsOfBlock(columns)).

/// What a block stores of an element of a grouped format. `code` is the codebook's index where there is one. `min` is
/// meaningful only where the format has an offset, the integers only in super-blocks.
template <class E> struct StoredCode {
  typename E::Int code;
  typename E::Float scale, min; ///< the block's f16 (or f32) values
  typename E::Int groupScale, groupMin;
};

/// An element of a grouped format in parts: value = scale * code, then the offset by the format's OffsetRule.
/// `offset` is meaningful only where the format has one.
template <class E> struct UnpackedCode {
  typename E::Int code;
  typename E::Float scale;
  typename E::Float offset;
};

namespace detail {
/// Small spellings for rules: operands of E's operations may be plain integers.
template <class E> struct Rule {
  using Int = typename E::Int;
  E &e;
  Int c(int64_t v) { return e.constant(v); }
  Int add(Int a, int64_t b) { return e.add(a, c(b)); }
  Int mul(Int a, int64_t b) { return e.mul(a, c(b)); }
  Int mask(Int a, int64_t b) { return e.and_(a, c(b)); }
  Int shr(Int a, int64_t b) { return e.shr(a, c(b)); }
  Int shl(Int a, int64_t b) { return e.shl(a, c(b)); }
  /// `bits` bits of the byte at `byte` from bit `shift` on.
  Int field(Int byte, Int shift, int64_t bits) { return mask(e.shr(e.loadU8(byte), shift), (int64_t(1) << bits) - 1); }

  /// 4-bit codes in runs of 2 * half elements: the low nibbles first, then the high nibbles of the same bytes.
  Int nibble(Int i, int64_t first, int64_t log2Half) {
    Int run = shr(i, log2Half + 1);
    Int high = mask(shr(i, log2Half), 1);
    Int byte = e.add(shl(run, log2Half), mask(i, (int64_t(1) << log2Half) - 1));
    return field(add(byte, first), shl(high, 2), 4);
  }
  /// 2-bit codes in runs of 128 elements: four planes of 32 over the same 32 bytes.
  Int crumb(Int i, int64_t first) {
    Int byte = e.add(shl(shr(i, 7), 5), mask(i, 31));
    return field(add(byte, first), shl(mask(shr(i, 5), 3), 1), 2);
  }
  /// One bit per element: bit i / 32 of byte i % 32.
  Int planeBit(Int i, int64_t first) { return field(add(mask(i, 31), first), shr(i, 5), 1); }

  /// The 6-bit scale (first = 0) or minimum (first = 4) of group j of 8 in Q4_K and Q5_K, packed in 12 bytes at 4.
  Int sixBits(Int j, int64_t first) {
    Int k = mask(j, 3);
    Int own = e.loadU8(add(k, 4 + first));
    Int low = mask(own, 63);
    Int shared = field(add(k, 12), c(first), 4);
    Int high = e.or_(shared, mask(shr(own, 2), 0x30));
    return e.select(e.lessThan(j, c(4)), low, high);
  }
};
} // namespace detail

/// What a block stores of its element `i`, of a grouped format.
template <class E> StoredCode<E> storedCode(Format format, E &e, typename E::Int i) {
  using Int = typename E::Int;
  using Float = typename E::Float;
  detail::Rule<E> r{e};
  auto at = [&](int64_t byte) { return r.c(byte); };
  Int none = r.c(0);
  switch (format) {
  case Format::Q4_0: {
    Float d = e.f16(at(0));
    return {r.add(r.nibble(i, 2, 4), -8), d, d, none, none};
  }
  case Format::Q4_1:
    return {r.nibble(i, 4, 4), e.f16(at(0)), e.f16(at(2)), none, none};
  case Format::Q5_0: {
    Float d = e.f16(at(0));
    Int high = r.field(r.add(r.shr(i, 3), 2), r.mask(i, 7), 1);
    return {r.add(e.or_(r.nibble(i, 6, 4), r.shl(high, 4)), -16), d, d, none, none};
  }
  case Format::Q5_1: {
    Int high = r.field(r.add(r.shr(i, 3), 4), r.mask(i, 7), 1);
    return {e.or_(r.nibble(i, 8, 4), r.shl(high, 4)), e.f16(at(0)), e.f16(at(2)), none, none};
  }
  case Format::Q8_0: {
    Float d = e.f16(at(0));
    return {e.signExtend8(e.loadU8(r.add(i, 2))), d, d, none, none};
  }
  case Format::Q2_K: {
    Int both = e.loadU8(r.shr(i, 4)); // low nibble: scale, high nibble: minimum
    return {r.crumb(i, 16), e.f16(at(80)), e.f16(at(82)), r.mask(both, 15), r.shr(both, 4)};
  }
  case Format::Q3_K: {
    // Code: two bits, less 4 where the plane's bit is clear. Scale k of 16: four low bits in bytes 96.., two high bits
    // in bytes 104.., biased by 32.
    Int k = r.shr(i, 4);
    Int low = r.field(r.add(r.mask(k, 7), 96), r.shl(r.shr(k, 3), 2), 4);
    Int high = r.field(r.add(r.mask(k, 3), 104), r.shl(r.shr(k, 2), 1), 2);
    Float d = e.f16(at(108));
    Int code = e.add(r.crumb(i, 32), r.add(r.shl(r.planeBit(i, 0), 2), -4));
    return {code, d, d, r.add(e.or_(low, r.shl(high, 4)), -32), none};
  }
  case Format::Q4_K: {
    Int j = r.shr(i, 5);
    return {r.nibble(i, 16, 5), e.f16(at(0)), e.f16(at(2)), r.sixBits(j, 0), r.sixBits(j, 4)};
  }
  case Format::Q5_K: {
    Int j = r.shr(i, 5);
    Int code = e.or_(r.nibble(i, 48, 5), r.shl(r.planeBit(i, 16), 4));
    return {code, e.f16(at(0)), e.f16(at(2)), r.sixBits(j, 0), r.sixBits(j, 4)};
  }
  case Format::Q6_K: {
    Int code = e.or_(r.nibble(i, 0, 6), r.shl(r.crumb(i, 128), 4));
    Float d = e.f16(at(208));
    return {r.add(code, -32), d, d, e.signExtend8(e.loadU8(r.add(r.shr(i, 4), 192))), none};
  }
  case Format::IQ4_NL: {
    Float d = e.f16(at(0));
    return {r.nibble(i, 2, 4), d, d, none, none};
  }
  case Format::IQ4_XS: {
    // Scale j of 8: four low bits in bytes 4..7, two high bits in bytes 2..3, biased by 32.
    Int j = r.shr(i, 5);
    Int low = r.field(r.add(r.shr(j, 1), 4), r.shl(r.mask(j, 1), 2), 4);
    Int high = r.field(r.add(r.shr(j, 2), 2), r.shl(r.mask(j, 3), 1), 2);
    Float d = e.f16(at(0));
    return {r.nibble(i, 8, 4), d, d, r.add(e.or_(low, r.shl(high, 4)), -32), none};
  }
  case Format::I8_ROW: {
    Float d = e.f32(at(0));
    return {e.signExtend8(e.loadU8(r.add(i, formatInfo(format).headBytes))), d, d, none, none};
  }
  case Format::F32:
  case Format::F16:
  case Format::BF16:
    break;
  }
  // Float formats have no codes; one is asked for only by mistake of the caller, and zero is as good as any.
  return {none, e.intToFloat(none), e.intToFloat(none), none, none};
}

/// The code, scale and offset that a stored code means.
template <class E> UnpackedCode<E> meaningOf(Format format, E &e, const StoredCode<E> &stored) {
  const FormatInfo &info = formatInfo(format);
  UnpackedCode<E> parts{stored.code, stored.scale, stored.min};
  if (info.codebook)
    parts.code = e.lookup(*info.codebook, stored.code);
  if (info.isSuper()) {
    parts.scale = e.fmul(stored.scale, e.intToFloat(stored.groupScale));
    if (info.hasMin())
      parts.offset = e.fmul(stored.min, e.intToFloat(stored.groupMin));
  }
  return parts;
}

/// Element `i` of a block of a grouped format, in parts.
template <class E> UnpackedCode<E> unpackCode(Format format, E &e, typename E::Int i) {
  return meaningOf(format, e, storedCode(format, e, i));
}

/// The value of an element of a grouped format.
template <class E> typename E::Float valueOf(Format format, E &e, const UnpackedCode<E> &parts) {
  typename E::Float product = e.fmul(parts.scale, e.intToFloat(parts.code));
  switch (formatInfo(format).offset) {
  case OffsetRule::Add:
    return e.fadd(product, parts.offset);
  case OffsetRule::Subtract:
    return e.fsub(product, parts.offset);
  case OffsetRule::None:
    break;
  }
  return product;
}

/// Element `i` of a block of any format.
template <class E> typename E::Float unpackElement(Format format, E &e, typename E::Int i) {
  switch (format) {
  case Format::F32:
    return e.f32(e.mul(i, e.constant(4)));
  case Format::F16:
    return e.f16(e.mul(i, e.constant(2)));
  case Format::BF16:
    return e.bf16(e.mul(i, e.constant(2)));
  default:
    break;
  }
  return valueOf(format, e, unpackCode(format, e, i));
}

//===----------------------------------------------------------------------===//
// The rules over plain numbers
//===----------------------------------------------------------------------===//

/// The value of IEEE binary16 bits; exact, including subnormals; NaN stays NaN with its payload shifted.
inline float f16ToF32(uint16_t bits) {
  uint32_t sign = static_cast<uint32_t>(bits & 0x8000u) << 16;
  uint32_t exponent = (bits >> 10) & 31u;
  uint32_t fraction = bits & 1023u;
  float value;
  if (exponent == 0) {
    value = static_cast<float>(fraction) * 5.9604644775390625e-8f; // 2^-24, exact
    uint32_t out;
    std::memcpy(&out, &value, 4);
    out |= sign;
    std::memcpy(&value, &out, 4);
    return value;
  }
  uint32_t out = sign | (fraction << 13) | ((exponent == 31 ? 255u : exponent + 112u) << 23);
  std::memcpy(&value, &out, 4);
  return value;
}

inline float bf16ToF32(uint16_t bits) {
  uint32_t out = static_cast<uint32_t>(bits) << 16;
  float value;
  std::memcpy(&value, &out, 4);
  return value;
}

/// The algebra of plain numbers over one block in memory; F is float or double.
template <class F> class BlockNumbers {
public:
  using Int = int32_t;
  using Bool = bool;
  using Float = F;
  explicit BlockNumbers(const uint8_t *block) : block(block) {}

  Int constant(int64_t v) { return static_cast<Int>(v); }
  Int loadU8(Int byte) { return block[byte]; }
  Int signExtend8(Int v) { return static_cast<int8_t>(static_cast<uint8_t>(v)); }
  Int add(Int a, Int b) { return a + b; }
  Int sub(Int a, Int b) { return a - b; }
  Int mul(Int a, Int b) { return a * b; }
  Int and_(Int a, Int b) { return a & b; }
  Int or_(Int a, Int b) { return a | b; }
  Int shl(Int a, Int b) { return static_cast<Int>(static_cast<uint32_t>(a) << b); }
  Int shr(Int a, Int b) { return static_cast<Int>(static_cast<uint32_t>(a) >> b); }
  Bool lessThan(Int a, Int b) { return a < b; }
  Int select(Bool c, Int a, Int b) { return c ? a : b; }
  Int lookup(const int8_t (&table)[16], Int index) { return table[index]; }
  Float f16(Int byte) { return f16ToF32(half(byte)); }
  Float bf16(Int byte) { return bf16ToF32(half(byte)); }
  Float f32(Int byte) {
    float value;
    std::memcpy(&value, block + byte, 4);
    return value;
  }
  Float intToFloat(Int v) { return static_cast<Float>(v); }
  Float fmul(Float a, Float b) { return a * b; }
  Float fadd(Float a, Float b) { return a + b; }
  Float fsub(Float a, Float b) { return a - b; }

private:
  uint16_t half(Int byte) { return static_cast<uint16_t>(block[byte] | (block[byte + 1] << 8)); }
  const uint8_t *block;
};

namespace detail {
template <class F> void dequantizeRow(Format format, const uint8_t *bytes, int64_t elements, F *out) {
  const FormatInfo &info = formatInfo(format);
  int64_t ofBlock = info.elementsOfBlock(elements);
  for (int64_t done = 0; done < elements; done += ofBlock, bytes += info.bytesOfBlock(elements)) {
    BlockNumbers<F> numbers(bytes);
    for (int64_t i = 0; i < ofBlock; ++i)
      out[done + i] = unpackElement(format, numbers, static_cast<int32_t>(i));
  }
}
} // namespace detail

/// The `elements` values (a multiple of the format's block) of a row stored at `bytes`, in float arithmetic: bit for
/// bit what gguf.quants.dequantize gives, NaN payloads excepted.
inline void dequantizeRow(Format format, const uint8_t *bytes, int64_t elements, float *out) {
  detail::dequantizeRow(format, bytes, elements, out);
}

/// The same rule in double arithmetic: exact products, one rounding in the formats with an offset at most.
inline void dequantizeRow(Format format, const uint8_t *bytes, int64_t elements, double *out) {
  detail::dequantizeRow(format, bytes, elements, out);
}

} // namespace trafo

#endif // TRAFO_FORMATS_H
