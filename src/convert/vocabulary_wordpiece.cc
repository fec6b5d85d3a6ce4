// SPDX-License-Identifier: Apache-2.0
// BERT's vocabularies. GGUF marks the tokens that begin a word (U+2581 in front) where the
// checkpoint marks those that go on ("##"); a token in brackets stays as it is.
#include <utility>

#include "base/files.h"
#include "base/strings.h"
#include "convert/vocabulary.h"
#include "text/bert_words.h"

namespace hearth {
namespace {

constexpr std::string_view kContinues = "##";
constexpr std::size_t kVocabularyBytesMax = std::size_t{64} << 20;

// What a BertNormalizer does.
struct Normalization {
  bool clean = true;
  bool spaces_around_chinese = true;
  bool lower_case = true;
  std::optional<bool> strip_accents = {};  // absent: as lower_case
};

struct WordPieceParts {
  TokenTableBuilder tokens;
  Normalization normalization;
};

Error unsupported(const JsonFile& file, std::string_view key, std::string_view value,
                  std::string_view supported) {
  return file.error(
      ErrorCode::kUnsupported, key,
      concat("is ", printable(value), ", which hearth does not follow; supported: ", supported));
}

// A switch of the normalizer; null is absent.
std::optional<bool> boolean_member(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_boolean()) return std::nullopt;
  return found->get<bool>();
}

Result<void> check_model(const JsonFile& file) {
  const Json& model = *file.find("model");
  if (text_member(model, "type") != "WordPiece") {
    return unsupported(file, "model.type", text_member(model, "type"), "WordPiece");
  }
  if (text_member(model, "continuing_subword_prefix") != kContinues) {
    return unsupported(file, "model.continuing_subword_prefix",
                       text_member(model, "continuing_subword_prefix"), kContinues);
  }
  const Json chars = model.value("max_input_chars_per_word", Json(kBertWordCharsMax));
  if (chars != Json(kBertWordCharsMax)) {
    return unsupported(file, "model.max_input_chars_per_word", chars.dump(),
                       concat(kBertWordCharsMax));
  }
  const Json* pre = file.find("pre_tokenizer");
  if (pre == nullptr || text_member(*pre, "type") != "BertPreTokenizer") {
    return unsupported(file, "pre_tokenizer", pre == nullptr ? "null" : text_member(*pre, "type"),
                       "BertPreTokenizer");
  }
  return {};
}

// Texts become [CLS] text [SEP].
Result<void> check_post_processor(const JsonFile& file) {
  const Json* post = file.find("post_processor");
  if (post == nullptr || text_member(*post, "type") == "BertProcessing") return {};
  std::string pieces;
  if (post->is_object() && post->contains("single") && (*post)["single"].is_array()) {
    for (const Json& piece : (*post)["single"]) {
      if (!piece.is_object() || piece.size() != 1) continue;
      pieces += concat(pieces.empty() ? "" : " ", piece.begin().key());
    }
  }
  if (pieces == "SpecialToken Sequence SpecialToken") return {};
  return unsupported(file, "post_processor", concat(text_member(*post, "type"), " (", pieces, ")"),
                     "[CLS] text [SEP]");
}

Result<Normalization> read_normalization(const JsonFile& file) {
  const Json* normalizer = file.find("normalizer");
  if (normalizer == nullptr || text_member(*normalizer, "type") != "BertNormalizer") {
    return unsupported(file, "normalizer",
                       normalizer == nullptr ? "null" : text_member(*normalizer, "type"),
                       "BertNormalizer");
  }
  Normalization read;
  read.clean = boolean_member(*normalizer, "clean_text").value_or(true);
  read.spaces_around_chinese = boolean_member(*normalizer, "handle_chinese_chars").value_or(true);
  read.lower_case = boolean_member(*normalizer, "lowercase").value_or(true);
  read.strip_accents = boolean_member(*normalizer, "strip_accents");
  if (!read.clean) return unsupported(file, "normalizer.clean_text", "false", "true");
  if (!read.spaces_around_chinese) {
    return unsupported(file, "normalizer.handle_chinese_chars", "false", "true");
  }
  return read;
}

Result<WordPieceParts> read_tokenizer_json(const JsonFile& file) {
  HEARTH_ASSIGN(TokenTableBuilder tokens, TokenTableBuilder::read(file));
  HEARTH_TRY(check_model(file));
  HEARTH_TRY(check_post_processor(file));
  HEARTH_ASSIGN(const Normalization normalization, read_normalization(file));
  return WordPieceParts{std::move(tokens), normalization};
}

Result<WordPieceParts> read_vocab_txt(const Checkpoint& checkpoint) {
  const auto text = read_file(checkpoint.file("vocab.txt"), kVocabularyBytesMax);
  if (!text.ok()) {
    if (text.error().code() != ErrorCode::kNotFound) return text.error();
    return Error(ErrorCode::kNotFound,
                 concat(printable(checkpoint.file("").string(), 300),
                        ": there is neither tokenizer.json nor vocab.txt in it; fetch the whole "
                        "folder"));
  }
  HEARTH_ASSIGN(TokenTableBuilder tokens, TokenTableBuilder::from_lines(*text));
  Normalization normalization;
  HEARTH_ASSIGN(const auto config,
                JsonFile::read_if_there(checkpoint.file("tokenizer_config.json")));
  if (config) {
    HEARTH_ASSIGN(const auto lower, config->boolean("do_lower_case"));
    HEARTH_ASSIGN(normalization.strip_accents, config->boolean("strip_accents"));
    HEARTH_ASSIGN(const auto chinese, config->boolean("tokenize_chinese_chars"));
    normalization.lower_case = lower.value_or(true);
    if (!chinese.value_or(true)) {
      return unsupported(*config, "tokenize_chinese_chars", "false", "true");
    }
  }
  return WordPieceParts{std::move(tokens), normalization};
}

// The special tokens that GGUF has a key for.
struct SpecialKey {
  std::string_view member;    // of tokenizer_config.json
  std::string_view fallback;  // what it is where nothing is said
  std::vector<std::string_view> keys;
  bool required;
};

Result<void> add_special_ids(const Checkpoint& checkpoint, TokenTableBuilder& tokens,
                             GgufWriter& writer) {
  const SpecialKey specials[] = {
      {"cls_token", "[CLS]", {"bos_token_id", "cls_token_id"}, true},
      {"sep_token", "[SEP]", {"eos_token_id", "seperator_token_id"}, true},  // GGUF spells it so
      {"unk_token", "[UNK]", {"unknown_token_id"}, true},
      {"pad_token", "[PAD]", {"padding_token_id"}, false},
      {"mask_token", "[MASK]", {"mask_token_id"}, false},
  };
  for (const SpecialKey& special : specials) {
    HEARTH_ASSIGN(std::string text, special_token_text(checkpoint, special.member));
    if (text.empty()) text = special.fallback;
    const auto id = tokens.find(text);
    if (!id && !special.required) continue;
    if (!id) {
      return Error(ErrorCode::kCorrupt, concat("tokenizer: the vocabulary has no ", special.member,
                                               " ", printable(text), "; fetch the folder again"));
    }
    tokens.set_type(*id, TokenType::kControl);
    for (const std::string_view key : special.keys) {
      writer.add(concat("tokenizer.ggml.", key), *id);
    }
  }
  return {};
}

}  // namespace

