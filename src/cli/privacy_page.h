// SPDX-License-Identifier: Apache-2.0
// What the page's view of privacy shows and does, over the state folder.
#pragma once

#include <filesystem>

#include "cli/environment.h"
#include "server/privacy_api.h"

namespace hearth {

// `environment` must outlive them. Threading: any.
PrivacyActions privacy_actions(const Environment& environment, const std::filesystem::path& state);

}  // namespace hearth
