// SPDX-License-Identifier: Apache-2.0
// The web page over HTTP: no secret, so nobody is asked for a key.
#pragma once

#include "http/message.h"

namespace hearth {

// False, and nothing is sent, where the request is for no file of the page.
bool send_page(const HttpRequest& request, HttpReply& reply);

}  // namespace hearth