Result<void> add_wordpiece_vocabulary(const Checkpoint& checkpoint, GgufWriter& writer) {
  HEARTH_ASSIGN(const auto file, JsonFile::read_if_there(checkpoint.file("tokenizer.json")));
  HEARTH_ASSIGN(WordPieceParts parts,
                file ? read_tokenizer_json(*file) : read_vocab_txt(checkpoint));
  HEARTH_ASSIGN(const uint32_t rows,
                checkpoint.config().natural("vocab_size", 1, Vocabulary::kTokensMax));
  writer.add("tokenizer.ggml.model", std::string_view("bert"));
  writer.add("tokenizer.ggml.pre", std::string_view("jina-v2-en"));  // what llama.cpp calls BERT's
  HEARTH_TRY(add_special_ids(checkpoint, parts.tokens, writer));
  for (std::size_t i = 0; i < parts.tokens.tokens().size(); ++i) {
    std::string& token = parts.tokens.tokens()[i];
    if (parts.tokens.type(static_cast<uint32_t>(i)) != TokenType::kNormal) continue;
    if (token.starts_with('[') && token.ends_with(']')) continue;
    token =
        token.starts_with(kContinues) ? token.substr(kContinues.size()) : concat("\u2581", token);
  }
  HEARTH_TRY(parts.tokens.pad_to(rows));
  parts.tokens.add_to(writer);
  writer.add("tokenizer.ggml.add_bos_token", true);
  writer.add("tokenizer.ggml.add_eos_token", true);
  writer.add("tokenizer.ggml.add_sep_token", true);
  const bool lower = parts.normalization.lower_case;
  writer.add("tokenizer.ggml.normalizer.lowercase", lower);
  writer.add("tokenizer.ggml.normalizer.strip_accents",
             parts.normalization.strip_accents.value_or(lower));
  return {};
}

}  // namespace hearth
