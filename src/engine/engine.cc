// SPDX-License-Identifier: Apache-2.0
#include "engine/engine.h"

#include <algorithm>
#include <utility>

#include "base/strings.h"
#include "format/mapped_gguf.h"

namespace hearth {
namespace {

Result<Isa> choose_isa(std::optional<Isa> wanted) {
  if (!wanted) return best_isa();
  const std::span<const Isa> usable = usable_isas();
  if (std::find(usable.begin(), usable.end(), *wanted) != usable.end()) return *wanted;
  std::string names;
  for (const Isa isa : available_isas()) names += concat(names.empty() ? "" : ", ", isa_name(isa));
  return Error(ErrorCode::kUnsupported, concat("instruction set ", isa_name(*wanted),
                                               ": this CPU does not have it; available: ", names));
}

// Errors: kUsage.
Result<void> refuse_adapter(const GgufFile& gguf) {
  HEARTH_ASSIGN(const auto type, gguf.get_string("general.type"));
  if (type != "adapter") return {};
  return Error(ErrorCode::kUsage, concat(gguf.name(), ": is an adapter, no model; load the model ",
                                         "that it was trained for, and it beside"));
}

}  // namespace

Result<std::unique_ptr<Engine>> Engine::load(const std::filesystem::path& path,
                                             const EngineOptions& options) {
  const Stopwatch stopwatch;
  HEARTH_ASSIGN(const Isa isa, choose_isa(options.isa));
  HEARTH_ASSIGN(const MappedGguf file, MappedGguf::open(path, path.string()));
  HEARTH_TRY(refuse_adapter(file.gguf));
  HEARTH_ASSIGN(Tokenizer tokenizer, Tokenizer::create(file.gguf));
  std::unique_ptr<Engine> engine(new Engine(std::move(tokenizer)));
  const int threads = options.threads == 0 ? usable_cpu_count() : options.threads;
  HEARTH_ASSIGN(engine->pool_, ThreadPool::create(threads));
  const Numerics numerics =
      options.numerics.value_or(isa == Isa::kScalar ? Numerics::kFloat : Numerics::kFast);
  if (options.kv_bytes && numerics == Numerics::kFloat) {
    return Error(ErrorCode::kUsage,
                 "keys and values of 8 bits: not in float arithmetic; choose one of the two");
  }
  const KvType kv_type = options.kv_bytes ? KvType::kInt8 : default_kv_type(numerics);
  HEARTH_ASSIGN(engine->model_, Model::load(file, {isa, numerics, kv_type, options.exact},
                                            *engine->pool_, options.packed_folder));
  const int32_t rows = engine->model_->config().vocabulary;
  if (engine->tokenizer_.vocab_size() > rows) {
    return Error(ErrorCode::kCorrupt,
                 concat("token_embd.weight: ", rows, " rows for a vocabulary of ",
                        engine->tokenizer_.vocab_size(), " tokens; fetch the model again"));
  }
  engine->load_template(file.gguf);
  engine->pooling_ = read_pooling(file.gguf);
  engine->load_ms_ = stopwatch.elapsed_ms();
  return engine;
}

void Engine::load_template(const GgufFile& gguf) {
  const auto source = gguf.get_string("tokenizer.chat_template");
  if (!source.ok()) {
    template_error_ = source.error();
  } else if (!*source) {
    template_error_ =
        Error(ErrorCode::kUnsupported, "chat template: the model has none; give it plain text");
  } else if (auto parsed = ChatTemplate::parse(**source); parsed.ok()) {
    template_ = std::move(parsed).value();
  } else {
    template_error_ = std::move(parsed).error();
  }
}

std::vector<TokenId> Engine::encode_raw(std::string_view text) const {
  std::vector<TokenId> ids = tokenizer_.encode(text, SpecialTokens::kAsText);
  if (const auto bos = tokenizer_.bos(); bos && tokenizer_.add_bos()) ids.insert(ids.begin(), *bos);
  return ids;
}

}  // namespace hearth
