// SPDX-License-Identifier: Apache-2.0
#include "cli/line_reader.h"

#include <histedit.h>

#include <cerrno>
#include <clocale>
#include <cstdio>
#include <cstring>
#include <cwchar>
#include <string_view>

#include <langinfo.h>
#include <unistd.h>

#include "cli/input.h"
#include "cli/interrupt.h"

namespace hearth {
namespace {

class PipeReader : public LineReader {
 public:
  Result<LineEvent> next(const std::string&, std::string& line) override {
    HEARTH_ASSIGN(const bool more, lines_.next(line));
    if (more && line.ends_with('\r')) line.pop_back();
    return more ? LineEvent::kLine : LineEvent::kEnd;
  }
  void remember(const std::string&) override {}
  void forget() override {}

 private:
  StdinLines lines_;
};

// libedit edits what the locale's encoding can say; models speak UTF-8.
void use_utf8_locale() {
  std::setlocale(LC_CTYPE, "");
  if (std::strcmp(::nl_langinfo(CODESET), "UTF-8") != 0) std::setlocale(LC_CTYPE, "C.UTF-8");
}

class TerminalReader : public LineReader {
 public:
  static Result<std::unique_ptr<LineReader>> create(const ChatHistory& file) {
    use_utf8_locale();
    std::unique_ptr<TerminalReader> reader(new TerminalReader);
    if (reader->edit_ == nullptr || reader->history_ == nullptr) {
      return Error(ErrorCode::kUnavailable, "terminal: libedit cannot start; pipe the text in");
    }
    el_set(reader->edit_, EL_CLIENTDATA, reader.get());
    el_set(reader->edit_, EL_PROMPT, &TerminalReader::prompt);
    el_set(reader->edit_, EL_EDITOR, "emacs");
    el_set(reader->edit_, EL_GETCFN, &TerminalReader::read_character);
    el_set(reader->edit_, EL_HIST, ::history, reader->history_);
    // Ctrl-D typed while the terminal still reads lines, before the prompt or during an answer,
    // arrives here as NUL.
    el_set(reader->edit_, EL_BIND, "^@", "em-delete-or-list", nullptr);
    el_source(reader->edit_, nullptr);  // the user's own ~/.editrc
    HistEvent event;
    ::history(reader->history_, &event, H_SETSIZE, static_cast<int>(ChatHistory::kEntriesMax));
    ::history(reader->history_, &event, H_SETUNIQUE, 1);
    for (const std::string& entry : file.entries()) reader->remember(entry);
    return std::unique_ptr<LineReader>(std::move(reader));
  }

  ~TerminalReader() override {
    if (edit_ != nullptr) el_end(edit_);
    if (history_ != nullptr) history_end(history_);
  }

  Result<LineEvent> next(const std::string& prompt, std::string& line) override {
    prompt_ = prompt;
    int count = 0;
    errno = 0;
    const char* text = el_gets(edit_, &count);
    if (InterruptScope::interrupted()) {
      InterruptScope::clear();
      el_reset(edit_);
      std::fputs("\n", stderr);
      return LineEvent::kInterrupted;
    }
    if (text == nullptr || count <= 0) return LineEvent::kEnd;
    line.assign(text, static_cast<std::size_t>(count));
    if (line.ends_with('\n')) line.pop_back();
    return LineEvent::kLine;
  }

  void remember(const std::string& entry) override {
    HistEvent event;
    ::history(history_, &event, H_ENTER, entry.c_str());
  }

  void forget() override {
    HistEvent event;
    ::history(history_, &event, H_CLEAR);
  }

 private:
  TerminalReader() : edit_(el_init("hearth", stdin, stderr, stderr)), history_(history_init()) {}

  static char* prompt(EditLine* edit) {
    void* self = nullptr;
    el_get(edit, EL_CLIENTDATA, &self);
    return static_cast<TerminalReader*>(self)->prompt_.data();
  }

  // The next character typed: 1; 0 at the end; -1 when Ctrl-C ends the line. libedit's own reader
  // misses a Ctrl-C that comes between its drawing and its read().
  static int read_character(EditLine*, wchar_t* character) {
    std::mbstate_t state{};
    while (true) {
      if (!InterruptScope::wait_readable(STDIN_FILENO)) return -1;
      char byte = 0;
      const auto count = ::read(STDIN_FILENO, &byte, 1);
      if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
      if (count <= 0) return static_cast<int>(count);
      const std::size_t length = std::mbrtowc(character, &byte, 1, &state);
      if (length == static_cast<std::size_t>(-2)) continue;  // more of it is to come
      if (length != static_cast<std::size_t>(-1)) return 1;
      state = {};  // not UTF-8: dropped
    }
  }

  EditLine* edit_;
  History* history_;
  std::string prompt_;
};

}  // namespace

std::unique_ptr<LineReader> make_pipe_reader() { return std::make_unique<PipeReader>(); }

Result<std::unique_ptr<LineReader>> make_terminal_reader(const ChatHistory& history) {
  return TerminalReader::create(history);
}

}  // namespace hearth
