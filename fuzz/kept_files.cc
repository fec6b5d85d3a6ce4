// SPDX-License-Identifier: Apache-2.0
// What lies in the state folder and may be damaged: sealed rows and their key, and the counts of
// telemetry. They are read as they were written, or refused in one line.
//
// Input: 'r' or 'k', then patches of a sound file of rows or of its key, of three bytes each
// (offset of two, value); 'w' or 'c', then week.json or consent.json as it is.
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/files.h"
#include "base/test_folder.h"
#include "check_error.h"
#include "seal/conversations.h"
#include "telemetry/telemetry.h"

namespace {

using namespace hearth;  // NOLINT: a harness is a program of its own

constexpr int64_t kNow = 1'790'000'000;

// A conversation of three rows, and where its files are.
struct Sound {
  TestFolder folder;
  Conversations conversations{folder.path(), SealKey::random().value()};
  std::string id;
  std::vector<std::string> texts = {"one", std::string(300, 'x'), ""};
  std::string rows, key;

  Sound() {
    auto begun = conversations.begin(kNow * 1000).value();
    id = begun.id;
    for (const std::string& text : texts) HEARTH_CHECK(begun.rows.append(text).ok());
    rows = read_file(path("rows"), 1 << 20).value();
    key = read_file(path("key"), 1 << 20).value();
  }
  std::filesystem::path path(std::string_view ending) const {
    return folder.path() / (id + "." + std::string(ending));
  }
};

void check_sealed(std::string_view ending, std::string_view patches) {
  static Sound sound;
  std::string file = ending == "rows" ? sound.rows : sound.key;
  const std::string before = file;
  for (; patches.size() >= 3; patches.remove_prefix(3)) {
    uint16_t offset;
    std::memcpy(&offset, patches.data(), sizeof offset);
    file[offset % file.size()] = patches[2];
  }
  HEARTH_CHECK(write_file(sound.path(ending), file).ok());
  const auto read = sound.conversations.read(sound.id);
  HEARTH_CHECK(write_file(sound.path(ending), before).ok());
  if (!read.ok()) return check_error(read.error());
  // A length that was changed can make of a row one that was cut short, never another text.
  HEARTH_CHECK(read->size() <= sound.texts.size());
  for (std::size_t i = 0; i < read->size(); ++i) HEARTH_CHECK((*read)[i] == sound.texts[i]);
  HEARTH_CHECK(file != before || read->size() == sound.texts.size());
}

void check_telemetry(std::string_view name, std::string_view content) {
  static const TestFolder folder;
  const Telemetry telemetry(folder.path(), "1");
  HEARTH_CHECK(telemetry.withdraw().ok());
  HEARTH_CHECK(telemetry.consent("http://127.0.0.1").ok());
  HEARTH_CHECK(write_file(folder.path() / name, content).ok());
  const auto reports = telemetry.preview(kNow);
  if (!reports.ok()) return check_error(reports.error());
  HEARTH_CHECK(!reports->empty() && reports->back().starts_with("{\"resourceMetrics\""));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0]) {
    case 'r':
      check_sealed("rows", rest);
      break;
    case 'k':
      check_sealed("key", rest);
      break;
    case 'w':
      check_telemetry("week.json", rest);
      break;
    case 'c':
      check_telemetry("consent.json", rest);
      break;
    default:
      break;
  }
  return 0;
}
