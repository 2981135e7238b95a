//===- CachePool.cpp - the KV cache of a plan that runs here --------------===//
#include "lib/Reference/CachePool.h"

#include "lib/Packer/RoundToFormat.h"
#include "lib/Reference/RoundActivations.h"

#include <cstring>

using namespace trafo;

CachePool::CachePool(uint8_t *arena, plan::PoolAttr pool, KVCacheType type)
    : base(arena + pool.getOffset()), pages(pool.getPages()), heads(type.getHeads()), layers(pool.getLayers()),
      floats(floatFormatOf(type.getFormat())), layout{type.getHeadSize(), type.getGroups()} {}

uint8_t *CachePool::at(const Line &line, int64_t index) const {
  int64_t place = placeOf(line.layer) - layers.asArrayRef().begin();
  int64_t half = ((place * pages + line.page) * heads + line.head) * 2 + line.value;
  return base + (half * layout.size() + index) * (floats ? formatInfo(*floats).blockBytes : 1);
}

uint8_t *CachePool::elementAt(const Line &line, int64_t element) const {
  return at(line,
            line.value ? line.position * layout.headSize + element : element * plan::kPagePositions + line.position);
}

void CachePool::exchange(const Line &line, const double *values, double *stored) const {
  if (floats)
    exchangeFloats(line, values, stored);
  else
    for (int64_t group = 0; group < layout.groups; ++group)
      exchangeCodes(line, group, values, stored);
}

void CachePool::exchangeFloats(const Line &line, const double *values, double *stored) const {
  for (int64_t i = 0; i < layout.headSize; ++i) {
    uint8_t *place = elementAt(line, i);
    dequantizeRow(*floats, place, 1, stored + i);
    roundRow(*floats, values + i, 1, place);
  }
}

void CachePool::exchangeCodes(const Line &line, int64_t group, const double *values, double *stored) const {
  int64_t size = layout.groupSize(), from = group * size;
  std::vector<int8_t> codes(static_cast<size_t>(size));
  std::vector<double> rounded(values + from, values + from + size);
  float scale, next = roundToCodes(rounded.data(), size, codes.data());
  uint8_t *place = at(line, layout.codes() + 4 * (group * plan::kPagePositions + line.position));
  std::memcpy(&scale, place, 4);
  std::memcpy(place, &next, 4);
  for (int64_t i = 0; i < size; ++i) {
    uint8_t *code = elementAt(line, from + i);
    stored[from + i] = static_cast<double>(scale) * static_cast<int8_t>(*code);
    *code = static_cast<uint8_t>(codes[static_cast<size_t>(i)]);
  }
}
