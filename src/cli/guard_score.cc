// SPDX-License-Identifier: Apache-2.0
#include "cli/guard_score.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/strings.h"

namespace hearth {
namespace {

using Json = nlohmann::json;

std::size_t common_bytes(const Entity& a, const Entity& b) {
  const std::size_t begin = std::max(a.begin, b.begin);
  const std::size_t end = std::min(a.end, b.end);
  return begin < end ? end - begin : 0;
}

// Whether at least half of `one` is in those of `others` that are of its kind.
bool is_matched(const Entity& one, const std::vector<Entity>& others) {
  std::size_t bytes = 0;
  for (const Entity& other : others) {
    if (other.kind == one.kind) bytes += common_bytes(one, other);
  }
  return 2 * bytes >= one.end - one.begin;
}

// Whether a letter or digit of `one` is in none of `found`, which are in order.
bool leaks(std::string_view text, const Entity& one, const std::vector<Entity>& found) {
  std::size_t covered = one.begin;
  const auto bare = [&](std::size_t begin, std::size_t end) {
    for (std::size_t at = begin; at < end; ++at) {
      const char c = text[at];
      const bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
      if (letter || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0xc0) return true;
    }
    return false;
  };
  for (const Entity& other : found) {
    if (other.end <= covered) continue;
    if (other.begin >= one.end) break;
    if (other.begin > covered && bare(covered, other.begin)) return true;
    covered = other.end;
  }
  return covered < one.end && bare(covered, one.end);
}

// Errors: kCorrupt.
Result<std::vector<Entity>> read_entities(const Json& document, const char* key,
                                          std::size_t bytes) {
  std::vector<Entity> out;
  const auto list = document.find(key);
  if (list == document.end()) return out;
  if (!list->is_array()) return Error(ErrorCode::kCorrupt, concat(key, " is no list; give one"));
  for (const Json& item : *list) {
    const auto number = [&](const char* name) -> std::size_t {
      const auto value = item.is_object() ? item.find(name) : item.end();
      const bool fits = item.is_object() && value != item.end() && value->is_number_unsigned();
      return fits ? value->get<std::size_t>() : bytes + 1;
    };
    const bool named = item.is_object() && item.contains("kind") && item["kind"].is_string();
    const auto kind = named ? find_kind(item["kind"].get_ref<const std::string&>()) : std::nullopt;
    if (!kind)
      return Error(ErrorCode::kCorrupt, concat(key, ": a kind is missing or unknown; name one"));
    const Entity entity{*kind, number("start"), number("end")};
    if (entity.begin >= entity.end || entity.end > bytes) {
      return Error(ErrorCode::kCorrupt,
                   concat(key, ": start and end are not within the text; give offsets in bytes"));
    }
    out.push_back(entity);
  }
  return out;
}

}  // namespace

Result<GuardDocument> parse_guard_document(std::string_view line) {
  const Json document = Json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!document.is_object() || !document.contains("text") || !document["text"].is_string()) {
    return Error(ErrorCode::kCorrupt, "is no JSON object with a text; give one a line");
  }
  GuardDocument out;
  out.text = document["text"].get<std::string>();
  HEARTH_ASSIGN(out.entities, read_entities(document, "entities", out.text.size()));
  HEARTH_ASSIGN(out.negatives, read_entities(document, "negatives", out.text.size()));
  if (const auto slices = document.find("slices");
      slices != document.end() && slices->is_object()) {
    for (const auto& [property, value] : slices->items()) {
      if (value.is_string()) out.slices.emplace_back(property, value.get<std::string>());
    }
  }
  return out;
}

double GuardCounts::f(double beta) const {
  const double weight = beta * beta;
  const double below = weight * precision() + recall();
  return below == 0.0 ? 0.0 : (1.0 + weight) * precision() * recall() / below;
}

void GuardScore::add(const Guard& guard, const GuardDocument& document) {
  std::vector<Entity> found = guard.find(document.text);
  std::erase_if(found, [](const Entity& one) { return one.kind == EntityKind::kLiteral; });
  std::vector<GuardCounts*> of_document = {&all};
  for (const auto& [property, value] : document.slices) {
    of_document.push_back(&slices[concat(property, " ", value)]);
  }
  const auto kind_slice = [&](EntityKind kind) {
    return &slices[concat("kind ", kind_info(kind).name)];
  };
  const auto count = [&](EntityKind kind, auto change) {
    for (GuardCounts* counts : of_document) change(*counts);
    change(*kind_slice(kind));
    if (kind_info(kind).checksum == Checksum::kPresent) change(checksummed);
  };
  bool leaking = false;
  for (const Entity& one : document.entities) {
    const bool hit = is_matched(one, found);
    leaking |= leaks(document.text, one, found);
    count(one.kind, [&](GuardCounts& counts) {
      ++counts.expected;
      counts.hit += hit;
    });
  }
  for (const Entity& one : found) {
    const bool right = is_matched(one, document.entities);
    count(one.kind, [&](GuardCounts& counts) {
      ++counts.found;
      counts.right += right;
    });
  }
  for (const Entity& one : document.negatives) {
    bool flagged = false;
    bool flagged_any = false;
    for (const Entity& other : found) {
      if (common_bytes(one, other) == 0) continue;
      flagged_any = true;
      flagged |= other.kind == one.kind;
    }
    count(one.kind, [&](GuardCounts& counts) {
      ++counts.negatives;
      counts.flagged += flagged;
      counts.flagged_any += flagged_any;
    });
  }
  if (document.entities.empty()) return;
  for (GuardCounts* counts : of_document) {
    ++counts->documents;
    counts->leaking += leaking;
  }
}

}  // namespace hearth
