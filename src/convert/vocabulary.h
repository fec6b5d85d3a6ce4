// SPDX-License-Identifier: Apache-2.0
// A checkpoint's tokenizer as GGUF metadata (tokenizer.ggml.*, tokenizer.chat_template). What the
// reader of GGUF files could not follow to the letter is refused by name. Internal to the folder.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "convert/checkpoint.h"
#include "convert/json_file.h"
#include "format/gguf_writer.h"
#include "text/tokenizer_vocabulary.h"

namespace hearth {

// tokenizer.json, or vocab.txt with tokenizer_config.json. Errors: kNotFound (neither is there),
// kCorrupt (malformed: named), kUnsupported (a kind of tokenizer, normalizer or post-processor that
// hearth does not follow: named, with what is supported).
Result<void> add_wordpiece_vocabulary(const Checkpoint& checkpoint, GgufWriter& writer);

// tokenizer.json. Errors: as above.
Result<void> add_byte_level_vocabulary(const Checkpoint& checkpoint, GgufWriter& writer);

// What both share.

// The tokens by their ids, each with its type.
class TokenTableBuilder {
 public:
  // From tokenizer.json: model.vocab, then added_tokens, which are control tokens where they are
  // special and user-defined ones where not. Errors: kCorrupt (ids out of range or used twice).
  static Result<TokenTableBuilder> read(const JsonFile& tokenizer);
  // One token a line. Errors: kCorrupt (more lines than any vocabulary has).
  static Result<TokenTableBuilder> from_lines(std::string_view text);

  std::vector<std::string>& tokens() { return tokens_; }
  void set_type(uint32_t id, TokenType type) { types_[id] = type; }
  TokenType type(uint32_t id) const { return types_[id]; }
  std::optional<uint32_t> find(std::string_view token) const;
  // Fills up to the rows that the model has: unused tokens. Errors: kCorrupt (it has fewer).
  Result<void> pad_to(uint32_t rows);
  // tokenizer.ggml.tokens and token_type.
  void add_to(GgufWriter& writer) const;

 private:
  Result<void> put(const JsonFile& tokenizer, const std::string& token, const Json& id,
                   TokenType type);

  std::vector<std::string> tokens_;
  std::vector<TokenType> types_;
  std::map<std::string, uint32_t, std::less<>> ids_;
};

// A member of an object that is a string; empty where it is none.
std::string text_member(const Json& object, const char* key);

// "bos_token" and the like of tokenizer_config.json or special_tokens_map.json, which may be a
// string or an object with `content`; empty where neither names it.
Result<std::string> special_token_text(const Checkpoint& checkpoint, std::string_view key);

}  // namespace hearth
