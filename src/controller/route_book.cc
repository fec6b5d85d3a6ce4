// SPDX-License-Identifier: Apache-2.0
#include "controller/route_book.h"

#include <utility>

#include "base/files.h"
#include "base/strings.h"
#include "route/route_memory.h"

namespace hearth {
namespace {

constexpr std::size_t kFileBytesMax = 1 << 20;

}  // namespace

RouteBook RouteBook::open(const std::filesystem::path& folder, const Policy& policy) {
  RouteBook book;
  book.file_ = folder / "route.json";
  book.state.remotes.resize(policy.targets.size());
  auto lock = FileLock::try_acquire(folder / "route.lock");
  if (!lock.ok()) {
    book.trouble_ = lock.error().message();
    return book;
  }
  book.lock_.emplace(std::move(lock).value());
  const auto text = read_file(book.file_, kFileBytesMax);
  if (!text.ok()) {
    if (text.error().code() != ErrorCode::kNotFound) book.trouble_ = text.error().message();
    return book;
  }
  const auto read =
      route_memory_from_json(*text, printable(book.file_.string(), 300), policy, book.state);
  if (!read.ok()) book.trouble_ = read.error().message();
  return book;
}

Result<void> RouteBook::save(const Policy& policy) const {
  if (!trouble_.empty()) return {};
  return write_file(file_, route_memory_to_json(policy, state), FileReaders::kOwner);
}

void RouteBook::change_policy(const Policy& before, const Policy& after) {
  std::vector<RemoteState> remotes(after.targets.size());
  for (std::size_t i = 0; i < remotes.size(); ++i) {
    const auto known = before.find_target(after.targets[i].name);
    if (known && *known < state.remotes.size()) remotes[i] = std::move(state.remotes[*known]);
  }
  state.remotes = std::move(remotes);
}

}  // namespace hearth
