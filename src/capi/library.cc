// SPDX-License-Identifier: Apache-2.0
// The library about itself: version, status names, limits, sizes of structs, lockdown.
#include "base/status_codes.h"
#include "capi/boundary.h"
#include "capi/handles.h"
#include "engine/engine.h"
#include "lockdown/lockdown.h"

using namespace hearth;
using namespace hearth::capi;

#define HEARTH_TEXT_INNER(number) #number
#define HEARTH_TEXT(number) HEARTH_TEXT_INNER(number)

namespace {

constexpr char kVersion[] = HEARTH_TEXT(HEARTH_VERSION_MAJOR) "." HEARTH_TEXT(
    HEARTH_VERSION_MINOR) "." HEARTH_TEXT(HEARTH_VERSION_PATCH);
static_assert(std::string_view(kVersion) == HEARTH_PROJECT_VERSION,
              "include/hearth/hearth.h and CMakeLists.txt name different versions");

// What the header promises in numbers is what the engine does and the compiler lays out.
static_assert(HEARTH_STOPS_MAX == kStopsMax && HEARTH_STOP_BYTES_MAX == kStopBytesMax);
static_assert(HEARTH_FINISH_STOP == static_cast<int32_t>(FinishReason::kStop));
static_assert(HEARTH_FINISH_LENGTH == static_cast<int32_t>(FinishReason::kLength));
static_assert(HEARTH_FINISH_DEADLINE == static_cast<int32_t>(FinishReason::kDeadline));
static_assert(HEARTH_FINISH_CANCELLED == static_cast<int32_t>(FinishReason::kCancelled));

constexpr ErrorCode kCodes[] = {
    ErrorCode::kInternal,     ErrorCode::kUsage,    ErrorCode::kNotFound,    ErrorCode::kCorrupt,
    ErrorCode::kUnsupported,  ErrorCode::kRefused,  ErrorCode::kUnavailable, ErrorCode::kDeadline,
    ErrorCode::kVerification, ErrorCode::kCancelled};

}  // namespace

const char* hearth_status_name(hearth_status status) {
  if (status == HEARTH_OK) return "ok";
  for (const ErrorCode code : kCodes) {
    if (exit_status(code) == status) return code_name(code).data();  // a literal: ends with NUL
  }
  return "unknown";
}

const char* hearth_last_error(void) { return last_error(); }
std::size_t hearth_error_bytes_max(void) { return HEARTH_ERROR_BYTES_MAX; }

const char* hearth_version(void) { return kVersion; }
int32_t hearth_version_number(void) {
  return 1000000 * HEARTH_VERSION_MAJOR + 1000 * HEARTH_VERSION_MINOR + HEARTH_VERSION_PATCH;
}

std::size_t hearth_handle_count(void) { return count_handles(); }

std::size_t hearth_stops_max(void) { return HEARTH_STOPS_MAX; }
std::size_t hearth_stop_bytes_max(void) { return HEARTH_STOP_BYTES_MAX; }

const char* hearth_finish_name(int32_t finish_reason) {
  if (finish_reason < HEARTH_FINISH_STOP || finish_reason > HEARTH_FINISH_CANCELLED)
    return "unknown";
  return finish_reason_name(static_cast<FinishReason>(finish_reason)).data();  // a literal
}

std::size_t hearth_model_options_size(void) { return sizeof(hearth_model_options); }
std::size_t hearth_model_info_size(void) { return sizeof(hearth_model_info); }
std::size_t hearth_chat_options_size(void) { return sizeof(hearth_chat_options); }
std::size_t hearth_session_options_size(void) { return sizeof(hearth_session_options); }
std::size_t hearth_generate_options_size(void) { return sizeof(hearth_generate_options); }
std::size_t hearth_result_size(void) { return sizeof(hearth_result); }
std::size_t hearth_score_options_size(void) { return sizeof(hearth_score_options); }
std::size_t hearth_score_result_size(void) { return sizeof(hearth_score_result); }
std::size_t hearth_embed_options_size(void) { return sizeof(hearth_embed_options); }
std::size_t hearth_lockdown_options_size(void) { return sizeof(hearth_lockdown_options); }

hearth_status hearth_lockdown_options_init(hearth_lockdown_options* options,
                                           std::size_t struct_size) {
  return init_options(options, struct_size, "lockdown options", [](hearth_lockdown_options&) {});
}

hearth_status hearth_lockdown(const hearth_lockdown_options* options, int32_t* landlock_abi) {
  return at_boundary([&]() -> Result<void> {
    HEARTH_ASSIGN(const hearth_lockdown_options given,
                  read_options(options, "lockdown options", hearth_lockdown_options_init));
    HEARTH_ASSIGN(const auto folders, read_array(given.writable, given.writable_count, "writable"));
    LockdownOptions wanted;
    for (const char* folder : folders) {
      HEARTH_TRY(check_pointer(folder, concat("writable[", wanted.writable.size(), "]")));
      wanted.writable.emplace_back(folder);
    }
    HEARTH_ASSIGN(const LockdownReport report, lockdown(wanted));
    if (landlock_abi != nullptr) *landlock_abi = report.landlock_abi;
    return {};
  });
}
