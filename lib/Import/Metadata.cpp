#include "lib/Import/Metadata.h"

using namespace trafo;

namespace {
struct Row {
  const char *name;
  uint32_t bytes;
};
constexpr Row kRows[kValueTypeCount] = {{"u8", 1},  {"i8", 1},  {"u16", 2},  {"i16", 2},    {"u32", 4},
                                        {"i32", 4}, {"f32", 4}, {"bool", 1}, {"string", 0}, {"array", 0},
                                        {"u64", 8}, {"i64", 8}, {"f64", 8}};
} // namespace

const char *trafo::valueTypeName(ValueType type) { return kRows[static_cast<uint32_t>(type)].name; }
uint32_t trafo::valueTypeBytes(ValueType type) { return kRows[static_cast<uint32_t>(type)].bytes; }
