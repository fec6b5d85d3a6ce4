// SPDX-License-Identifier: Apache-2.0
// What stands between C callers and the engine: exceptions and errors become a status and a text,
// and what callers pass is checked before it is used.
//
// Threading: any thread; the error's text belongs to the thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "base/function_ref.h"
#include "base/result.h"
#include "base/strings.h"
#include "hearth/hearth.h"

namespace hearth::capi {

// Runs one call's work. Its error, or what it throws, becomes the thread's last error and a status.
// A failed check inside it (a bug of ours) is HEARTH_INTERNAL, unless it happens on the threads of
// a pool, which cannot be unwound: there it stops the process.
hearth_status at_boundary(FunctionRef<Result<void>()> work);

// This thread's last error; "" where there was none.
const char* last_error();

Error usage(std::string_view message);

// Errors: kUsage naming `what` where `pointer` is NULL.
Result<void> check_pointer(const void* pointer, std::string_view what);

// Errors: kUsage where `given` is no size of `what` that a version of this library has had.
Result<void> check_struct_size(std::size_t given, std::size_t ours, std::string_view what);

// For an output struct. Errors: kUsage (NULL, or as check_struct_size()).
template <typename Struct>
Result<void> check_output(const Struct* output, std::string_view what) {
  HEARTH_TRY(check_pointer(output, what));
  return check_struct_size(output->struct_size, sizeof(Struct), what);
}

// Errors: kUnsupported naming `field`, which `is_set` although it is reserved for `purpose`.
Result<void> check_reserved(bool is_set, std::string_view field, std::string_view purpose);

// An _init function: zeroes `options`, sets its size and lets `set_defaults` do the rest.
template <typename Options, typename SetDefaults>
hearth_status init_options(Options* options, std::size_t struct_size, std::string_view what,
                           SetDefaults set_defaults) {
  return at_boundary([&]() -> Result<void> {
    HEARTH_TRY(check_pointer(options, what));
    HEARTH_TRY(check_struct_size(struct_size, sizeof(Options), what));
    *options = Options{};
    options->struct_size = struct_size;
    set_defaults(*options);
    return {};
  });
}

// The options that apply: the caller's, or the defaults of `init` for NULL. Errors: as
// check_struct_size().
template <typename Options>
Result<Options> read_options(const Options* given, std::string_view what,
                             hearth_status (*init)(Options*, std::size_t)) {
  Options options;
  if (given == nullptr) {
    HEARTH_CHECK(init(&options, sizeof options) == HEARTH_OK);
    return options;
  }
  HEARTH_TRY(check_struct_size(given->struct_size, sizeof(Options), what));
  return *given;
}

// Text with a length or NUL at its end. Errors: kUsage (NULL with a length, or longer than memory).
Result<std::string_view> read_text(const char* text, std::size_t bytes, std::string_view what);

// Errors: kUsage naming the first byte that is not UTF-8.
Result<void> check_utf8(std::string_view text, std::string_view what);

// An array that a caller passes. Errors: kUsage (NULL with a count, or longer than memory).
template <typename T>
Result<std::span<const T>> read_array(const T* items, std::size_t count, std::string_view what) {
  if (count == 0) return std::span<const T>();
  HEARTH_TRY(check_pointer(items, what));
  if (count > PTRDIFF_MAX / sizeof(T)) {
    return usage(
        concat(what, ": a count of ", count, " is more than memory holds; pass the real one"));
  }
  return std::span(items, count);
}

// Errors: kUsage naming needed and given room.
Result<void> check_capacity(std::size_t needed, std::size_t capacity, std::string_view what);

// Hands `from` out by the two-call pattern: *count always, `to` where it is not NULL. Errors:
// kUsage
// (`count` is NULL, the capacity is too small).
template <typename T>
Result<void> write_array(std::span<const T> from, T* to, std::size_t capacity, std::size_t* count,
                         std::string_view what) {
  HEARTH_TRY(check_pointer(count, concat(what, "'s size")));
  *count = from.size();
  if (to == nullptr && capacity == 0) return {};
  HEARTH_TRY(check_pointer(to, what));
  HEARTH_TRY(check_capacity(from.size(), capacity, what));
  if (!from.empty()) std::memcpy(to, from.data(), from.size_bytes());
  return {};
}

// The same for text, with a NUL behind it where there is room.
Result<void> write_text(std::string_view from, char* to, std::size_t capacity, std::size_t* bytes,
                        std::string_view what);

}  // namespace hearth::capi
