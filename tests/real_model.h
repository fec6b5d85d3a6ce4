// SPDX-License-Identifier: Apache-2.0
// For integration tests: the real models that HEARTH_TEST_MODEL (SmolLM2-135M-Instruct),
// HEARTH_TEST_GEMMA (Gemma-3-270M) and HEARTH_TEST_MINILM (the checkpoint of all-MiniLM-L6-v2)
// name, and the golden data of tests/golden.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include "engine/engine.h"

namespace hearth {

inline const char* real_model_path() { return std::getenv("HEARTH_TEST_MODEL"); }
inline const char* real_gemma_path() { return std::getenv("HEARTH_TEST_GEMMA"); }
inline const char* real_minilm_folder() { return std::getenv("HEARTH_TEST_MINILM"); }

// At the head of a test that needs one of them.
#define HEARTH_NEED_REAL_MODEL()              \
  if (::hearth::real_model_path() == nullptr) \
  GTEST_SKIP() << "HEARTH_TEST_MODEL is not set; ./test sets it"
#define HEARTH_NEED_GEMMA()                   \
  if (::hearth::real_gemma_path() == nullptr) \
  GTEST_SKIP() << "HEARTH_TEST_GEMMA is not set; ./test sets it"
#define HEARTH_NEED_MINILM()                     \
  if (::hearth::real_minilm_folder() == nullptr) \
  GTEST_SKIP() << "HEARTH_TEST_MINILM is not set; ./test sets it"

inline std::unique_ptr<Engine> load_real_model(int threads, std::optional<Isa> isa = {},
                                               std::optional<Numerics> numerics = {}) {
  auto engine = Engine::load(real_model_path(),
                             {.threads = threads, .isa = isa, .numerics = numerics, .exact = true});
  if (!engine.ok()) {
    ADD_FAILURE() << engine.error().message();
    std::abort();
  }
  return std::move(engine).value();
}

// Tokens from all over the vocabulary.
inline std::vector<TokenId> spread_tokens(int32_t count) {
  std::vector<TokenId> ids;
  for (int32_t i = 0; i < count; ++i) ids.push_back(1000 + i * 7919 % 40000);
  return ids;
}

// Logits behind a prompt, fed `chunk` tokens at a time.
inline std::vector<float> logits_by_chunks(Engine& engine, std::span<const TokenId> ids,
                                           std::size_t chunk) {
  auto session = engine.create_session(static_cast<int32_t>(ids.size()) + 8).value();
  std::span<float> logits;
  for (std::size_t at = 0; at < ids.size(); at += chunk)
    logits = session.feed(ids.subspan(at, std::min(chunk, ids.size() - at))).value();
  return {logits.begin(), logits.end()};
}

inline nlohmann::json golden_json(const std::string& name) {
  return nlohmann::json::parse(
      std::ifstream(std::string(HEARTH_SOURCE_DIR "/tests/golden/") + name));
}

// The text of Debian's common licences of these names, in this order; nothing where one of them is
// absent.
inline std::optional<std::string> licence_texts(const std::vector<std::string>& names) {
  std::ostringstream text;
  for (const std::string& name : names) {
    std::ifstream file("/usr/share/common-licenses/" + name);
    if (!file) return std::nullopt;
    text << file.rdbuf();
  }
  return text.str();
}

}  // namespace hearth
