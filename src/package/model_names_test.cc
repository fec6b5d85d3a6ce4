// SPDX-License-Identifier: Apache-2.0
#include "package/model_names.h"

#include <gtest/gtest.h>

namespace hearth {
namespace {

TEST(ModelNames, OfOllama) {
  EXPECT_EQ(store_name("smollm2:latest"), "smollm2");
  EXPECT_EQ(store_name("smollm2:v1"), "smollm2@v1");
  EXPECT_EQ(store_name("c++:v1"), "c++@v1");
  EXPECT_EQ(requested_name("smollm2:v2+tone:0.5+task:latest"), "smollm2@v2+tone:0.5+task");
  EXPECT_EQ(requested_name("smollm2:v2"), "smollm2@v2");
  EXPECT_EQ(ollama_name("smollm2"), "smollm2:latest");
  EXPECT_EQ(ollama_name("smollm2@v1"), "smollm2:v1");
}

TEST(ModelNames, OfAdaptersAndFiles) {
  EXPECT_EQ(split_scale("tone")->name, "tone");
  EXPECT_EQ(split_scale("tone")->scale, 1.0f);
  EXPECT_EQ(split_scale("a:b:0.5")->name, "a:b");
  EXPECT_EQ(split_scale("a:b:0.5")->scale, 0.5f);
  for (const auto* wrong : {"tone:", "tone:much", "tone:1x"}) EXPECT_FALSE(split_scale(wrong));
  EXPECT_TRUE(is_model_path("m.gguf") && is_model_path("./m"));
  EXPECT_FALSE(is_model_path("smollm2@v1"));
}

}  // namespace
}  // namespace hearth
