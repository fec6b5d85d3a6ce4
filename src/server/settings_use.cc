// SPDX-License-Identifier: Apache-2.0
#include "server/settings_use.h"

#include "engine/answer.h"

namespace hearth {

static_assert(kSettingStopsMax == kStopsMax && kSettingStopBytesMax == kStopBytesMax);

void apply_sampling(const ModelParameters& parameters, SamplingOptions& sampling) {
  const auto take = [](const auto& from, auto& into) {
    if (from) into = static_cast<std::decay_t<decltype(into)>>(*from);
  };
  take(parameters.temperature, sampling.temperature);
  take(parameters.top_p, sampling.top_p);
  take(parameters.min_p, sampling.min_p);
  take(parameters.repeat_penalty, sampling.repetition_penalty);
  take(parameters.frequency_penalty, sampling.frequency_penalty);
  take(parameters.presence_penalty, sampling.presence_penalty);
  take(parameters.top_k, sampling.top_k);
  take(parameters.repeat_last_n, sampling.penalty_tokens);
  take(parameters.seed, sampling.seed);
}

void apply_parameters(const ModelParameters& parameters, int32_t context,
                      GenerateOptions& options) {
  apply_sampling(parameters, options.sampling);
  options.stop = parameters.stop;
  const int64_t tokens = std::clamp<int64_t>(parameters.num_predict.value_or(0), 0, context);
  options.tokens_max = static_cast<int32_t>(tokens);
}

}  // namespace hearth
