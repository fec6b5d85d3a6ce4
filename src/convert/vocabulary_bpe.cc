// SPDX-License-Identifier: Apache-2.0
// Byte-level BPE vocabularies. A GGUF file only names its pre-tokenizer, so the one that
// tokenizer.json spells out has to be one whose name is known (text/pre_tokenizer.h).
#include "base/files.h"
#include "base/strings.h"
#include "convert/vocabulary.h"
#include "text/pre_tokenizer.h"

namespace hearth {
namespace {

constexpr std::size_t kTemplateBytesMax = std::size_t{1} << 20;

struct KnownPreTokenizer {
  std::string_view name;     // tokenizer.ggml.pre
  std::string_view summary;  // as summarized() writes it
};

// As published with each family.
constexpr KnownPreTokenizer kKnown[] = {
    {"gpt-2", "ByteLevel(regex)"},
    {"smollm", "Digits(individual) ByteLevel(regex)"},
    {"llama-bpe", R"(Split((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|)"
                  R"( ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+) ByteLevel())"},
    {"qwen2", R"(Split((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}|)"
              R"( ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+) ByteLevel())"},
};

Error unsupported(const JsonFile& file, std::string_view key, std::string_view value,
                  std::string_view supported) {
  return file.error(ErrorCode::kUnsupported, key,
                    concat("is ", printable(value, 400),
                           ", which hearth does not follow; supported: ", supported));
}

bool is_true(const Json& object, const char* key, bool fallback) {
  return object.value(key, Json(fallback)) == Json(true);
}

// A pre-tokenizer in one line: its steps with what matters of their settings.
std::string summarized(const Json& pre) {
  const std::string type = text_member(pre, "type");
  if (type == "Sequence" && pre.contains("pretokenizers") && pre["pretokenizers"].is_array()) {
    std::string steps;
    for (const Json& step : pre["pretokenizers"]) {
      steps += concat(steps.empty() ? "" : " ", summarized(step));
    }
    return steps;
  }
  if (type == "ByteLevel") {
    if (is_true(pre, "add_prefix_space", true)) return "ByteLevel(prefix space)";
    return is_true(pre, "use_regex", true) ? "ByteLevel(regex)" : "ByteLevel()";
  }
  if (type == "Digits")
    return is_true(pre, "individual_digits", false) ? "Digits(individual)" : type;
  if (type == "Split" && pre.contains("pattern") && !is_true(pre, "invert", false) &&
      text_member(pre, "behavior") == "Isolated") {
    return concat("Split(", text_member(pre["pattern"], "Regex"), ")");
  }
  return type.empty() ? "null" : type;
}

Result<const PreTokenizer*> recognized(const JsonFile& file) {
  const Json* pre = file.find("pre_tokenizer");
  const std::string summary = pre == nullptr ? "null" : summarized(*pre);
  std::string names;
  for (const KnownPreTokenizer& known : kKnown) {
    if (known.summary == summary) return find_pre_tokenizer(known.name);
    names += concat(names.empty() ? "" : ", ", known.name);
  }
  return unsupported(file, "pre_tokenizer", summary, concat("those of ", names));
}

Result<void> check_model(const JsonFile& file, const PreTokenizer& pre) {
  const Json& model = *file.find("model");
  if (text_member(model, "type") != "BPE") {
    return unsupported(file, "model.type", text_member(model, "type"), "BPE");
  }
  for (const char* key : {"end_of_word_suffix", "continuing_subword_prefix"}) {
    if (!text_member(model, key).empty()) {
      return unsupported(file, concat("model.", key), text_member(model, key), "none");
    }
  }
  if (is_true(model, "byte_fallback", false)) {
    return unsupported(file, "model.byte_fallback", "true", "false (byte-level BPE)");
  }
  const bool looks_up = pre.whole_pieces == WholePieces::kLookUp;
  if (is_true(model, "ignore_merges", false) != looks_up) {
    return unsupported(file, "model.ignore_merges", looks_up ? "false" : "true",
                       concat(looks_up ? "true" : "false", " with pre-tokenizer ", pre.name));
  }
  const Json* normalizer = file.find("normalizer");
  // GGUF files have no word for NFC; readers take texts as they are.
  if (normalizer != nullptr && text_member(*normalizer, "type") != "NFC") {
    return unsupported(file, "normalizer", text_member(*normalizer, "type"), "null, NFC");
  }
  return {};
}

// "left right" each, from either way that tokenizer.json has of writing them.
Result<std::vector<std::string>> read_merges(const JsonFile& file) {
  const Json& model = *file.find("model");
  std::vector<std::string> merges;
  const auto found = model.find("merges");
  if (found == model.end() || !found->is_array()) {
    return file.error(ErrorCode::kCorrupt, "model.merges", "is no array; fetch the file again");
  }
  merges.reserve(found->size());
  for (const Json& merge : *found) {
    if (merge.is_string()) {
      merges.push_back(merge.get<std::string>());
    } else if (merge.is_array() && merge.size() == 2 && merge[0].is_string() &&
               merge[1].is_string()) {
      merges.push_back(concat(merge[0].get<std::string>(), " ", merge[1].get<std::string>()));
    } else {
      return file.error(
          ErrorCode::kCorrupt, "model.merges",
          concat("has an entry ", merges.size(), " that is no pair; fetch the file again"));
    }
  }
  return merges;
}

// Whether the post-processor puts a token in front of a text.
bool begins_with_special(const JsonFile& file) {
  const Json* post = file.find("post_processor");
  if (post == nullptr) return false;
  std::vector<const Json*> steps = {post};
  if (post->is_object() && post->contains("processors") && (*post)["processors"].is_array()) {
    for (const Json& step : (*post)["processors"]) steps.push_back(&step);
  }
  for (const Json* step : steps) {
    if (text_member(*step, "type") != "TemplateProcessing" || !step->contains("single")) continue;
    const Json& single = (*step)["single"];
    if (single.is_array() && !single.empty() && single[0].contains("SpecialToken")) return true;
  }
  return false;
}

// An end-of-sequence or begin-of-sequence token by its text.
Result<std::optional<uint32_t>> special_id(const Checkpoint& checkpoint,
                                           const TokenTableBuilder& tokens, std::string_view key) {
  HEARTH_ASSIGN(const std::string text, special_token_text(checkpoint, key));
  if (text.empty()) return std::optional<uint32_t>();
  const auto id = tokens.find(text);
  if (!id) {
    return Error(ErrorCode::kCorrupt, concat("tokenizer: the vocabulary has no ", key, " ",
                                             printable(text), "; fetch the folder again"));
  }
  return id;
}

Result<void> add_chat_template(const Checkpoint& checkpoint, GgufWriter& writer) {
  const auto own = read_file(checkpoint.file("chat_template.jinja"), kTemplateBytesMax);
  if (own.ok()) {
    writer.add("tokenizer.chat_template", std::string_view(*own));
    return {};
  }
  if (own.error().code() != ErrorCode::kNotFound) return own.error();
  HEARTH_ASSIGN(const auto config,
                JsonFile::read_if_there(checkpoint.file("tokenizer_config.json")));
  if (!config) return {};
  const Json* text = config->find("chat_template");
  if (text == nullptr) return {};
  if (!text->is_string()) {
    return unsupported(*config, "chat_template", "a list of templates", "one template");
  }
  writer.add("tokenizer.chat_template", std::string_view(text->get_ref<const std::string&>()));
  return {};
}

}  // namespace

Result<void> add_byte_level_vocabulary(const Checkpoint& checkpoint, GgufWriter& writer) {
  HEARTH_ASSIGN(const JsonFile file, JsonFile::read(checkpoint.file("tokenizer.json")));
  HEARTH_ASSIGN(TokenTableBuilder tokens, TokenTableBuilder::read(file));
  HEARTH_ASSIGN(const PreTokenizer* pre, recognized(file));
  HEARTH_TRY(check_model(file, *pre));
  HEARTH_ASSIGN(const auto merges, read_merges(file));
  HEARTH_ASSIGN(const uint32_t rows,
                checkpoint.config().natural("vocab_size", 1, Vocabulary::kTokensMax));
  HEARTH_ASSIGN(const auto bos, special_id(checkpoint, tokens, "bos_token"));
  HEARTH_ASSIGN(const auto eos, special_id(checkpoint, tokens, "eos_token"));
  HEARTH_TRY(tokens.pad_to(rows));
  writer.add("tokenizer.ggml.model", std::string_view("gpt2"));
  writer.add("tokenizer.ggml.pre", pre->name);
  tokens.add_to(writer);
  writer.add_array("tokenizer.ggml.merges", merges);
  if (bos) writer.add("tokenizer.ggml.bos_token_id", *bos);
  if (eos) writer.add("tokenizer.ggml.eos_token_id", *eos);
  writer.add("tokenizer.ggml.add_bos_token", bos.has_value() && begins_with_special(file));
  return add_chat_template(checkpoint, writer);
}

}  // namespace hearth
