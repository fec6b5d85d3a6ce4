// SPDX-License-Identifier: Apache-2.0
#include "package/modelfile.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/strings.h"
#include "base/utf8.h"

namespace hearth {
namespace {

constexpr std::string_view kBlanks = " \t\r";
constexpr std::string_view kBlock = "\"\"\"";
constexpr std::string_view kQuote = "\"";
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::size_t kParameterColumn = 31;  // where Ollama lists values

enum class Instruction {
  kFrom,
  kParameter,
  kTemplate,
  kSystem,
  kAdapter,
  kLicense,
  kMessage,
  kOther,  // of Ollama's, and not of ours
};

struct Row {
  std::string_view name;
  Instruction instruction;
};
constexpr std::array<Row, 10> kInstructions = {{
    {"FROM", Instruction::kFrom},
    {"PARAMETER", Instruction::kParameter},
    {"TEMPLATE", Instruction::kTemplate},
    {"SYSTEM", Instruction::kSystem},
    {"ADAPTER", Instruction::kAdapter},
    {"LICENSE", Instruction::kLicense},
    {"MESSAGE", Instruction::kMessage},
    {"RENDERER", Instruction::kOther},
    {"PARSER", Instruction::kOther},
    {"REQUIRES", Instruction::kOther},
}};

std::string_view trim_left(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  return text;
}

std::string_view trim_right(std::string_view text) {
  return text.substr(0, text.find_last_not_of(kBlanks) + 1);
}

// Takes the first word off, and the blanks behind it.
std::string_view take_word(std::string_view& line) {
  const std::string_view word = line.substr(0, line.find_first_of(kBlanks));
  line = trim_left(line.substr(word.size()));
  return word;
}

std::string in_case(std::string_view word, bool is_upper) {
  std::string out(word);
  for (char& c : out) {
    if (is_upper && c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    if (!is_upper && c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

const Row* find_instruction(std::string_view word) {
  const std::string name = in_case(word, true);
  const auto* const found = std::ranges::find(kInstructions, name, &Row::name);
  return found == kInstructions.end() ? nullptr : found;
}

class ModelfileReader {
 public:
  ModelfileReader(std::string_view text, std::string_view source) : rest_(text), source_(source) {}

  Result<Modelfile> read();

 private:
  bool next_line(std::string_view& line);
  Error wrong(ErrorCode code, std::string_view why) const {
    return Error(code, concat(printable(source_, 300), ": line ", begin_line_, ": ", why));
  }
  Error corrupt(std::string_view why) const { return wrong(ErrorCode::kCorrupt, why); }
  Error at_this_line(const Error& error) const {
    return wrong(
        error.code() == ErrorCode::kUnsupported ? ErrorCode::kUnsupported : ErrorCode::kCorrupt,
        error.message());
  }

  Result<std::string> value(std::string_view first);
  Result<void> instruction(const Row& row, std::string_view rest);
  Result<void> check_path(std::string_view name, std::string_view text, std::string_view remedy);
  Result<void> parameter(std::string_view rest);
  Result<void> message(std::string_view rest);
  Result<void> set_once(std::string_view name, std::string& target, std::string text);

  std::string_view rest_;
  std::string_view source_;
  int64_t line_ = 0;        // the last one that was read
  int64_t begin_line_ = 0;  // where the instruction begins
  Modelfile file_;
};

bool ModelfileReader::next_line(std::string_view& line) {
  if (rest_.empty()) return false;
  const std::size_t end = rest_.find('\n');
  line = rest_.substr(0, end);
  rest_ = end == std::string_view::npos ? std::string_view() : rest_.substr(end + 1);
  while (line.ends_with('\r')) line.remove_suffix(1);
  ++line_;
  return true;
}

// What stands behind an instruction; takes further lines where it is quoted.
Result<std::string> ModelfileReader::value(std::string_view first) {
  const std::string_view mark = first.starts_with(kBlock)   ? kBlock
                                : first.starts_with(kQuote) ? kQuote
                                                            : std::string_view();
  if (mark.empty()) {
    const std::string_view text = trim_right(first);
    if (text.empty()) return corrupt("has no value; give one");
    return std::string(text);
  }
  std::string text(first.substr(mark.size()));
  std::string_view line = text;
  while (!trim_right(line).ends_with(mark)) {
    if (!next_line(line)) {
      return corrupt(
          concat("what ", mark, " opens is never closed; end the last line of it with ", mark));
    }
    text += '\n';
    text += line;
  }
  text.resize(trim_right(text).size() - mark.size());
  if (text.empty()) return corrupt("its value is empty; give one, or leave the line out");
  return text;
}

Result<void> ModelfileReader::set_once(std::string_view name, std::string& target,
                                       std::string text) {
  if (!target.empty()) return corrupt(concat(name, " stands there already; keep one of them"));
  target = std::move(text);
  return {};
}

// Errors: kCorrupt (text that is no path of anything).
Result<void> ModelfileReader::check_path(std::string_view name, std::string_view text,
                                         std::string_view remedy) {
  const bool is_odd =
      trim_left(trim_right(text)) != text || text.starts_with('"') ||
      std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < ' '; });
  if (!is_odd) return {};
  return corrupt(concat(name, ": is neither a name nor a path; ", remedy));
}

Result<void> ModelfileReader::parameter(std::string_view rest) {
  const std::string name = in_case(take_word(rest), false);
  HEARTH_ASSIGN(const std::string text, value(rest));
  const auto outcome = set_parameter(file_.settings.parameters, name, text);
  if (!outcome.ok()) return corrupt(concat("PARAMETER ", outcome.error().message()));
  if (*outcome == ParameterOutcome::kIgnored) file_.ignored.push_back(name);
  return {};
}

Result<void> ModelfileReader::message(std::string_view rest) {
  const std::string role = in_case(take_word(rest), false);
  if (role != "user" && role != "assistant" && role != "system") {
    return corrupt(concat("MESSAGE: role \"", printable(role),
                          "\" is none of system, user and assistant; choose one"));
  }
  HEARTH_ASSIGN(std::string text, value(rest));
  if (role == "system")
    return set_once("what the system says", file_.settings.system, std::move(text));
  if (file_.settings.messages.size() >= kExampleMessagesMax)
    return corrupt(concat("MESSAGE: more than ", kExampleMessagesMax, "; leave some out"));
  file_.settings.messages.push_back({role, std::move(text)});
  return {};
}

Result<void> ModelfileReader::instruction(const Row& row, std::string_view rest) {
  if (rest.empty()) return corrupt(concat(row.name, " has no value; give one"));
  ModelSettings& settings = file_.settings;
  switch (row.instruction) {
    case Instruction::kParameter:
      return parameter(rest);
    case Instruction::kMessage:
      return message(rest);
    case Instruction::kOther:
      return wrong(ErrorCode::kUnsupported, concat(row.name, " is not supported; leave it out"));
    default:
      break;
  }
  HEARTH_ASSIGN(std::string text, value(rest));
  if (row.instruction == Instruction::kFrom) {
    HEARTH_TRY(check_path("FROM", text, "name a model of the store or a GGUF file"));
    return set_once("FROM", file_.from, std::move(text));
  }
  if (row.instruction == Instruction::kAdapter) {
    HEARTH_TRY(check_path("ADAPTER", text, "name a PEFT folder or a GGUF file"));
    file_.adapters.push_back(std::move(text));
    return {};
  }
  if (row.instruction == Instruction::kSystem)
    return set_once("what the system says", settings.system, std::move(text));
  if (row.instruction == Instruction::kLicense) {
    settings.licence += concat(settings.licence.empty() ? "" : "\n\n", text);
    return {};
  }
  if (const auto checked = check_chat_template(text); !checked.ok())
    return at_this_line(checked.error());
  return set_once("TEMPLATE", settings.chat_template, std::move(text));
}

Result<Modelfile> ModelfileReader::read() {
  std::string_view line;
  while (next_line(line)) {
    line = trim_left(line);
    if (line.empty() || line.starts_with('#')) continue;
    begin_line_ = line_;
    const std::string_view word = take_word(line);
    const Row* const row = find_instruction(word);
    if (row == nullptr) {
      return corrupt(
          concat("\"", printable(word),
                 "\" is no instruction; write FROM, PARAMETER, TEMPLATE, SYSTEM, ADAPTER, LICENSE "
                 "or MESSAGE, and \"\"\" around text of several lines"));
    }
    HEARTH_TRY(instruction(*row, line));
  }
  if (file_.from.empty()) {
    return Error(ErrorCode::kCorrupt,
                 concat(printable(source_, 300),
                        ": no line says FROM; name a model of the store or a GGUF file there"));
  }
  return std::move(file_);
}

std::string in_block(std::string_view text) { return concat(kBlock, text, kBlock); }

// "temperature 0.2", with so many columns for the name.
std::string parameter_lines(const ModelParameters& parameters, std::string_view before,
                            std::size_t column) {
  std::string lines;
  const auto add = [&](std::string_view name, std::string_view value) {
    const std::size_t blanks = std::max(column, name.size() + 1) - name.size();
    lines += concat(before, name, std::string(blanks, ' '), value, "\n");
  };
  const nlohmann::ordered_json numbers = parameters_to_json(parameters);
  for (const auto& [name, value] : numbers.items()) {
    if (!value.is_array()) add(name, value.dump());
  }
  for (const std::string& stop : parameters.stop) {
    const bool is_plain = stop.find_first_of("\"\n") == std::string::npos;
    add("stop", is_plain ? concat(kQuote, stop, kQuote) : in_block(stop));
  }
  return lines;
}

}  // namespace

bool looks_like_modelfile(std::string_view text) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = trim_left(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (line.empty() || line.starts_with('#')) continue;
    return find_instruction(take_word(line)) != nullptr;
  }
  return false;
}

Result<Modelfile> parse_modelfile(std::string_view text, std::string_view source) {
  const auto corrupt = [&](std::string_view why) {
    return Error(ErrorCode::kCorrupt, concat(printable(source, 300), ": ", why));
  };
  if (text.size() > kModelfileBytesMax) {
    return corrupt(concat("takes ", text.size(), " bytes, more than ", kModelfileBytesMax,
                          "; shorten its texts"));
  }
  if (const auto at = find_invalid_utf8(text)) {
    const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<int64_t>(*at), '\n');
    return corrupt(concat("line ", line, ": is not UTF-8; save the file in UTF-8"));
  }
  if (const std::size_t at = text.find('\0'); at != std::string_view::npos) {
    const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<int64_t>(at), '\n');
    return corrupt(concat("line ", line, ": holds a NUL; take it out"));
  }
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  return ModelfileReader(text, source).read();
}

std::string modelfile_text(std::string_view from, const ModelSettings& settings) {
  std::string text = concat("FROM ", from, "\n");
  if (!settings.chat_template.empty())
    text += concat("TEMPLATE ", in_block(settings.chat_template), "\n");
  if (!settings.system.empty()) text += concat("SYSTEM ", in_block(settings.system), "\n");
  text += parameter_lines(settings.parameters, "PARAMETER ", 0);
  for (const ExampleMessage& message : settings.messages)
    text += concat("MESSAGE ", message.role, " ", in_block(message.content), "\n");
  if (!settings.licence.empty()) text += concat("LICENSE ", in_block(settings.licence), "\n");
  return text;
}

std::string parameters_text(const ModelParameters& parameters) {
  return parameter_lines(parameters, "", kParameterColumn);
}

}  // namespace hearth
