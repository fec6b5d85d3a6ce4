// SPDX-License-Identifier: Apache-2.0
#include "base/xxh64.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>

namespace hearth {
namespace {

uint64_t hash_of(std::string_view text) { return xxh64(std::as_bytes(std::span(text))); }

// Values of the reference implementation (python-xxhash 4.1.0).
TEST(Xxh64, MatchesTheReference) {
  EXPECT_EQ(hash_of(""), 0xef46db3751d8e999u);
  EXPECT_EQ(hash_of("a"), 0xd24ec4f1a98c6e5bu);
  EXPECT_EQ(hash_of("abc"), 0x44bc2cf5ad770999u);
  EXPECT_EQ(hash_of("The quick brown fox jumps over the lazy dog"), 0x0b242d361fda71bcu);
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  EXPECT_EQ(hash_of(bytes), 0x1facbe8406cd904bu);
  EXPECT_EQ(hash_of(std::string_view(bytes).substr(0, 63)), 0xe26aa9e2a95f8e4fu);
}

TEST(Xxh64, HowTheBytesAreCutDoesNotMatter) {
  std::string bytes;
  for (int i = 0; i < 300; ++i) bytes += static_cast<char>(i * 7);
  const auto all = std::as_bytes(std::span(bytes));
  for (std::size_t step = 1; step < 70; ++step) {
    Xxh64 hash;
    for (std::size_t at = 0; at < all.size(); at += step) {
      hash.update(all.subspan(at, std::min(step, all.size() - at)));
    }
    EXPECT_EQ(hash.digest(), xxh64(all)) << step;
  }
}

TEST(Xxh64, ASeedChangesIt) { EXPECT_EQ(Xxh64(1).digest(), 0xd5afba1336a3be4bu); }

}  // namespace
}  // namespace hearth
