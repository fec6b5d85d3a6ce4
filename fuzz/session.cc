// SPDX-License-Identifier: Apache-2.0
// The reader of saved sessions on any bytes: it refuses them in one line, or gives a session that
// saves to the same bytes and goes on, to an answer or to an error.
//
// Input: a byte that is 255, then a file as it is; or the number of tokens of a sound session, then
// patches of it, of five bytes each (offset of four, counted from the end where its highest bit is
// set; value), after which the checksum is made to fit.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "base/check.h"
#include "base/xxh64.h"
#include "check_error.h"
#include "engine/engine.h"
#include "engine/test_model.h"

namespace {

using namespace hearth;  // NOLINT: a harness is a program of its own

void check_session_error(const Error& error) {
  HEARTH_CHECK(error.code() == ErrorCode::kCorrupt || error.code() == ErrorCode::kUnsupported ||
               error.code() == ErrorCode::kUsage);
  check_line(error);
}

std::vector<std::byte> saved(const Session& session) {
  std::vector<std::byte> bytes;
  const auto result = session.save([&](std::span<const std::byte> piece) -> Result<void> {
    bytes.insert(bytes.end(), piece.begin(), piece.end());
    return {};
  });
  HEARTH_CHECK(result.ok());
  return bytes;
}

void check(Engine& engine, std::span<const std::byte> bytes) {
  auto session = engine.restore_session(bytes);
  if (!session.ok()) {
    check_session_error(session.error());
    return;
  }
  HEARTH_CHECK(std::ranges::equal(saved(*session), bytes));
  std::vector<TokenId> prompt(session->tokens().begin(), session->tokens().end());
  prompt.push_back(5);
  GenerateOptions options;
  options.tokens_max = 2;
  const auto answer = session->generate(prompt, options, [](std::string_view) {});
  if (!answer.ok()) check_session_error(answer.error());
}

constexpr std::size_t kPatchBytes = 5;

// In scalar float: the same on every CPU.
Engine& test_engine() {
  static const std::unique_ptr<Engine> engine = load_test_model(
      {.context = 128}, {.threads = 1, .isa = Isa::kScalar, .numerics = Numerics::kFloat});
  return *engine;
}

std::vector<std::byte> sound_session(int32_t tokens) {
  Session session = test_engine().create_session(128).value();
  const std::vector<TokenId> ids(static_cast<std::size_t>(tokens), TokenId{7});
  if (tokens > 0) HEARTH_CHECK(session.feed(ids).ok());
  return saved(session);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  auto input = std::as_bytes(std::span(data + 1, size - 1));
  if (data[0] == 255) {
    check(test_engine(), input);
    return 0;
  }
  std::vector<std::byte> file = sound_session(data[0] % 128);
  for (; input.size() >= kPatchBytes; input = input.subspan(kPatchBytes)) {
    uint32_t offset;
    std::memcpy(&offset, input.data(), sizeof offset);
    const std::size_t at = (offset & 0x7fffffff) % file.size();
    file[(offset >> 31) != 0 ? file.size() - 1 - at : at] = input[sizeof offset];
  }
  const uint64_t digest = xxh64(std::span(file).first(file.size() - sizeof(uint64_t)));
  std::memcpy(file.data() + file.size() - sizeof digest, &digest, sizeof digest);
  check(test_engine(), file);
  return 0;
}
