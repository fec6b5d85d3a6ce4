// SPDX-License-Identifier: Apache-2.0
// hearth_model_*: loading, what a model is, and its tokenizer.
#include <algorithm>
#include <vector>

#include "capi/boundary.h"
#include "capi/handles.h"
#include "capi/objects.h"
#include "engine/embed.h"

using namespace hearth;
using namespace hearth::capi;

namespace {

constexpr int32_t kThreadsMax = 256;
constexpr int32_t kDefaultContextMax = 8192;

Result<std::optional<Numerics>> read_numerics(int32_t numerics) {
  switch (numerics) {
    case HEARTH_NUMERICS_DEFAULT:
      return std::optional<Numerics>();
    case HEARTH_NUMERICS_FAST:
    case HEARTH_NUMERICS_EXACT:
      return std::optional(Numerics::kFast);
    case HEARTH_NUMERICS_FLOAT:
      return std::optional(Numerics::kFloat);
    default:
      return usage(concat("numerics: ", numerics, " is not known; use HEARTH_NUMERICS_*"));
  }
}

int32_t numerics_in_use(const Model& model) {
  if (model.numerics() == Numerics::kFloat) return HEARTH_NUMERICS_FLOAT;
  return model.is_exact() ? HEARTH_NUMERICS_EXACT : HEARTH_NUMERICS_FAST;
}

Result<std::optional<Isa>> read_isa(const char* name) {
  if (name == nullptr) return std::optional<Isa>();
  const std::optional<Isa> isa = parse_isa(name);
  if (isa) return isa;
  std::string names;
  for (const Isa one : available_isas()) names += concat(names.empty() ? "" : ", ", isa_name(one));
  return usage(concat("isa: \"", printable(name), "\" is not known; this CPU has ", names));
}

Result<EngineOptions> read_engine_options(const hearth_model_options& given) {
  HEARTH_TRY(check_reserved(given.adapters != nullptr, "adapters", "adapters"));
  if (given.kv_bits != 0 && given.kv_bits != 8 && given.kv_bits != 16) {
    return usage(concat("kv_bits: ", given.kv_bits, " is not known; use 8, 16 or 0"));
  }
  if (given.threads < 0 || given.threads > kThreadsMax) {
    return usage(concat("threads: ", given.threads, " is outside 1 to ", kThreadsMax,
                        "; use 0 for all that this process may use"));
  }
  EngineOptions options;
  options.threads = given.threads;
  options.kv_bytes = given.kv_bits == 8;
  HEARTH_ASSIGN(options.isa, read_isa(given.isa));
  HEARTH_ASSIGN(options.numerics, read_numerics(given.numerics));
  options.exact = given.numerics == HEARTH_NUMERICS_EXACT;
  return options;
}

Result<SpecialTokens> read_flags(uint32_t flags, uint32_t known) {
  if ((flags & ~known) != 0) {
    return usage(concat("flags: ", flags & ~known, " is not known here; use HEARTH_TEXT_*"));
  }
  return (flags & HEARTH_TEXT_SPECIAL) != 0 ? SpecialTokens::kParse : SpecialTokens::kAsText;
}

Result<void> check_token(int32_t token, int32_t vocabulary) {
  if (token >= 0 && token < vocabulary) return {};
  return usage(concat("token ", token, ": is outside the vocabulary of ", vocabulary,
                      "; use ids of this model"));
}

hearth_model_info describe(const ModelObject& model, std::size_t struct_size) {
  const Engine& engine = *model.engine;
  const ModelConfig& config = engine.model().config();
  hearth_model_info info{};
  info.struct_size = struct_size;
  info.architecture = config.architecture.name.data();  // a literal: ends with NUL
  info.name = config.name.c_str();
  info.isa = isa_name(engine.model().isa()).data();  // a literal: ends with NUL
  info.numerics = numerics_in_use(engine.model());
  info.threads = model.engine->pool().size();
  info.context_max = config.context_max;
  info.context = model.context;
  info.vocabulary_size = engine.tokenizer().vocab_size();
  info.bos = engine.tokenizer().bos().value_or(-1);
  info.eos = engine.tokenizer().eos().value_or(-1);
  info.has_chat_template = engine.has_chat_template() ? 1 : 0;
  info.layers = config.layers;
  info.embedding_size = config.embedding;
  info.weight_bytes = engine.model().weight_bytes();
  info.load_ms = engine.load_ms();
  return info;
}

}  // namespace

hearth_status hearth_model_options_init(hearth_model_options* options, std::size_t struct_size) {
  return init_options(options, struct_size, "model options", [](hearth_model_options&) {});
}

