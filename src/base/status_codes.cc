// SPDX-License-Identifier: Apache-2.0
#include "base/status_codes.h"

#include <array>

namespace hearth {
namespace {

struct Row {
  ErrorCode code;
  int exit_status;
  int http_status;
  std::string_view name;
};

constexpr std::array<Row, 10> kRows = {{
    {ErrorCode::kInternal, 1, 500, "internal"},
    {ErrorCode::kUsage, 2, 400, "usage"},
    {ErrorCode::kNotFound, 3, 404, "not_found"},
    {ErrorCode::kCorrupt, 4, 400, "corrupt"},
    {ErrorCode::kUnsupported, 5, 501, "unsupported"},
    {ErrorCode::kRefused, 6, 403, "refused"},
    {ErrorCode::kUnavailable, 7, 503, "unavailable"},
    {ErrorCode::kDeadline, 8, 504, "deadline"},
    {ErrorCode::kVerification, 9, 422, "verification"},
    {ErrorCode::kCancelled, 130, 499, "cancelled"},
}};

const Row& row(ErrorCode code) {
  const Row& found = kRows[static_cast<std::size_t>(code)];
  HEARTH_CHECK(found.code == code);
  return found;
}

}  // namespace

int exit_status(ErrorCode code) { return row(code).exit_status; }
int http_status(ErrorCode code) { return row(code).http_status; }
std::string_view code_name(ErrorCode code) { return row(code).name; }

}  // namespace hearth
