// SPDX-License-Identifier: Apache-2.0
#include "package/model_names.h"

#include <gtest/gtest.h>

namespace hearth {
namespace {

TEST(ModelNames, OfOllama) {
  EXPECT_EQ(store_name("smollm2:latest"), "smollm2");
  EXPECT_EQ(store_name("smollm2:v1"), "smollm2@v1");
  EXPECT_EQ(store_name("smollm2:v2+tone:0.5+task:latest"), "smollm2@v2+tone:0.5+task");
  EXPECT_EQ(ollama_name("smollm2"), "smollm2:latest");
  EXPECT_EQ(ollama_name("smollm2@v1"), "smollm2:v1");
}

}  // namespace
}  // namespace hearth
