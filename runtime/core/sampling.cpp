// Temperature, top-k (Fan et al. 2018) and top-p (Holtzman et al. 2020), in this order. The loops over the vocabulary
// keep 16 independent lanes, which the compiler turns into vector code without being allowed to reorder sums.
#include "runtime/core/sampling.h"

#include "runtime/core/error_codes.h"
#include "runtime/core/status.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace trafo::runtime {
namespace {

constexpr size_t kLanes = TRAFO_LOGITS_BLOCK;

/// e^x for x <= 0 to about 2e-7 relative; below -87 it is e^-87. No branch and no libm, so that it vectorises and gives
/// the same bits everywhere.
inline float expOfNonPositive(float x) {
  x = x < -87.0f ? -87.0f : x;
  int32_t n = static_cast<int32_t>(x * 1.44269504f - 0.5f); // nearest, since x <= 0
  float k = static_cast<float>(n);
  float r = (x - k * 0.693359375f) - k * -2.12194440e-4f; // ln 2 in two parts (Cody and Waite)
  float p = 1.0f / 720.0f;
  p = p * r + 1.0f / 120.0f;
  p = p * r + 1.0f / 24.0f;
  p = p * r + 1.0f / 6.0f;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  int32_t bits = (n + 127) << 23;
  float power;
  memcpy(&power, &bits, sizeof(power));
  return p * power;
}

uint64_t mix(uint64_t x) { // the finaliser of splitmix64 (Steele, Lea, Flood 2014)
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
  x = (x ^ x >> 27) * 0x94d049bb133111ebull;
  return x ^ x >> 31;
}

} // namespace

double uniformAt(uint64_t seed, uint64_t index) {
  uint64_t bits = mix(mix(seed + 0x9e3779b97f4a7c15ull) + (index + 1) * 0x9e3779b97f4a7c15ull);
  return static_cast<double>(bits >> 11) * 0x1p-53;
}

size_t argmax(const float *values, size_t count, bool *finite) {
  float best[kLanes], probe[kLanes];
  for (size_t lane = 0; lane < kLanes; ++lane) {
    best[lane] = values[0];
    probe[lane] = 0.0f;
  }
  size_t i = 0;
  for (; i + kLanes <= count; i += kLanes)
    for (size_t lane = 0; lane < kLanes; ++lane) {
      float value = values[i + lane];
      best[lane] = value > best[lane] ? value : best[lane];
      probe[lane] += value * 0.0f; // stays 0 unless a value is NaN or infinite
    }
  float top = best[0], bad = 0.0f;
  for (size_t lane = 0; lane < kLanes; ++lane) {
    top = best[lane] > top ? best[lane] : top;
    bad += probe[lane];
  }
  for (; i < count; ++i) {
    top = values[i] > top ? values[i] : top;
    bad += values[i] * 0.0f;
  }
  *finite = bad == 0.0f;
  if (!*finite)
    return static_cast<size_t>(std::find_if(values, values + count, [](float v) { return !std::isfinite(v); }) -
                               values);
  // The first block that holds the greatest value, then its place there.
  for (i = 0; i + kLanes <= count; i += kLanes) {
    int32_t found[kLanes];
    for (size_t lane = 0; lane < kLanes; ++lane)
      found[lane] = values[i + lane] == top;
    int32_t any = 0;
    for (int32_t one : found)
      any |= one;
    if (any)
      break;
  }
  return static_cast<size_t>(std::find(values + i, values + count, top) - values);
}

size_t argmax(LogitsRow logits, size_t count, bool *finite) {
  size_t blocks = count / kLanes, rest = blocks * kLanes;
  if (!logits.maxima || blocks == 0)
    return argmax(logits.values, count, finite);
  size_t best = argmax(logits.maxima, blocks, finite) * kLanes;
  bool inBlock = true;
  best += argmax(logits.values + best, kLanes, &inBlock);
  if (rest == count || !*finite)
    return best;
  size_t last = rest + argmax(logits.values + rest, count - rest, finite);
  return !*finite || logits.values[last] > logits.values[best] ? last : best;
}

bool Sampler::initialize(const Allocator &allocator, uint32_t size) {
  vocabulary = size;
  return candidates.allocate(allocator, size) && weights.allocate(allocator, size) &&
         blockSums.allocate(allocator, (size + kBlock - 1) / kBlock);
}

void Sampler::selectTopK(LogitsRow logits, size_t k) {
  Candidate *begin = candidates.data(), *end = begin + k;
  for (size_t i = 0; i < k; ++i)
    begin[i] = {logits.values[i], static_cast<int32_t>(i)};
  std::make_heap(begin, end, better); // the worst of the chosen is in front
  size_t inBlocks = logits.maxima ? vocabulary / kLanes * kLanes : 0;
  for (size_t i = k; i < vocabulary; ++i) {
    if (i < inBlocks && i % kLanes == 0 && !(logits.maxima[i / kLanes] > begin->logit)) {
      i += kLanes - 1; // nothing better in this block
      continue;
    }
    if (!(logits.values[i] > begin->logit)) // an equal logit has a higher id and loses
      continue;
    std::pop_heap(begin, end, better);
    end[-1] = {logits.values[i], static_cast<int32_t>(i)};
    std::push_heap(begin, end, better);
  }
  std::sort(begin, end, better);
}

