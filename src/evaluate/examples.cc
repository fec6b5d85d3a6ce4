// SPDX-License-Identifier: Apache-2.0
#include "evaluate/examples.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/files.h"
#include "base/strings.h"

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kDepthMax = 64;

Error bad_line(std::string_view place, std::string_view why) {
  return Error(ErrorCode::kCorrupt, concat(place, ": ", why));
}

// One line as an object. nlohmann's parser reports by exceptions, and keeps the last of two equal
// keys without a word; the callback sees them and the depth.
Result<Json> parse_object(std::string_view line, std::string_view place) {
  std::vector<std::set<std::string>> keys;
  std::string twice;
  bool deep = false;
  const auto watch = [&](int depth, Json::parse_event_t event, Json& value) {
    if (event == Json::parse_event_t::object_start) keys.emplace_back();
    if (event == Json::parse_event_t::object_end && !keys.empty()) keys.pop_back();
    if (event == Json::parse_event_t::key && !keys.empty() &&
        !keys.back().insert(value.get<std::string>()).second && twice.empty()) {
      twice = value.get<std::string>();
    }
    deep = deep || depth > kDepthMax;
    return !deep;
  };
  try {
    Json object = Json::parse(line, watch);
    if (deep) return bad_line(place, "is nested too deeply; make it flatter");
    if (!twice.empty()) {
      return bad_line(place, concat("has \"", printable(twice), "\" twice; leave one out"));
    }
    if (!object.is_object()) return bad_line(place, "is no JSON object; write {\"field\": ...}");
    return object;
  } catch (const Json::exception& error) {
    // "[json.exception.parse_error.101] parse error at line 1, column 5: why"
    std::string why = error.what();
    if (const std::size_t at = why.find("] "); at != why.npos) why.erase(0, at + 2);
    return bad_line(place, concat("is not JSON: ", printable(why, 200), "; correct it"));
  }
}

}  // namespace

Result<std::vector<Example>> parse_examples(std::string_view text, std::string_view name) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  std::vector<Example> examples;
  for (std::size_t number = 1; !text.empty(); ++number) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.find_first_not_of(" \t\r") == line.npos) continue;
    if (examples.size() == kExamplesMax) {
      return Error(ErrorCode::kUsage, concat(name, ": has more than ", kExamplesMax,
                                             " examples; give a part of them"));
    }
    std::string place = concat(name, ":", number);
    HEARTH_ASSIGN(Json fields, parse_object(line, place));
    examples.push_back({std::move(fields), std::move(place)});
  }
  if (!examples.empty()) return examples;
  return Error(ErrorCode::kUsage, concat(name, ": has no examples; write one JSON object a line"));
}

Result<std::vector<Example>> read_examples(const std::filesystem::path& path) {
  HEARTH_ASSIGN(const std::string text, read_file(path, kExampleFileBytesMax));
  return parse_examples(text, printable(path.string(), 300));
}

Result<std::string> field_text(const Example& example, std::string_view field) {
  const auto found = example.fields.find(std::string(field));
  if (found == example.fields.end()) {
    return bad_line(example.place,
                    concat("has no field \"", printable(field), "\"; add it to the line"));
  }
  if (found->is_string()) return found->get<std::string>();
  if (found->is_number() || found->is_boolean()) return found->dump();
  return bad_line(example.place, concat("field \"", printable(field),
                                        "\" is neither text nor a number; make it one"));
}

Result<PromptTemplate> PromptTemplate::parse(std::string_view text) {
  PromptTemplate prompt;
  std::string plain;
  const auto wrong = [&](std::size_t at, std::string_view why) {
    return Error(ErrorCode::kUsage, concat("byte ", at, ": ", why));
  };
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if ((c == '{' || c == '}') && at + 1 < text.size() && text[at + 1] == c) {
      plain += c;
      ++at;
    } else if (c == '}') {
      return wrong(at, "a } without {; write }} for the brace itself");
    } else if (c == '{') {
      const std::size_t end = text.find_first_of("{}\n", at + 1);
      if (end == text.npos || text[end] != '}' || end == at + 1) {
        return wrong(at, "a { without a field and }; write {{ for the brace itself");
      }
      prompt.parts_.push_back({false, std::exchange(plain, {})});
      prompt.parts_.push_back({true, std::string(text.substr(at + 1, end - at - 1))});
      at = end;
    } else {
      plain += c;
    }
  }
  prompt.parts_.push_back({false, std::move(plain)});
  return prompt;
}

Result<std::string> PromptTemplate::render(const Example& example,
                                           const std::optional<Extra>& extra) const {
  std::string text;
  for (const Part& part : parts_) {
    if (!part.is_field) {
      text += part.text;
    } else if (extra && extra->name == part.text) {
      text += extra->text;
    } else {
      HEARTH_ASSIGN(const std::string value, field_text(example, part.text));
      text += value;
    }
  }
  return text;
}

bool PromptTemplate::uses(std::string_view field) const {
  return std::any_of(parts_.begin(), parts_.end(),
                     [&](const Part& part) { return part.is_field && part.text == field; });
}

}  // namespace hearth
