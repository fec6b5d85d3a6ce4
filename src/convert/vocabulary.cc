// SPDX-License-Identifier: Apache-2.0
#include "convert/vocabulary.h"

#include <algorithm>

#include "base/strings.h"

namespace hearth {
namespace {

constexpr std::size_t kTokensMax = Vocabulary::kTokensMax;

}  // namespace

std::string text_member(const Json& object, const char* key) {
  if (!object.is_object()) return {};
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Result<std::string> special_token_text(const Checkpoint& checkpoint, std::string_view key) {
  for (const std::string_view name : {"tokenizer_config.json", "special_tokens_map.json"}) {
    HEARTH_ASSIGN(const auto file, JsonFile::read_if_there(checkpoint.file(name)));
    const Json* value = file ? file->find(key) : nullptr;
    if (value == nullptr) continue;
    if (value->is_string()) return value->get<std::string>();
    return text_member(*value, "content");
  }
  return std::string();
}

Result<void> TokenTableBuilder::put(const JsonFile& tokenizer, const std::string& token,
                                    const Json& id, TokenType type) {
  if (!id.is_number_unsigned() || id.get<uint64_t>() >= kTokensMax) {
    return tokenizer.error(ErrorCode::kCorrupt, "token",
                           concat(printable(token), " has no id from 0 to ", kTokensMax - 1,
                                  "; fetch the file again"));
  }
  const auto index = id.get<std::size_t>();
  if (index >= tokens_.size()) {
    tokens_.resize(index + 1);
    types_.resize(index + 1, TokenType::kUnused);
  }
  const bool taken = types_[index] != TokenType::kUnused;
  // An added token usually is in the vocabulary as well.
  if (taken && tokens_[index] != token) {
    return tokenizer.error(ErrorCode::kCorrupt, "token",
                           concat(index, " is both ", printable(tokens_[index]), " and ",
                                  printable(token), "; fetch the file again"));
  }
  tokens_[index] = token;
  types_[index] = type;
  ids_[token] = static_cast<uint32_t>(index);
  return {};
}

Result<TokenTableBuilder> TokenTableBuilder::read(const JsonFile& tokenizer) {
  TokenTableBuilder table;
  const Json* model = tokenizer.find("model");
  if (model == nullptr || !model->is_object() || !model->contains("vocab") ||
      !(*model)["vocab"].is_object()) {
    return tokenizer.error(ErrorCode::kCorrupt, "model.vocab",
                           "is no object; fetch the file again");
  }
  for (const auto& [token, id] : (*model)["vocab"].items()) {
    HEARTH_TRY(table.put(tokenizer, token, id, TokenType::kNormal));
  }
  const Json* added = tokenizer.find("added_tokens");
  if (added != nullptr && added->is_array()) {
    for (const Json& entry : *added) {
      const std::string content = text_member(entry, "content");
      if (content.empty() || !entry.contains("id")) {
        return tokenizer.error(ErrorCode::kCorrupt, "added_tokens",
                               "has an entry without id or content; fetch the file again");
      }
      const bool special = entry.value("special", Json(false)) == Json(true);
      HEARTH_TRY(table.put(tokenizer, content, entry["id"],
                           special ? TokenType::kControl : TokenType::kUserDefined));
    }
  }
  return table;
}

Result<TokenTableBuilder> TokenTableBuilder::from_lines(std::string_view text) {
  TokenTableBuilder table;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (table.tokens_.size() == kTokensMax) {
      return Error(ErrorCode::kCorrupt,
                   concat("vocab.txt: has more than ", kTokensMax, " lines; fetch it again"));
    }
    table.ids_[std::string(line)] = static_cast<uint32_t>(table.tokens_.size());
    table.tokens_.emplace_back(line);
    table.types_.push_back(TokenType::kNormal);
  }
  return table;
}

std::optional<uint32_t> TokenTableBuilder::find(std::string_view token) const {
  const auto found = ids_.find(token);
  return found == ids_.end() ? std::nullopt : std::optional(found->second);
}

Result<void> TokenTableBuilder::pad_to(uint32_t rows) {
  if (tokens_.size() > rows) {
    return Error(ErrorCode::kCorrupt,
                 concat("config.json: vocab_size is ", rows, ", and the tokenizer has ",
                        tokens_.size(), " tokens; fetch the folder again"));
  }
  tokens_.resize(rows);
  types_.resize(rows, TokenType::kUnused);
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    if (types_[i] == TokenType::kUnused) tokens_[i] = concat("[PAD", i, "]");
  }
  return {};
}

void TokenTableBuilder::add_to(GgufWriter& writer) const {
  std::vector<int32_t> types;
  for (const TokenType type : types_) types.push_back(static_cast<int32_t>(type));
  writer.add_array("tokenizer.ggml.tokens", tokens_);
  writer.add_array("tokenizer.ggml.token_type", types);
}

}  // namespace hearth