int32_t Sampler::drawSorted(size_t count, float best, float scale, float topP, double total, double uniform) const {
  auto weight = [&](size_t i) { return static_cast<double>(expOfNonPositive((candidates[i].logit - best) * scale)); };
  if (total < 0) {
    total = 0;
    for (size_t i = 0; i < count; ++i)
      total += weight(i);
  }
  double kept = 0, wanted = topP < 1.0f ? total * static_cast<double>(topP) : INFINITY;
  size_t keep = 0;
  while (keep < count && kept < wanted)
    kept += weight(keep++);
  double target = uniform * kept, sum = 0;
  for (size_t i = 0; i < keep; ++i) {
    sum += weight(i);
    if (target < sum)
      return candidates[i].id;
  }
  return candidates[keep ? keep - 1 : 0].id;
}

double Sampler::computeWeights(const float *logits, float best, float scale) {
  double total = 0;
  for (size_t block = 0; block * kBlock < vocabulary; ++block) {
    size_t begin = block * kBlock, end = std::min(begin + kBlock, vocabulary), i = begin;
    float lanes[kLanes] = {};
    for (; i + kLanes <= end; i += kLanes)
      for (size_t lane = 0; lane < kLanes; ++lane) {
        float w = expOfNonPositive((logits[i + lane] - best) * scale);
        weights[i + lane] = w;
        lanes[lane] += w;
      }
    double sum = 0;
    for (float lane : lanes)
      sum += static_cast<double>(lane);
    for (; i < end; ++i) {
      weights[i] = expOfNonPositive((logits[i] - best) * scale);
      sum += static_cast<double>(weights[i]);
    }
    blockSums[block] = sum;
    total += sum;
  }
  return total;
}

int32_t Sampler::drawFromAll(double total, double uniform) const {
  double target = uniform * total;
  size_t block = 0, blocks = (vocabulary + kBlock - 1) / kBlock;
  while (block + 1 < blocks && target >= blockSums[block])
    target -= blockSums[block++];
  size_t begin = block * kBlock, end = std::min(begin + kBlock, vocabulary);
  for (size_t i = begin; i < end; ++i) {
    target -= static_cast<double>(weights[i]);
    if (target < 0)
      return static_cast<int32_t>(i);
  }
  return static_cast<int32_t>(end - 1); // the block's sum was rounded up
}

trafo_status_t Sampler::sample(LogitsRow row, const trafo_sampling_t &settings, uint64_t draw, uint64_t step,
                               trafo_error_t *error, int32_t *outToken) {
  // Written so that NaN fails too.
  if (!(settings.temperature >= 0.0f && settings.temperature <= 1000.0f))
    return fail(error, TRAFO_USAGE, codes::kArgument, "temperature is %g, expects 0 to 1000",
                static_cast<double>(settings.temperature));
  if (!(settings.top_p > 0.0f && settings.top_p <= 1.0f))
    return fail(error, TRAFO_USAGE, codes::kArgument, "top_p is %g, expects more than 0 and at most 1",
                static_cast<double>(settings.top_p));
  if (settings.top_k < 0)
    return fail(error, TRAFO_USAGE, codes::kArgument, "top_k is %d, expects 0 or more", settings.top_k);
  bool finite = false;
  const float *logits = row.values;
  size_t top = argmax(row, vocabulary, &finite);
  if (!finite)
    return fail(error, TRAFO_INTERNAL, codes::kNonFinite,
                "non-finite logits at step %llu: token %zu has %g; the model's weights or its code are broken",
                static_cast<unsigned long long>(step), top, static_cast<double>(logits[top]));
  float best = logits[top], scale = 1.0f / settings.temperature;
  size_t k = static_cast<size_t>(settings.top_k);
  // A temperature so small that its inverse overflows is as good as none.
  if (settings.temperature == 0.0f || k == 1 || !std::isfinite(scale)) {
    *outToken = static_cast<int32_t>(top);
    return TRAFO_OK;
  }
  double uniform = uniformAt(settings.seed, draw);
  if (k > 0 && k < vocabulary) {
    selectTopK(row, k);
    *outToken = drawSorted(k, best, scale, settings.top_p, -1.0, uniform);
    return TRAFO_OK;
  }
  double total = computeWeights(logits, best, scale);
  if (settings.top_p >= 1.0f) {
    *outToken = drawFromAll(total, uniform);
    return TRAFO_OK;
  }
  // All tokens below this bound together weigh less than what top-p leaves out, so only the others need sorting.
  double bound = total * (1.0 - static_cast<double>(settings.top_p)) / static_cast<double>(vocabulary);
  size_t count = 0;
  for (size_t i = 0; i < vocabulary; ++i)
    if (static_cast<double>(weights[i]) >= bound)
      candidates[count++] = {logits[i], static_cast<int32_t>(i)};
  std::sort(candidates.data(), candidates.data() + count, better);
  *outToken = drawSorted(count, best, scale, settings.top_p, total, uniform);
  return TRAFO_OK;
}

} // namespace trafo::runtime
