// SPDX-License-Identifier: Apache-2.0
// Building a Bpe from the arrays of a file, and everything that can be wrong with them.
#include <algorithm>
#include <string>

#include "base/strings.h"
#include "text/bpe.h"
#include "text/bpe_alphabet.h"
#include "text/tokenizer_special.h"

namespace hearth {
namespace {

Error bad_merge(std::string_view merge, std::size_t index, std::string_view why) {
  return tokenizer_error(concat("merge ", index, " ('", printable(merge), "') ", why));
}

// Merges go into the table so many at a time: enough to hide the latency of memory.
constexpr std::size_t kMergeBlock = 32;

constexpr TokenId kTokensAhead = 16;  // likewise for tokens

// One merge on its way into the table.
struct MergePieces {
  std::string_view left, right;  // bytes behind each other, and padding
  uint64_t left_hash, right_hash;
  TokenId left_id, right_id;

  std::string_view both() const { return {left.data(), left.size() + right.size()}; }
};

// Splits "left right" and writes the bytes of both to `out`.
Result<MergePieces> split_merge(std::string_view merge, std::size_t index, char* out) {
  const AlphabetRead left = read_alphabet(merge, out);
  const std::string_view rest =
      merge.substr(left.read);  // from the space on, which no alphabet has
  if (left.read == 0 || rest.size() < 2 || rest[0] != ' ') {
    return bad_merge(merge, index, "is not two pieces of the byte alphabet with a space between");
  }
  const AlphabetRead right = read_alphabet(rest.substr(1), out + left.written);
  if (right.read != rest.size() - 1) {
    return bad_merge(merge, index, "is not two pieces of the byte alphabet with a space between");
  }
  const std::string_view left_bytes(out, left.written);
  const std::string_view right_bytes(out + left.written, right.written);
  return MergePieces{left_bytes, right_bytes, hash_padded(left_bytes), hash_padded(right_bytes),
                     -1,         -1};
}

Result<const PreTokenizer*> named_pre_tokenizer(std::string_view name) {
  if (const PreTokenizer* known = find_pre_tokenizer(name)) return known;
  const std::string problem =
      name.empty() ? std::string("the file names no pre-tokenizer (tokenizer.ggml.pre)")
                   : concat("unknown pre-tokenizer '", printable(name), "' (tokenizer.ggml.pre)");
  return Error(ErrorCode::kUnsupported,
               concat("tokenizer: ", problem, "; supported: ", pre_tokenizer_names()));
}

// Control and user-defined tokens are spelled plainly, the others in the byte alphabet.
bool is_plain(TokenType type) {
  return type == TokenType::kControl || type == TokenType::kUserDefined;
}

}  // namespace

Result<Vocabulary> read_byte_level_vocabulary(const TokenizerSource& source) {
  HEARTH_ASSIGN(const std::size_t bytes, check_tokens(source));
  const std::size_t count = source.tokens.size();
  Vocabulary vocabulary(count, bytes);
  for (std::size_t i = 0; i < count; ++i) {
    const int32_t type = source.types.empty() ? 1 : source.types[i];
    const auto token_type = static_cast<TokenType>(type);
    vocabulary.add(token_type, [&](char* out) {
      const std::string_view spelled = source.tokens[i];
      if (!is_plain(token_type)) {
        const AlphabetRead result = read_alphabet(spelled, out);
        if (result.read == spelled.size()) return result.written;
      }
      // What the alphabet does not have stands for itself, as in the reference's decoder.
      return spelled.copy(out, spelled.size());
    });
  }
  return vocabulary;
}

Result<std::unique_ptr<const Bpe>> Bpe::create(const TokenizerSource& source,
                                               const PreTokenizer& pre,
                                               const Vocabulary& vocabulary) {
  std::unique_ptr<Bpe> bpe(new Bpe(pre, vocabulary));
  HEARTH_TRY(bpe->index_tokens(source));
  HEARTH_TRY(bpe->find_byte_tokens());
  HEARTH_TRY(bpe->index_merges(source.merges));
  if (pre.whole_pieces == WholePieces::kMerge) bpe->tokens_ = TokenTable();
  return std::unique_ptr<const Bpe>(std::move(bpe));
}

Result<TokenizerParts> create_byte_level_bpe(const TokenizerSource& source) {
  HEARTH_ASSIGN(const PreTokenizer* pre, named_pre_tokenizer(source.pre));
  HEARTH_ASSIGN(Vocabulary vocabulary, read_byte_level_vocabulary(source));
  TokenizerParts parts;
  parts.vocabulary = std::make_unique<const Vocabulary>(std::move(vocabulary));
  HEARTH_ASSIGN(parts.encoder, Bpe::create(source, *pre, *parts.vocabulary));
  parts.pre_tokenizer = pre->name;
  parts.bos_default = pre->bos_default;
  parts.specials = special_tokens(*parts.vocabulary);
  return parts;
}

// Fills tokens_ with what merging may yield, and refuses a vocabulary in which a token stands
// twice.
Result<void> Bpe::index_tokens(const TokenizerSource& source) {
  struct Apart {
    std::string_view spelled;
    TokenId id;
  };
  std::vector<Apart> apart;  // spelled plainly: compared with each other as spelled
  tokens_ = TokenTable(static_cast<std::size_t>(vocabulary_->size()));
  for (TokenId id = 0; id < vocabulary_->size(); ++id) {
    if (const TokenId soon = id + kTokensAhead; vocabulary_->contains(soon)) {
      tokens_.prefetch(hash_padded(vocabulary_->bytes(soon)));
    }
    const std::string_view spelled = source.tokens[static_cast<std::size_t>(id)];
    // Every spelling of the alphabet but that of 0x21-0x7e is longer than what it spells.
    const bool outside =
        vocabulary_->bytes(id).size() == spelled.size() &&
        !std::all_of(spelled.begin(), spelled.end(), [](char c) { return c >= 0x21 && c <= 0x7e; });
    if (is_plain(vocabulary_->type(id)) || outside) {
      apart.push_back({spelled, id});
      continue;
    }
    switch (tokens_.insert(*vocabulary_, id)) {
      case Inserted::kYes:
        break;
      case Inserted::kAlreadyThere:
        return duplicate_tokens(tokens_.find(*vocabulary_, vocabulary_->bytes(id)), id, spelled);
      case Inserted::kTooManyCollisions:
        return tokenizer_error(
            concat("token ", id, " collides with more than ", kProbesMax, " others"));
    }
  }
  std::sort(apart.begin(), apart.end(), [](const Apart& a, const Apart& b) {
    return a.spelled != b.spelled ? a.spelled < b.spelled : a.id < b.id;
  });
  for (std::size_t i = 0; i < apart.size(); ++i) {
    const auto& [spelled, id] = apart[i];
    if (i + 1 < apart.size() && spelled == apart[i + 1].spelled) {
      return duplicate_tokens(id, apart[i + 1].id, spelled);
    }
    const TokenId other = tokens_.find(*vocabulary_, vocabulary_->bytes(id));
    if (other >= 0 && source.tokens[static_cast<std::size_t>(other)] == spelled) {
      return duplicate_tokens(other, id, spelled);
    }
  }
  // Families whose vocabulary holds user-defined tokens that are also merges: those may be built,
  // too.
  for (const auto& [spelled, id] : apart) {
    if (vocabulary_->type(id) != TokenType::kUserDefined) continue;
    if (tokens_.insert(*vocabulary_, id) == Inserted::kTooManyCollisions) {
      return tokenizer_error(
          concat("token ", id, " collides with more than ", kProbesMax, " others"));
    }
  }
  return {};
}

// SmolLM2's vocabulary lacks 21 bytes (control characters, and bytes that UTF-8 hardly or never
// has), so only those of plain text are demanded.
Result<void> Bpe::find_byte_tokens() {
  for (int32_t value = 0; value < 256; ++value) {
    const char byte = static_cast<char>(value);
    const TokenId id = tokens_.find(*vocabulary_, {&byte, 1});
    byte_tokens_[static_cast<std::size_t>(value)] = id;
    if (id < 0 && (value == '\n' || (value >= 0x20 && value <= 0x7e))) {
      return tokenizer_error(concat("the vocabulary has no token for the byte '",
                                    printable({&byte, 1}), "': not a byte-level vocabulary"));
    }
  }
  return {};
}

Result<void> Bpe::index_merges(std::span<const std::string_view> merges) {
  if (merges.empty())
    return tokenizer_error("the merges (tokenizer.ggml.merges) are empty or missing");
  if (merges.size() > MergeTable::kMergesMax) {
    return tokenizer_error(
        concat(merges.size(), " merges are more than the ", MergeTable::kMergesMax, " supported"));
  }
  merges_ = MergeTable(merges.size());
  merged_.reserve(merges.size());
  std::string scratch;
  for (std::size_t first = 0; first < merges.size(); first += kMergeBlock) {
    const std::size_t count = std::min(kMergeBlock, merges.size() - first);
    HEARTH_TRY(index_merge_block(merges.subspan(first, count), first, scratch));
  }
  return {};
}

// Step by step for a block at a time, so that the memory that each step needs was asked for in the
// step before.
Result<void> Bpe::index_merge_block(std::span<const std::string_view> merges, std::size_t first,
                                    std::string& scratch) {
  std::array<MergePieces, kMergeBlock> block;
  std::size_t bytes = Vocabulary::kPaddingBytes;
  for (const std::string_view merge : merges) bytes += merge.size();
  if (scratch.size() < bytes) scratch.resize(bytes);
  char* out = scratch.data();
  for (std::size_t i = 0; i < merges.size(); ++i) {
    HEARTH_ASSIGN(block[i], split_merge(merges[i], first + i, out));
    tokens_.prefetch(block[i].left_hash);
    tokens_.prefetch(block[i].right_hash);
    out += block[i].both().size();
  }
  for (std::size_t i = 0; i < merges.size(); ++i) {
    MergePieces& pieces = block[i];
    pieces.left_id = tokens_.find_padded(*vocabulary_, pieces.left, pieces.left_hash);
    pieces.right_id = tokens_.find_padded(*vocabulary_, pieces.right, pieces.right_hash);
    const TokenId merged = find_merged(pieces.both());
    if (pieces.left_id < 0 || pieces.right_id < 0 || merged < 0) {
      return bad_merge(merges[i], first + i,
                       concat(pieces.left_id < 0    ? "begins with"
                              : pieces.right_id < 0 ? "ends with"
                                                    : "yields",
                              " a piece that is not in the vocabulary"));
    }
    merges_.prefetch(pieces.left_id, pieces.right_id);
    merged_.push_back(merged);
  }
  for (std::size_t i = 0; i < merges.size(); ++i) {
    const TokenId left = block[i].left_id, right = block[i].right_id;
    const Inserted inserted = merges_.insert(left, right, static_cast<uint32_t>(first + i));
    if (inserted == Inserted::kAlreadyThere) {
      return bad_merge(merges[i], first + i, concat("repeats merge ", merges_.find(left, right)));
    }
    if (inserted == Inserted::kTooManyCollisions) {
      return bad_merge(merges[i], first + i,
                       concat("collides with more than ", kProbesMax, " others"));
    }
  }
  return {};
}

// What a merge yields is mostly the next id after what the merge before it yielded, or the same:
// looked at before the table is.
TokenId Bpe::find_merged(std::string_view padded) const {
  if (!merged_.empty()) {
    for (const TokenId near : {merged_.back() + 1, merged_.back()}) {
      if (vocabulary_->contains(near) && vocabulary_->type(near) == TokenType::kNormal &&
          equal_padded(vocabulary_->bytes(near), padded)) {
        return near;
      }
    }
  }
  return tokens_.find_padded(*vocabulary_, padded, hash_padded(padded));
}

}  // namespace hearth
