// SPDX-License-Identifier: Apache-2.0
// The broker: the only process of hearth that connects. It is told its targets once, locks itself,
// and then posts what comes down the channel to those, byte for byte. It ends when the channel
// does.
//
// Threading: one thread, and those of libcurl.
#pragma once

namespace hearth {

enum class Proxies { kNone, kInEnvironment };

// Runs until the channel ends; what stops it from starting, it tells hearth by the channel. Returns
// the exit status.
int run_broker(int channel, Proxies proxies);

}  // namespace hearth