hearth_status hearth_model_load(const char* path, const hearth_model_options* options,
                                hearth_model** model) {
  if (model != nullptr) *model = nullptr;
  return at_boundary([&]() -> Result<void> {
    HEARTH_TRY(check_pointer(model, "model"));
    HEARTH_TRY(check_pointer(path, "path"));
    HEARTH_ASSIGN(const hearth_model_options given,
                  read_options(options, "model options", hearth_model_options_init));
    HEARTH_ASSIGN(const EngineOptions wanted, read_engine_options(given));
    HEARTH_ASSIGN(auto engine, Engine::load(path, wanted));
    const int32_t context_max = engine->model().config().context_max;
    if (given.context < 0 || given.context > context_max) {
      return usage(concat("context: ", given.context, " tokens is outside 1 to ", context_max,
                          ", what the model was made for; use 0 for its own"));
    }
    auto object = std::make_shared<ModelObject>(std::move(engine));
    object->context =
        given.context != 0 ? given.context : std::min(kDefaultContextMax, context_max);
    *model = static_cast<hearth_model*>(add_handle(HandleKind::kModel, std::move(object)));
    return {};
  });
}

hearth_status hearth_model_unload(hearth_model* model) {
  if (model == nullptr) return HEARTH_OK;
  return at_boundary([&]() -> Result<void> {
    HEARTH_TRY(find_model(model));  // says what is wrong
    take_handle(HandleKind::kModel, model);
    return {};
  });
}

hearth_status hearth_model_prewarm(hearth_model* model) {
  return at_boundary([&]() -> Result<void> {
    HEARTH_ASSIGN(const auto object, find_model(model));
    HEARTH_ASSIGN(const Turn turn, object->turnstile.enter());
    if (object->engine->model().config().head == Head::kNone) {  // it only embeds
      HEARTH_TRY(object->engine->embed("a", {.pooling = Pooling::kMean}));
      return {};
    }
    HEARTH_ASSIGN(Session session, object->engine->create_session(1));
    const TokenId token = object->engine->tokenizer().bos().value_or(0);
    HEARTH_TRY(session.feed({&token, 1}));
    return {};
  });
}

hearth_status hearth_model_describe(hearth_model* model, hearth_model_info* info) {
  return at_boundary([&]() -> Result<void> {
    HEARTH_TRY(check_output(info, "model info"));
    HEARTH_ASSIGN(const auto object, find_model(model));
    *info = describe(*object, info->struct_size);
    return {};
  });
}

hearth_status hearth_model_is_end(hearth_model* model, int32_t token, int32_t* is_end) {
  return at_boundary([&]() -> Result<void> {
    HEARTH_TRY(check_pointer(is_end, "is_end"));
    HEARTH_ASSIGN(const auto object, find_model(model));
    const Tokenizer& tokenizer = object->engine->tokenizer();
    HEARTH_TRY(check_token(token, tokenizer.vocab_size()));
    *is_end = tokenizer.is_end(token) ? 1 : 0;
    return {};
  });
}

hearth_status hearth_model_tokenize(hearth_model* model, const char* text, std::size_t bytes,
                                    uint32_t flags, int32_t* tokens, std::size_t capacity,
                                    std::size_t* count) {
  return at_boundary([&]() -> Result<void> {
    HEARTH_TRY(check_pointer(count, "count"));
    HEARTH_ASSIGN(const auto object, find_model(model));
    HEARTH_ASSIGN(const std::string_view given, read_text(text, bytes, "text"));
    HEARTH_ASSIGN(const SpecialTokens special,
                  read_flags(flags, HEARTH_TEXT_SPECIAL | HEARTH_TEXT_BOS));
    const Tokenizer& tokenizer = object->engine->tokenizer();
    std::vector<TokenId> ids = tokenizer.encode(given, special);
    const auto bos = tokenizer.bos();
    if ((flags & HEARTH_TEXT_BOS) != 0 && bos && tokenizer.add_bos()) ids.insert(ids.begin(), *bos);
    return write_array(std::span<const TokenId>(ids), tokens, capacity, count, "tokens");
  });
}

hearth_status hearth_model_count_unspellable(hearth_model* model, const char* text,
                                             std::size_t bytes, std::size_t* count) {
  return at_boundary([&]() -> Result<void> {
    HEARTH_TRY(check_pointer(count, "count"));
    HEARTH_ASSIGN(const auto object, find_model(model));
    HEARTH_ASSIGN(const std::string_view given, read_text(text, bytes, "text"));
    *count = object->engine->tokenizer().unspellable_bytes(given);
    return {};
  });
}

hearth_status hearth_model_detokenize(hearth_model* model, const int32_t* tokens, std::size_t count,
                                      uint32_t flags, char* text, std::size_t capacity,
                                      std::size_t* bytes) {
  return at_boundary([&]() -> Result<void> {
    HEARTH_TRY(check_pointer(bytes, "bytes"));
    HEARTH_ASSIGN(const auto object, find_model(model));
    HEARTH_ASSIGN(const auto ids, read_array(tokens, count, "tokens"));
    HEARTH_ASSIGN(const SpecialTokens special, read_flags(flags, HEARTH_TEXT_SPECIAL));
    const Tokenizer& tokenizer = object->engine->tokenizer();
    for (const TokenId id : ids) HEARTH_TRY(check_token(id, tokenizer.vocab_size()));
    return write_text(tokenizer.decode(ids, special), text, capacity, bytes, "text");
  });
}
