// SPDX-License-Identifier: Apache-2.0
#include "engine/answer.h"

namespace hearth {

std::string_view finish_reason_name(FinishReason reason) {
  switch (reason) {
    case FinishReason::kStop:
      return "stop";
    case FinishReason::kLength:
      return "length";
    case FinishReason::kDeadline:
      return "deadline";
    case FinishReason::kCancelled:
      return "cancelled";
  }
  return "stop";
}

FinishReason finish_reason(ErrorCode interruption) {
  return interruption == ErrorCode::kDeadline ? FinishReason::kDeadline : FinishReason::kCancelled;
}

}  // namespace hearth
