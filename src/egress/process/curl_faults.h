// SPDX-License-Identifier: Apache-2.0
// What libcurl's failures mean to who asked. Pure.
#pragma once

#include <curl/curl.h>

#include "egress/reply_reader.h"

namespace hearth {

// Sets the fault and the text ("cause; remedy") of a transfer that failed with `code`.
// `was_looked_up`: the host's address was known; `has_head`: an answer had begun.
void curl_fault(CURLcode code, bool was_looked_up, bool has_head, ReplyEnd& end);

}  // namespace hearth
