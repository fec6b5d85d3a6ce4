// SPDX-License-Identifier: Apache-2.0
// A strict reader of TOML tables: every key must be known, every value of the kind asked for, and
// an error names file, line and key. The first error of a file is kept: what was asked after it
// yields empty values, and finish() tells.
//
// Ownership: readers of one file share it. Threading: one caller at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace hearth {

class TomlReader {
 public:
  // `name` is what errors call the file. Errors: kCorrupt (not TOML: line and cause).
  static Result<TomlReader> parse(std::string_view text, std::string name);

  // Whether the key is there; it counts as known then.
  bool has(std::string_view key);
  bool is_text(std::string_view key);  // there, and a text

  // Required, and not empty.
  std::string text(std::string_view key);
  std::vector<std::string> texts(std::string_view key);

  // Absent: nothing. Numbers within [min, max].
  std::optional<std::string> text_if(std::string_view key);
  // A text, or a list of them.
  std::vector<std::string> texts_if(std::string_view key);
  std::optional<double> number_if(std::string_view key, double min, double max);
  std::optional<int64_t> integer_if(std::string_view key, int64_t min, int64_t max);
  std::vector<int64_t> integers_if(std::string_view key, int64_t min, int64_t max);
  std::optional<bool> flag_if(std::string_view key);
  // The place in `names` of the text that stands there.
  std::optional<std::size_t> choice_if(std::string_view key,
                                       std::span<const std::string_view> names);
  // A text, a number or a boolean, as text.
  std::optional<std::string> scalar_if(std::string_view key);
  // Any table, as JSON. Dates and times are refused.
  std::optional<nlohmann::ordered_json> json_if(std::string_view key);
  std::optional<TomlReader> table_if(std::string_view key);
  std::vector<TomlReader> tables_if(std::string_view key);

  // The keys of a table whose keys are names that the file chooses, sorted; all count as known.
  std::vector<std::string> keys();
  // Where the value of `key` stands, or this table where there is none; counted from 1.
  int32_t line(std::string_view key) const;

  // Records an error of the caller's about `key`: "cause; remedy".
  void fail(std::string_view key, std::string_view why, ErrorCode code = ErrorCode::kUsage);

  // The first error of the file, or the first key of this table that nobody asked for. Errors:
  // kUsage, kCorrupt.
  Result<void> finish();

 private:
  struct File;
  TomlReader(std::shared_ptr<File> file, const void* table);

  const void* find(std::string_view key);

  std::shared_ptr<File> file_;
  const void* table_;  // toml::table of the file
  std::set<std::string, std::less<>> known_;
};

}  // namespace hearth
