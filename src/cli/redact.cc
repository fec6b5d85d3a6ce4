// SPDX-License-Identifier: Apache-2.0
// hearth redact, hearth restore: personal data and secrets of a text become placeholders, and
// placeholders of an answer become what they stood for.
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/files.h"
#include "base/strings.h"
#include "cli/commands.h"
#include "cli/input.h"
#include "cli/lock_in.h"
#include "guard/pseudonyms.h"

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kTextBytesMax = 64 << 20;
constexpr std::size_t kMapBytesMax = 256 << 20;

std::filesystem::path folder_of(const std::filesystem::path& file) {
  return file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
}

// Errors: as read_file() and Pseudonyms::parse(), naming the file.
Result<Pseudonyms> read_map(const std::string& path) {
  HEARTH_ASSIGN(std::string bytes, read_file(path, kMapBytesMax));
  auto map = Pseudonyms::parse(bytes);
  wipe_text(bytes);
  if (!map.ok()) return std::move(map).error().with_context(printable(path, 300));
  return map;
}

class RedactCommand : public Command {
 public:
  std::string name() const override { return "redact"; }
  std::string summary() const override {
    return "Text on stdin with placeholders in place of personal data and secrets";
  }

  void declare(Options& options) override {
    options.text(
        {"--map", "FILE",
         "Keep what the placeholders stand for, readable by you alone; a map that is there "
         "is continued"},
        map_);
  }

  Result<int> run(const CommandContext& context) override;

 private:
  Result<Pseudonyms> open_map() const;
  Result<void> keep(const Pseudonyms& pseudonyms) const;

  std::string map_;
};

Result<Pseudonyms> RedactCommand::open_map() const {
  if (map_.empty()) return Pseudonyms::create();
  auto map = read_map(map_);
  if (!map.ok() && map.error().code() == ErrorCode::kNotFound) return Pseudonyms::create();
  return map;
}

Result<void> RedactCommand::keep(const Pseudonyms& pseudonyms) const {
  if (map_.empty()) return {};
  std::string bytes = pseudonyms.serialize();
  auto written = write_file(map_, bytes, FileReaders::kOwner);
  wipe_text(bytes);
  return written;
}

Result<int> RedactCommand::run(const CommandContext& context) {
  LockdownOptions lock;
  if (!map_.empty()) lock.writable.push_back(folder_of(map_));
  HEARTH_TRY(lock_in(lock));
  HEARTH_ASSIGN(Pseudonyms pseudonyms, open_map());
  HEARTH_ASSIGN(const std::string text, read_stdin(kTextBytesMax));
  HEARTH_ASSIGN(const RedactedText redaction, pseudonyms.redact(Guard(), text));
  HEARTH_TRY(keep(pseudonyms));  // before a placeholder is out that nothing could put back
  if (!context.json) {
    context.out.write(redaction.text);
    return 0;
  }
  Json entities = Json::array();
  for (const Redacted& redacted : redaction.entities) {
    entities.push_back({{"kind", kind_info(redacted.entity.kind).name},
                        {"start", redacted.entity.begin},
                        {"end", redacted.entity.end},
                        {"placeholder", redacted.placeholder}});
  }
  context.out.write_json({{"text", redaction.text},
                          {"entities", std::move(entities)},
                          {"sensitivity", sensitivity_name(redaction.sensitivity)}});
  return 0;
}

class RestoreCommand : public Command {
 public:
  std::string name() const override { return "restore"; }
  std::string summary() const override {
    return "An answer on stdin with what its placeholders stand for";
  }

  void declare(Options& options) override {
    options.text({"--map", "FILE", "The map that redact kept"}, map_, Presence::kRequired);
  }

  Result<int> run(const CommandContext& context) override;

 private:
  std::string map_;
};

Result<int> RestoreCommand::run(const CommandContext& context) {
  HEARTH_TRY(lock_in({}));
  HEARTH_ASSIGN(const Pseudonyms pseudonyms, read_map(map_));
  HEARTH_ASSIGN(const std::string answer, read_stdin(kTextBytesMax));
  const Restoration restoration = pseudonyms.restore(answer);
  if (context.json) {
    Json unknown = Json::array();
    for (const std::string& text : restoration.unknown) unknown.push_back(text);
    context.out.write_json({{"text", restoration.text},
                            {"restored", restoration.restored},
                            {"unknown", std::move(unknown)}});
    return 0;
  }
  context.out.write(restoration.text);
  for (const std::string& text : restoration.unknown) {
    print_note(
        concat("restore: ", printable(text), " is not in the map; it was left as it stands"));
  }
  return 0;
}

}  // namespace

std::unique_ptr<Command> make_redact_command() { return std::make_unique<RedactCommand>(); }
std::unique_ptr<Command> make_restore_command() { return std::make_unique<RestoreCommand>(); }

}  // namespace hearth
