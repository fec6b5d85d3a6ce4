// SPDX-License-Identifier: Apache-2.0
// What the user sees: results on stdout, everything else on stderr. Text is written at once, so
// that an answer streams as it comes.
//
// Threading: the main thread only.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cli/environment.h"

namespace hearth {

// stdout. The first failure is kept and later writes do nothing; who writes much asks ok() and
// stops.
class Output {
 public:
  void write(std::string_view text);
  // One JSON document on one line. Bytes that are not UTF-8 become U+FFFD.
  void write_json(const nlohmann::ordered_json& document);

  bool ok() const { return error_number_ == 0; }
  // The reader has gone (EPIPE): it has had all that it wanted, which is no error.
  bool reader_gone() const;
  // Errors: kUnavailable (disk full, closed stdout, ...), but not where the reader has gone.
  Result<void> status() const;

 private:
  int error_number_ = 0;  // errno of the first failed write
};

// One line on stderr: "hearth: " and the message.
void print_note(std::string_view message);

// An error as the contract has it: a line on stderr, and with `json` a document on stdout. A
// cancelled error has no line: who pressed Ctrl-C knows.
void show_error(Output& out, bool json, const Error& error);

// Text that a model or a file made, fit for a terminal: control characters other than line end and
// tab, which could drive the terminal, become U+FFFD. Whole UTF-8 characters only.
std::string terminal_text(std::string_view text);

// A percentage on stderr that redraws itself; nothing where stderr is no terminal.
class ProgressLine {
 public:
  ProgressLine(const Environment& environment, std::string label);
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  // `share` in 0..1.
  void show(double share);
  // Wipes the line. Called by the destructor too.
  void clear();

 private:
  bool enabled_;
  bool drawn_ = false;
  int percent_ = -1;
  std::string label_;
};

}  // namespace hearth
