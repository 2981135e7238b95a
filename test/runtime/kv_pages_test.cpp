// Which pages a sequence holds, with and without a window.
#include "runtime/core/kv_pages.h"

#include <gtest/gtest.h>
#include <set>
#include <vector>

using trafo::runtime::Allocator;
using trafo::runtime::KvPages;

namespace {

constexpr int32_t kPage = TRAFO_KV_PAGE_TOKENS;

trafo_manifest_t manifestOf(uint32_t context, uint32_t rows, uint32_t sequences, uint32_t pages, uint64_t window) {
  trafo_manifest_t manifest = {};
  manifest.max_context = context;
  manifest.max_rows = rows;
  manifest.max_sequences = sequences;
  manifest.kv_pages = pages;
  manifest.window = window;
  return manifest;
}

TEST(KvPages, WithoutAWindowASequenceLiesContiguously) {
  KvPages pages;
  ASSERT_TRUE(pages.initialize(Allocator(), manifestOf(4 * kPage, 8, 2, 8, 0)));
  ASSERT_FALSE(pages.grow(1, 3 * kPage + 1));
  for (int32_t i = 0; i < 8; ++i)
    EXPECT_EQ(pages.table()[i], i);
  EXPECT_EQ(pages.pool(0).freePages(), 4);
  EXPECT_EQ(pages.truncate(1, kPage), kPage);
  EXPECT_EQ(pages.pool(0).freePages(), 7);
  EXPECT_EQ(pages.truncate(1, 2 * kPage), kPage) << "there is nothing to forget";
  EXPECT_EQ(pages.truncate(0, 5), 0);
}

TEST(KvPages, AWindowAsLongAsTheContextKeepsAll) {
  for (uint64_t window : {uint64_t(4 * kPage), uint64_t(1) << 40, UINT64_MAX}) {
    KvPages pages;
    ASSERT_TRUE(pages.initialize(Allocator(), manifestOf(4 * kPage, 8, 1, 4, window)));
    ASSERT_FALSE(pages.grow(0, 4 * kPage));
    EXPECT_EQ(pages.pool(0).freePages(), 0);
    EXPECT_EQ(pages.truncate(0, 1), 1);
  }
}

TEST(KvPages, TwoPoolsGrowTogether) {
  trafo_manifest_t manifest = manifestOf(8 * kPage, 28, 2, 16, 100);
  manifest.window_pages = 2 * 3;
  KvPages pages;
  ASSERT_TRUE(pages.initialize(Allocator(), manifest));
  const int32_t *all = pages.table(), *windowed = all + 2 * 8;
  for (int32_t length = 28; length < 6 * kPage; length += 28)
    ASSERT_FALSE(pages.grow(1, length));
  for (int32_t i = 0; i < 6; ++i) {
    EXPECT_EQ(all[8 + i], 8 + i) << "the first pool keeps all";
    EXPECT_EQ(windowed[8 + i], 3 + i % 3) << "the second goes round";
  }
  EXPECT_EQ(pages.pool(0).freePages(), 10);
  EXPECT_EQ(pages.pool(1).freePages(), 3);
  int32_t length = pages.length(1);
  EXPECT_EQ(pages.truncate(1, length - 28), length - 28);
  EXPECT_EQ(pages.truncate(1, kPage), 0)
      << "what the second has given back is computed anew, so the first forgets it too";
  EXPECT_EQ(pages.pool(0).freePages(), 16);
  EXPECT_EQ(pages.pool(1).freePages(), 6);
}

TEST(KvPages, APoolWithoutRoomLeavesTheOtherAsItWas) {
  trafo_manifest_t manifest = manifestOf(8 * kPage, 28, 2, 16, 100);
  manifest.window_pages = 4;
  KvPages pages;
  ASSERT_TRUE(pages.initialize(Allocator(), manifest));
  ASSERT_FALSE(pages.grow(0, 3 * kPage));
  ASSERT_FALSE(pages.grow(1, kPage));
  EXPECT_EQ(pages.grow(1, kPage + 1), &pages.pool(1));
  EXPECT_EQ(pages.length(1), kPage);
  EXPECT_EQ(pages.pool(0).freePages(), 12);
}

/// Window and rows of a step, and the pages that the manifest's rule allows them.
struct Ring {
  int32_t window, rows, pages;
};
class Rings : public testing::TestWithParam<Ring> {};

/// Two sequences in turns, each with its part of the pool and no page more, many times past it.
TEST_P(Rings, HoldWhatRowsSeeForAsLongAsTheContextLasts) {
  auto [window, rows, most] = GetParam();
  const int32_t context = 64 * kPage;
  KvPages pages;
  ASSERT_TRUE(
      pages.initialize(Allocator(), manifestOf(static_cast<uint32_t>(context), static_cast<uint32_t>(rows), 2,
                                               static_cast<uint32_t>(2 * most), static_cast<uint64_t>(window))));
  auto pageOf = [&](int32_t sequence, int32_t position) {
    return pages.table()[sequence * (context / kPage) + position / kPage];
  };
  int32_t length = 0;
  for (uint32_t number = 0; length < context; ++number) {
    // Steps of every size, most of them whole.
    int32_t count = std::min(context - length, number % 3 ? rows : 1 + static_cast<int32_t>(number * 7) % rows);
    for (int32_t sequence : {0, 1}) {
      std::vector<int32_t> before;
      int32_t oldest = std::max(0, length + 1 - window);
      for (int32_t position = oldest; position < length; ++position)
        before.push_back(pageOf(sequence, position));
      ASSERT_FALSE(pages.grow(sequence, length + count)) << length;
      std::set<int32_t> own;
      for (int32_t position = oldest; position < length + count; ++position) {
        own.insert(pageOf(sequence, position));
        if (position < length) {
          ASSERT_EQ(pageOf(sequence, position), before[static_cast<size_t>(position - oldest)]) << "moved";
        }
      }
      ASSERT_EQ(own.size(), static_cast<size_t>((length + count - 1) / kPage - oldest / kPage + 1)) << "shared";
      ASSERT_EQ(*own.begin() / most, sequence) << "outside its part of the pool";
    }
    length += count;
    // What a step added can be taken back and put there again.
    ASSERT_EQ(pages.truncate(1, length - count), length - count);
    ASSERT_FALSE(pages.grow(1, length));
  }
  EXPECT_EQ(pages.pool(0).freePages(), 0);
  EXPECT_FALSE(pages.truncate(0, std::max(0, context - most * kPage) / 2)) << "older positions are gone";
  EXPECT_EQ(pages.length(0), 0);
  EXPECT_EQ(pages.pool(0).freePages(), most);
  EXPECT_EQ(pageOf(0, 0), 0);
  ASSERT_FALSE(pages.grow(0, rows)) << "a sequence that is empty begins anew";
}
INSTANTIATE_TEST_SUITE_P(Sizes, Rings,
                         testing::Values(Ring{1, 1, 2}, Ring{1, 64, 3}, Ring{64, 1, 3}, Ring{100, 28, 3},
                                         Ring{100, 29, 4}, Ring{128, 512, 11}, Ring{500, 7, 9}),
                         [](const auto &info) {
                           return "Window" + std::to_string(info.param.window) + "Rows" +
                                  std::to_string(info.param.rows);
                         });

} // namespace
