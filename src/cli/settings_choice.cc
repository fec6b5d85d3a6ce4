// SPDX-License-Identifier: Apache-2.0
#include "cli/settings_choice.h"

#include "package/model_names.h"
#include "package/store.h"

namespace hearth {

Result<ModelSettings> settings_of(const Environment& environment, const std::string& reference) {
  const auto folder = environment.data_folder();
  if (is_model_path(reference) || reference.empty() || !folder.ok()) return ModelSettings{};
  auto found = Store(*folder).find(reference);
  if (found.ok()) return std::move(found->manifest.settings);
  // choose_model() says what is wrong with a name.
  const bool is_elsewhere =
      found.error().code() == ErrorCode::kNotFound || found.error().code() == ErrorCode::kUsage;
  if (is_elsewhere) return ModelSettings{};
  return std::move(found).error();
}

}  // namespace hearth
