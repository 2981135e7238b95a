//===- RoundToFormatTest.cpp - floats to nearest even ---------------------===//
//
// From float (lib/Import/Quantize.h) and from double, over all values of the formats and between them.
//
//===----------------------------------------------------------------------===//
#include "lib/Packer/RoundToFormat.h"
#include "lib/Import/Quantize.h"
#include "gtest/gtest.h"

#include <cmath>

using namespace trafo;

namespace {
TEST(RoundToFormat, EveryHalfComesBack) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    float value = f16ToF32(static_cast<uint16_t>(bits));
    if (std::isnan(value)) {
      EXPECT_TRUE(std::isnan(f16ToF32(f32ToF16(value))));
      continue;
    }
    ASSERT_EQ(f32ToF16(value), bits);
    ASSERT_EQ(roundToF16(static_cast<double>(value)), bits);
  }
}

TEST(RoundToFormat, EveryBFloatComesBack) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    float value = bf16ToF32(static_cast<uint16_t>(bits));
    if (std::isnan(value)) {
      EXPECT_TRUE(std::isnan(bf16ToF32(f32ToBF16(value))));
      continue;
    }
    ASSERT_EQ(f32ToBF16(value), bits);
    ASSERT_EQ(roundToBF16(static_cast<double>(value)), bits);
  }
}

// Between neighbours: the middle goes to the even one, a hair to either side to the nearer.
TEST(RoundToFormat, HalvesBetweenNeighbours) {
  for (uint32_t bits = 0; bits < 0x7bff; ++bits) {
    double low = f16ToF32(static_cast<uint16_t>(bits)), high = f16ToF32(static_cast<uint16_t>(bits + 1));
    double middle = (low + high) / 2;
    uint32_t even = bits % 2 ? bits + 1 : bits;
    ASSERT_EQ(f32ToF16(static_cast<float>(middle)), even);
    ASSERT_EQ(roundToF16(middle), even);
    ASSERT_EQ(roundToF16(-middle), even | 0x8000u);
    ASSERT_EQ(f32ToF16(std::nextafterf(static_cast<float>(middle), 0.0f)), bits);
    ASSERT_EQ(f32ToF16(std::nextafterf(static_cast<float>(middle), 1e9f)), bits + 1);
    // Through float these two would land on the middle and go to the even neighbour.
    ASSERT_EQ(roundToF16(std::nextafter(middle, 0.0)), bits);
    ASSERT_EQ(roundToF16(std::nextafter(middle, 1e9)), bits + 1);
  }
}

TEST(RoundToFormat, BFloatsBetweenNeighbours) {
  for (uint32_t bits = 0; bits < 0x7f7f; bits += 3) {
    double low = bf16ToF32(static_cast<uint16_t>(bits)), high = bf16ToF32(static_cast<uint16_t>(bits + 1));
    double middle = (low + high) / 2;
    ASSERT_EQ(roundToBF16(middle), bits % 2 ? bits + 1 : bits);
    ASSERT_EQ(roundToBF16(std::nextafter(middle, 0.0)), bits);
    ASSERT_EQ(roundToBF16(std::nextafter(middle, 1e300)), bits + 1);
  }
}

TEST(RoundToFormat, Overflow) {
  EXPECT_EQ(f32ToF16(65519.996f), 0x7bff);
  EXPECT_EQ(f32ToF16(65520.0f), 0x7c00);
  EXPECT_EQ(roundToF16(-1e30), 0xfc00);
  EXPECT_EQ(roundToF16(1e300), 0x7c00);
  EXPECT_EQ(roundToBF16(-1e300), 0xff80);
}
} // namespace
