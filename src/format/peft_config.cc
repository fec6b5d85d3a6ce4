// SPDX-License-Identifier: Apache-2.0
#include "format/peft_config.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/json_cursor.h"
#include "base/strings.h"

namespace hearth {
namespace {

// Settings that are fine where there is nothing to them: null, false or empty.
struct Refused {
  std::string_view key;
  std::string_view what;
};
constexpr std::array kRefused = {
    Refused{"use_dora", "DoRA is not supported"},
    Refused{"lora_bias", "biases of adapters are not supported"},
    Refused{"use_qalora", "QALoRA is not supported"},
    Refused{"use_bdlora", "BD-LoRA is not supported"},
    Refused{"kasa_config", "KaSA is not supported"},
    Refused{"arrow_config", "Arrow is not supported"},
    Refused{"velora_config", "VeLoRA is not supported"},
    Refused{"monteclora_config", "MonteCLoRA is not supported"},
    Refused{"modules_to_save", "modules that are replaced as a whole are not supported"},
    Refused{"trainable_token_indices", "changed embeddings of tokens are not supported"},
    Refused{"layer_replication", "repeated layers are not supported"},
    Refused{"target_parameters", "adapters of parameters outside linear modules are not supported"},
    Refused{"alora_invocation_tokens", "activated LoRA is not supported"},
};

// Ways of initialising that change the model's own weights, too.
constexpr std::array<std::string_view, 5> kChangedBases = {"pissa", "olora", "corda", "loftq",
                                                           "lora_ga"};

class Parser {
 public:
  Parser(std::string_view text, std::string_view name)
      : name_(printable(name, 300)), json_(text, name_, "the JSON") {}

  Result<PeftConfig> run() {
    HEARTH_TRY(json_.expect('{'));
    for (bool first = true;;) {
      HEARTH_ASSIGN(const bool more, json_.next(first, '}'));
      if (!more) break;
      HEARTH_ASSIGN(const std::string key, json_.string(kPeftTextBytesMax));
      HEARTH_TRY(json_.expect(':'));
      HEARTH_TRY(read(key));
    }
    HEARTH_TRY(json_.finish());
    if (!is_lora_)
      return error(ErrorCode::kCorrupt, "peft_type", "is absent; name an adapter's folder");
    if (config_.rank == 0)
      return error(ErrorCode::kCorrupt, "r", "is absent; fetch the adapter again");
    if (!has_alpha_)
      return error(ErrorCode::kCorrupt, "lora_alpha", "is absent; fetch the adapter again");
    return std::move(config_);
  }

 private:
  template <typename... Pieces>
  Error error(ErrorCode code, std::string_view key, const Pieces&... pieces) const {
    return Error(code, concat(name_, ": ", printable(key, 100), ": ", pieces...));
  }

  Result<int32_t> rank(std::string_view key, double value) const {
    if (value >= 1.0 && value <= kLoraRankMax && std::floor(value) == value)
      return static_cast<int32_t>(value);
    return error(ErrorCode::kCorrupt, key, value, " is no rank from 1 to ", kLoraRankMax,
                 "; use another adapter");
  }

  Result<void> read(const std::string& key) {
    if (key == "r") {
      HEARTH_ASSIGN(const double value, json_.number());
      HEARTH_ASSIGN(config_.rank, rank(key, value));
      return {};
    }
    if (key == "lora_alpha") {
      has_alpha_ = true;
      HEARTH_ASSIGN(config_.alpha, json_.number());
      return {};
    }
    if (key == "use_rslora") {
      config_.is_rank_stabilised = false;
      if (json_.accept_null()) return {};
      HEARTH_ASSIGN(config_.is_rank_stabilised, json_.boolean());
      return {};
    }
    if (key == "rank_pattern") {
      HEARTH_TRY(read_patterns(config_.ranks));
      for (const auto& [pattern, value] : config_.ranks) HEARTH_TRY(rank(key, value));
      return {};
    }
    if (key == "alpha_pattern") return read_patterns(config_.alphas);
    return read_text(key);
  }

  // {"pattern": number, ...} or null.
  Result<void> read_patterns(PeftPatterns& patterns) {
    patterns.clear();
    if (json_.accept_null()) return {};
    HEARTH_TRY(json_.expect('{'));
    for (bool first = true;;) {
      HEARTH_ASSIGN(const bool more, json_.next(first, '}'));
      if (!more) return {};
      if (patterns.size() == kPeftPatternsMax) return json_.error("too many patterns");
      HEARTH_ASSIGN(std::string pattern, json_.string(kPeftTextBytesMax));
      HEARTH_TRY(json_.expect(':'));
      HEARTH_ASSIGN(const double value, json_.number());
      patterns.emplace_back(std::move(pattern), value);
    }
  }

  // Members whose value is a string where it matters.
  Result<void> read_text(const std::string& key) {
    const bool matters = key == "peft_type" || key == "bias" || key == "base_model_name_or_path" ||
                         key == "init_lora_weights";
    if (!matters || json_.peek() != '"') return read_other(key);
    HEARTH_ASSIGN(std::string text, json_.string(kPeftTextBytesMax));
    if (key == "peft_type") {
      is_lora_ = text == "LORA";
      if (!is_lora_) {
        return error(ErrorCode::kUnsupported, key, "\"", printable(text, 100),
                     "\" is not supported; hearth applies LORA");
      }
    } else if (key == "bias" && text != "none") {
      return error(ErrorCode::kUnsupported, key, "\"", printable(text, 100),
                   "\" is not supported; train the adapter with \"none\"");
    } else if (key == "base_model_name_or_path") {
      config_.base_model = std::move(text);
    } else if (key == "init_lora_weights") {
      return check_base(text);
    }
    return {};
  }

  Result<void> check_base(const std::string& initialised) const {
    for (const std::string_view changed : kChangedBases) {
      if (!initialised.starts_with(changed)) continue;
      return error(ErrorCode::kUnsupported, "init_lora_weights", "\"", printable(initialised, 100),
                   "\" changed the model's own weights in training, which the adapter lacks; save "
                   "it with path_initial_model_for_weight_conversion");
    }
    return {};
  }

  Result<void> read_other(const std::string& key) {
    HEARTH_ASSIGN(const bool something, json_.skip_value());
    const auto* refused = std::find_if(kRefused.begin(), kRefused.end(),
                                       [&](const Refused& row) { return row.key == key; });
    if (!something || refused == kRefused.end()) return {};
    return error(ErrorCode::kUnsupported, key, refused->what, "; train the adapter without");
  }

  std::string name_;
  JsonCursor json_;
  PeftConfig config_;
  bool is_lora_ = false;
  bool has_alpha_ = false;
};

}  // namespace

Result<PeftConfig> PeftConfig::parse(std::string_view text, std::string_view name) {
  return Parser(text, name).run();
}

}  // namespace hearth
