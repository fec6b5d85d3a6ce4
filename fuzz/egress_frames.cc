// SPDX-License-Identifier: Apache-2.0
// The channel between hearth and its broker: however the bytes are cut, the same frames come out,
// and what a frame says is written back as the same bytes. The first byte says how long the pieces
// are.
#include "egress/frames.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "check_error.h"

namespace {

using namespace hearth;

// The frame's fields read and written again; empty where they cannot be read.
std::string rewritten(const Frame& frame) {
  std::string out;
  if (frame.type == FrameType::kTarget) {
    const auto target = read_target(frame);
    if (target.ok()) append_target(out, *target);
    if (!target.ok()) check_line(target.error());
  } else if (frame.type == FrameType::kAsk) {
    const auto ask = read_ask(frame);
    if (ask.ok()) append_ask(out, frame.ask, *ask);
    if (!ask.ok()) check_line(ask.error());
  } else if (frame.type == FrameType::kRefused) {
    const auto refused = read_refused(frame);
    if (!refused.ok()) check_line(refused.error());
  } else if (frame.type == FrameType::kDone) {
    const auto done = read_done(frame);
    if (done.ok()) append_done(out, frame.ask, *done);
    if (!done.ok()) check_line(done.error());
  }
  return out;
}

// All frames in `bytes`, as they are written, up to the first error.
std::string read_in_pieces(std::string_view bytes, std::size_t piece) {
  FrameReader reader;
  std::string frames;
  while (!bytes.empty()) {
    reader.append(bytes.substr(0, piece));
    bytes.remove_prefix(std::min(piece, bytes.size()));
    while (true) {
      const auto frame = reader.next();
      if (!frame.ok()) {
        check_line(frame.error());
        return frames + "error";
      }
      if (!frame->has_value()) break;
      const Frame& one = **frame;
      HEARTH_CHECK(one.payload.size() <= kFramePayloadMax);
      append_frame(frames, one.type, one.ask, one.payload);
      const std::string again = rewritten(one);
      // An end that says nothing of what was sent is written as one that sent nothing.
      const bool says_all = one.type == FrameType::kTarget || one.type == FrameType::kAsk;
      HEARTH_CHECK(again.empty() || !says_all || frames.ends_with(again));
    }
  }
  return frames;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string frames = read_in_pieces(bytes, std::size_t{1} + data[0]);
  HEARTH_CHECK(frames == read_in_pieces(bytes, bytes.size() + 1));
  return 0;
}
