// SPDX-License-Identifier: Apache-2.0
// What a request's text tells without a model: what kind of task it is, about how many tokens it
// has.
//
// Deterministic, in linear time, and bounded: of a long text the beginning and the end are looked
// at, where instructions stand. English cues; a text without any is chat. A wrong guess can make a
// decision worse, but never permit more than the rules for the task that was guessed.
//
// Threading: pure functions.
#pragma once

#include <cstdint>
#include <string_view>

#include "route/facts.h"

namespace hearth {

RequestTask classify_task(std::string_view text);

// Four bytes a token: for when there is no tokenizer at hand.
int32_t estimate_tokens(std::string_view text);

}  // namespace hearth
