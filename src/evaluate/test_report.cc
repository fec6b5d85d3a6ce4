// SPDX-License-Identifier: Apache-2.0
#include "evaluate/test_report.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/strings.h"
#include "base/utf8.h"

namespace hearth {
namespace {

std::string seconds(double ms) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f", ms / 1000.0);
  return text;
}

bool is_xml_char(char32_t c) {
  return c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c <= 0xd7ff) ||
         (c >= 0xe000 && c <= 0xfffd) || c >= 0x10000;
}

// Fit for text and for a quoted attribute; line ends as references, or an attribute would lose
// them.
std::string xml(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const Utf8Char next = decode_utf8(text);
    const char32_t c = next.code_point;
    if (!next.valid || !is_xml_char(c)) {
      append_utf8(out, 0xfffd);
    } else if (c == '&' || c == '<' || c == '>' || c == '"' || c < 0x20) {
      out += concat("&#", static_cast<uint32_t>(c), ";");
    } else {
      out += text.substr(0, next.bytes);
    }
    text.remove_prefix(next.bytes);
  }
  return out;
}

std::string joined(const std::vector<std::string>& failures) {
  std::string text;
  for (const std::string& failure : failures) text += (text.empty() ? "" : "\n") + failure;
  return text;
}

// A description may not contain what TAP gives a meaning: line ends, # and backslash.
std::string tap_text(std::string_view text) {
  std::string out;
  for (const char c : printable(text, 1000)) {
    if (c == '#' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

std::string junit_report(std::string_view suite, std::span<const TestOutcome> outcomes) {
  double ms = 0.0;
  for (const TestOutcome& outcome : outcomes) ms += outcome.ms;
  const auto failed = std::count_if(outcomes.begin(), outcomes.end(),
                                    [](const TestOutcome& o) { return !o.failures.empty(); });
  const std::string counts =
      concat(" name=\"", xml(suite), "\" tests=\"", outcomes.size(), "\" failures=\"", failed,
             "\" errors=\"0\" skipped=\"0\" time=\"", seconds(ms), "\">\n");
  std::string report =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites" + counts + "  <testsuite" + counts;
  for (const TestOutcome& outcome : outcomes) {
    report += concat("    <testcase classname=\"", xml(suite), "\" name=\"", xml(outcome.name),
                     "\" time=\"", seconds(outcome.ms), "\"");
    if (outcome.failures.empty()) {
      report += "/>\n";
      continue;
    }
    report += concat(">\n      <failure message=\"", xml(outcome.failures.front()), "\">",
                     xml(joined(outcome.failures)), "</failure>\n");
    if (!outcome.answer.empty()) {
      report += concat("      <system-out>", xml(outcome.answer), "</system-out>\n");
    }
    report += "    </testcase>\n";
  }
  return report + "  </testsuite>\n</testsuites>\n";
}

std::string tap_report(std::span<const TestOutcome> outcomes) {
  std::string report = concat("TAP version 14\n1..", outcomes.size(), "\n");
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    const TestOutcome& outcome = outcomes[i];
    report += concat(outcome.failures.empty() ? "ok " : "not ok ", i + 1, " - ",
                     tap_text(outcome.name), "\n");
    if (outcome.failures.empty()) continue;
    // JSON texts are YAML.
    using Json = nlohmann::ordered_json;
    const auto quoted = [](const std::string& text) {
      return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
    };
    report += concat("  ---\n  message: ", quoted(joined(outcome.failures)),
                     "\n  answer: ", quoted(outcome.answer), "\n  duration_ms: ", outcome.ms,
                     "\n  ...\n");
  }
  return report;
}

}  // namespace hearth
