// SPDX-License-Identifier: Apache-2.0
// For integration tests: the tiny models of tests/golden/tiny, as they are or spoilt on purpose.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/test_folder.h"
#include "format/gguf_writer.h"
#include "model/forward.h"

namespace hearth {

inline std::filesystem::path tiny_path(const std::string& name) {
  return std::filesystem::path(HEARTH_SOURCE_DIR "/tests/golden/tiny") / name;
}

inline nlohmann::json tiny_golden(const std::string& name) {
  return nlohmann::json::parse(std::ifstream(tiny_path(name + ".json")));
}

// A model with the threads that run it.
struct TinyModel {
  std::unique_ptr<ThreadPool> pool;
  std::shared_ptr<const Model> model;

  static Result<TinyModel> load(const std::filesystem::path& path, Isa isa, Numerics numerics,
                                int threads, bool exact = true) {
    TinyModel tiny;
    HEARTH_ASSIGN(tiny.pool, ThreadPool::create(threads));
    HEARTH_ASSIGN(const MappedGguf file, MappedGguf::open(path, path.string()));
    HEARTH_ASSIGN(tiny.model,
                  Model::load(file, {isa, numerics, default_kv_type(numerics), exact}, *tiny.pool));
    return tiny;
  }

  static TinyModel load_golden(const std::string& name, Isa isa, Numerics numerics, int threads) {
    auto tiny = load(tiny_path(name + ".gguf"), isa, numerics, threads);
    if (!tiny.ok()) ADD_FAILURE() << tiny.error().message();
    return std::move(tiny).value();
  }
};

// One context of a model, and what it computes as plain vectors.
class TinySession {
 public:
  TinySession(const TinyModel& tiny, int32_t context)
      : tiny_(tiny),
        workspace_(Workspace::create(*tiny.model, tiny.pool->size(), context).value()),
        sequence_(KvPool::create(tiny.model->config(), tiny.model->kv_type(), context).value()) {}

  // Appends the tokens, `chunk` at a time: logits of all, [tokens][vocabulary].
  std::vector<float> logits(std::span<const int32_t> tokens, std::size_t chunk) {
    const auto columns = static_cast<std::size_t>(tiny_.model->config().vocabulary);
    std::vector<float> out(tokens.size() * columns);
    for (std::size_t at = 0; at < tokens.size(); at += chunk) {
      const std::size_t count = std::min(chunk, tokens.size() - at);
      const auto done =
          forward(*tiny_.model, *tiny_.pool, workspace_, sequence_, tokens.subspan(at, count),
                  LogitRows::kAll, std::span(out).subspan(at * columns, count * columns));
      if (!done.ok()) ADD_FAILURE() << done.error().message();
    }
    return out;
  }

  // The same for the last token only.
  std::vector<float> last_logits(std::span<const int32_t> tokens, std::size_t chunk) {
    std::vector<float> out(static_cast<std::size_t>(tiny_.model->config().vocabulary));
    for (std::size_t at = 0; at < tokens.size(); at += chunk) {
      const auto part = tokens.subspan(at, std::min(chunk, tokens.size() - at));
      const bool last = at + chunk >= tokens.size();
      const auto done = forward(*tiny_.model, *tiny_.pool, workspace_, sequence_, part,
                                last ? LogitRows::kLast : LogitRows::kNone,
                                last ? std::span(out) : std::span<float>());
      if (!done.ok()) ADD_FAILURE() << done.error().message();
    }
    return out;
  }

  // The hidden states of a text, [tokens][embedding].
  std::vector<float> hidden(std::span<const int32_t> tokens) {
    sequence_.truncate(0);
    std::vector<float> out(tokens.size() *
                           static_cast<std::size_t>(tiny_.model->config().embedding));
    const auto done = encode(*tiny_.model, *tiny_.pool, workspace_, sequence_, tokens, out);
    if (!done.ok()) ADD_FAILURE() << done.error().message();
    return out;
  }

  KvSequence& sequence() { return sequence_; }
  Workspace& workspace() { return workspace_; }

 private:
  const TinyModel& tiny_;
  Workspace workspace_;
  KvSequence sequence_;
};

// What to change of a model file.
struct Edits {
  std::set<std::string> without_keys = {};
  std::function<void(GgufWriter&)> add_keys = [](GgufWriter&) {};
  std::set<std::string> without_tensors = {};
  std::function<void(GgufWriter&)> add_tensors = [](GgufWriter&) {};
};

// The error that loading a golden model gives after `edits`.
inline Error error_of_spoilt(const std::string& name, const Edits& edits) {
  const MappedFile file = MappedFile::open(tiny_path(name + ".gguf")).value();
  const GgufFile gguf = GgufFile::parse(file.bytes(), name).value();
  GgufWriter writer;
  for (const GgufEntry& entry : gguf.metadata()) {
    if (!edits.without_keys.contains(std::string(entry.key))) writer.add(entry);
  }
  edits.add_keys(writer);
  for (const GgufTensor& tensor : gguf.tensors()) {
    if (!edits.without_tensors.contains(std::string(tensor.name)))
      writer.add_tensor(tensor.name, tensor.dtype, {tensor.shape.data(), tensor.rank}, tensor.data);
  }
  edits.add_tensors(writer);
  const TestFolder folder;
  const auto path = folder.path() / "spoilt.gguf";
  EXPECT_TRUE(writer.write(path).ok());
  const auto loaded = TinyModel::load(path, Isa::kScalar, Numerics::kFloat, 1);
  if (loaded.ok()) return Error(ErrorCode::kInternal, "it loaded");
  return loaded.error();
}

}  // namespace hearth
