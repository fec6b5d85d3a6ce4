// SPDX-License-Identifier: Apache-2.0
#include "server/kept_prefixes.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "base/strings.h"
#include "seal/sealed_file.h"

namespace hearth {
namespace {

constexpr std::string_view kContext = "hearth prefixes 1";  // with the format's version

// The first message.
struct FileHead {
  uint64_t identity;  // Engine::kv_identity()
  uint64_t page_bytes;
  uint64_t pages;  // messages that follow
};

// What stands in front of a page's bytes, in its message.
struct PageHead {
  int32_t parent;
  int32_t reserved;
  uint64_t last_used;
  PrefixCache::Block tokens;
};
static_assert(sizeof(PageHead) == 16 + kKvPageTokens * sizeof(TokenId));  // no padding

template <typename T>
std::span<std::byte> writable(T& value) {
  return std::as_writable_bytes(std::span(&value, 1));
}

std::string hexadecimal(uint64_t number) {
  std::array<char, 16> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, 16).ptr;
  return {digits.data(), end};
}

bool is_right(const PageHead& head, std::size_t index, int32_t vocabulary) {
  const bool has_parent = head.parent >= -1 && head.parent < static_cast<int64_t>(index);
  return has_parent && std::ranges::all_of(head.tokens, [&](TokenId token) {
           return token >= 0 && token < vocabulary;
         });
}

}  // namespace

std::filesystem::path KeptPrefixes::path_for(Engine& engine) const {
  return folder_ / concat(hexadecimal(engine.kv_identity()), ".prefixes");
}

Result<void> KeptPrefixes::save(Engine& engine, const PrefixCache& prefixes) const {
  const std::vector<PrefixCache::KeptPage> pages = prefixes.kept();
  if (pages.empty()) return {};
  HEARTH_ASSIGN(SealedWriter file, SealedWriter::create(folder_, key_, kContext));
  FileHead head = {engine.kv_identity(), pages.front().bytes.size(), pages.size()};
  HEARTH_TRY(file.write(writable(head)));
  std::vector<std::byte> message(sizeof(PageHead) + head.page_bytes);
  for (const PrefixCache::KeptPage& page : pages) {
    PageHead of_page = {page.parent, 0, page.last_used, *page.tokens};
    std::ranges::copy(writable(of_page), message.begin());
    std::ranges::copy(page.bytes, message.begin() + sizeof of_page);
    HEARTH_TRY(file.write(message));
  }
  return file.publish(path_for(engine));
}

Result<int32_t> KeptPrefixes::restore(Engine& engine, PrefixCache& prefixes) const {
  auto opened = SealedReader::open(path_for(engine), key_, kContext);
  if (!opened.ok() && opened.error().code() == ErrorCode::kNotFound) return 0;
  if (!opened.ok()) return opened.error();
  SealedReader& file = *opened;
  FileHead head;
  HEARTH_TRY(file.read(writable(head)));
  if (head.identity != engine.kv_identity() || head.page_bytes != prefixes.page_bytes())
    return file.corrupt("is of another model");
  std::vector<int32_t> taken;  // the pages, in the order of the file
  std::vector<std::byte> message(sizeof(PageHead) + head.page_bytes);
  for (std::size_t i = 0; i < head.pages; ++i) {
    HEARTH_TRY(file.read(message));
    PageHead of_page;
    std::memcpy(&of_page, message.data(), sizeof of_page);
    if (!is_right(of_page, i, engine.model().config().vocabulary))
      return file.corrupt("holds a page that cannot be");
    const int32_t parent =
        of_page.parent < 0 ? -1 : taken[static_cast<std::size_t>(of_page.parent)];
    const auto bytes = std::span(message).subspan(sizeof of_page);
    const auto page =
        prefixes.add(parent, {of_page.parent, of_page.last_used, &of_page.tokens, bytes});
    if (!page.ok()) return static_cast<int32_t>(i);  // this pool is smaller
    taken.push_back(*page);
  }
  HEARTH_TRY(file.finish());
  return static_cast<int32_t>(taken.size());
}

}  // namespace hearth
