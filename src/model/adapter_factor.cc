// SPDX-License-Identifier: Apache-2.0
#include "model/adapter_factor.h"

#include <algorithm>
#include <cmath>

#include "base/strings.h"
#include "grammar/regex.h"

namespace hearth {
namespace {

bool is_plain(std::string_view pattern) {
  return std::all_of(pattern.begin(), pattern.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  });
}

// A pattern without other special characters than dots, which any character fits.
bool ends_so(std::string_view module, std::string_view pattern) {
  if (pattern.size() > module.size()) return false;
  const std::size_t begin = module.size() - pattern.size();
  if (begin > 0 && module[begin - 1] != '.') return false;
  return std::equal(pattern.begin(), pattern.end(), module.begin() + static_cast<long>(begin),
                    [](char wanted, char there) { return wanted == '.' || wanted == there; });
}

bool fits(const Automaton& automaton, std::string_view text) {
  AutomatonState state = automaton.root();
  for (const char c : text) {
    state = automaton.after(state, static_cast<uint8_t>(c));
    if (state < 0) return false;
  }
  return automaton.ends(state);
}

// PEFT asks whether (.*\.)?(pattern)$ fits the module's name; ^ stands for its beginning.
Result<bool> fits_pattern(std::string_view module, std::string_view pattern) {
  if (is_plain(pattern)) return ends_so(module, pattern);
  const bool is_whole = pattern.starts_with('^');
  if (is_whole) pattern.remove_prefix(1);
  if (pattern.ends_with('$')) pattern.remove_suffix(1);
  auto automaton = compile_regex(concat(is_whole ? "(" : "(.*\\.)?(", pattern, ")"));
  if (automaton.ok()) return fits(*automaton, module);
  return Error(ErrorCode::kUnsupported, automaton.error().message());
}

// The first pattern that fits counts, as in PEFT.
Result<double> number_for(std::string_view module, const PeftPatterns& patterns, double otherwise) {
  for (const auto& [pattern, number] : patterns) {
    HEARTH_ASSIGN(const bool does, fits_pattern(module, pattern));
    if (does) return number;
  }
  return otherwise;
}

}  // namespace

Result<double> lora_factor(const PeftConfig& config, const LoraFile& file, const LoraPair& pair) {
  const auto with_context = [&](const Error& error) {
    return Error(error).with_context(concat(file.name, ": ", printable(pair.module, 200)));
  };
  const auto rank = number_for(pair.module, config.ranks, config.rank);
  if (!rank.ok()) return with_context(rank.error());
  const auto alpha = number_for(pair.module, config.alphas, config.alpha);
  if (!alpha.ok()) return with_context(alpha.error());
  if (*rank != pair.rank()) {
    return Error(ErrorCode::kCorrupt,
                 concat(file.name, ": ", printable(pair.module, 200), ": has rank ", pair.rank(),
                        " where adapter_config.json says ", *rank, "; fetch the adapter again"));
  }
  return *alpha / (config.is_rank_stabilised ? std::sqrt(*rank) : *rank);
}

}  // namespace hearth
