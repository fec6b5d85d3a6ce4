// SPDX-License-Identifier: Apache-2.0
// An answer, as its text comes, taken apart: what the model thought, what it says, which functions
// it calls with which arguments.
//
// Threading: a value of one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "toolcalls/json_scanner.h"
#include "toolcalls/tool_syntax.h"

namespace hearth {

struct AnswerPart {
  enum class Kind {
    kReasoning,
    kContent,
    kCall,      // a call begins: the function's name
    kArguments  // more of its arguments' JSON
  };
  Kind kind;
  std::string text;
  int32_t call = 0;  // of kCall and kArguments: which of the answer's calls
  bool operator==(const AnswerPart&) const = default;
};

// Where an answer's thoughts stand.
enum class Reasoning {
  kNone,     // the model does not think aloud
  kMayCome,  // between <think> and </think>, if at all
  kHasBegun  // from the beginning up to </think>
};

class AnswerReader {
 public:
  // `syntax`: of the calls that may come; absent: none may. They fit compile_tool_calls().
  AnswerReader(std::optional<ToolSyntax> syntax, Reasoning reasoning);

  std::vector<AnswerPart> push(std::string_view piece);
  // The answer ends here: what was held back.
  std::vector<AnswerPart> finish();
  // How many calls have begun.
  int32_t calls() const { return calls_; }

 private:
  enum class State { kStart, kReasoning, kReasoned, kText, kHead, kArguments, kTail, kBetween };

  bool step(bool is_over);
  bool step_start(bool is_over);
  bool step_text(bool is_over);
  bool step_head();
  bool step_arguments();
  bool take_before(std::string_view marker, AnswerPart::Kind kind, State then, bool is_over);
  void add(AnswerPart::Kind kind, std::string_view text);

  std::optional<ToolSyntax> syntax_;
  std::string marker_;
  State state_;
  std::string waiting_;  // not taken apart yet
  JsonScanner scanner_;  // of a call's object
  int32_t calls_ = 0;
  bool is_at_beginning_ = true;  // of the content
  std::vector<AnswerPart> parts_;
};

}  // namespace hearth
