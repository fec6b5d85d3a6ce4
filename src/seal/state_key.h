// SPDX-License-Identifier: Apache-2.0
// The user's key in hearth's state folder, and how its loss is noticed: beside it lies a hash by
// which it is known, so that a new key never quietly takes the place of the one that everything
// here was sealed with.
#pragma once

#include <filesystem>

#include "base/result.h"
#include "seal/seal_key.h"

namespace hearth {

// seal.key in the state folder, made with seal.check where neither is there. Errors: kVerification
// (it is gone, or another one: says what cannot be read any more, and what to do), and those of
// SealKey::load_or_create().
Result<SealKey> open_state_key(const std::filesystem::path& state);

// Takes the key that is there, or a new one, for the right one from now on. Errors: those of
// SealKey::load_or_create().
Result<SealKey> accept_state_key(const std::filesystem::path& state);

}  // namespace hearth
