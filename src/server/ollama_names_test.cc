// SPDX-License-Identifier: Apache-2.0
#include "server/ollama_names.h"

#include <gtest/gtest.h>

#include <cmath>

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;

// NaN: refused; 0 in place of none.
double seconds_of(const Json& value) {
  const Json body = {{"keep_alive", value}};
  JsonFields fields(body);
  const auto read = read_keep_alive(fields);
  return read.ok() ? read->value_or(0.0) : std::nan("");
}

TEST(OllamaNames, DurationsAreSecondsOrWords) {
  EXPECT_EQ(seconds_of(300), 300);
  EXPECT_EQ(seconds_of(-1), -1);
  EXPECT_EQ(seconds_of("5m"), 300);
  EXPECT_EQ(seconds_of("1h30m"), 5400);
  EXPECT_EQ(seconds_of("1.5s"), 1.5);
  EXPECT_EQ(seconds_of("250ms"), 0.25);
  EXPECT_EQ(seconds_of("-1"), -1);
  EXPECT_EQ(seconds_of("-1m"), -60);
  EXPECT_EQ(seconds_of("0"), 0);
  EXPECT_EQ(seconds_of(nullptr), 0);
  for (const Json& wrong : {Json("soon"), Json(""), Json("-"), Json("5x"), Json("5m5"), Json(true),
                            Json(Json::array()), Json("1e999h")})
    EXPECT_TRUE(std::isnan(seconds_of(wrong))) << wrong;
}

}  // namespace
}  // namespace hearth
