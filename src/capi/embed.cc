// SPDX-License-Identifier: Apache-2.0
// hearth_model_embed(): a text as a vector.
#include "engine/embed.h"
#include "capi/boundary.h"
#include "capi/objects.h"

using namespace hearth;
using namespace hearth::capi;

namespace {

Result<EmbedOptions> read_embed_options(const hearth_embed_options* options) {
  HEARTH_ASSIGN(const hearth_embed_options given,
                read_options(options, "embed options", hearth_embed_options_init));
  HEARTH_TRY(check_reserved(given.reserved != 0, "reserved", "reserved fields"));
  EmbedOptions wanted;
  switch (given.pooling) {
    case HEARTH_POOLING_DEFAULT:
      break;
    case HEARTH_POOLING_MEAN:
      wanted.pooling = Pooling::kMean;
      break;
    case HEARTH_POOLING_CLS:
      wanted.pooling = Pooling::kCls;
      break;
    case HEARTH_POOLING_LAST:
      wanted.pooling = Pooling::kLast;
      break;
    default:
      return usage(concat("pooling: ", given.pooling, " is not known; use HEARTH_POOLING_*"));
  }
  if (given.length != HEARTH_LENGTH_ONE && given.length != HEARTH_LENGTH_OWN) {
    return usage(concat("length: ", given.length, " is not known; use HEARTH_LENGTH_*"));
  }
  wanted.length = given.length == HEARTH_LENGTH_OWN ? VectorLength::kOwn : VectorLength::kOne;
  return wanted;
}

}  // namespace

hearth_status hearth_embed_options_init(hearth_embed_options* options, std::size_t struct_size) {
  return init_options(options, struct_size, "embed options", [](hearth_embed_options&) {});
}

hearth_status hearth_model_embed(hearth_model* model, const char* text, std::size_t bytes,
                                 const hearth_embed_options* options, float* values,
                                 std::size_t capacity, std::size_t* count) {
  return at_boundary([&]() -> Result<void> {
    HEARTH_TRY(check_pointer(count, "count"));
    HEARTH_ASSIGN(const auto object, find_model(model));
    HEARTH_ASSIGN(const EmbedOptions wanted, read_embed_options(options));
    HEARTH_ASSIGN(const std::string_view given, read_text(text, bytes, "text"));
    // Computed only where it fits: the size is the model's, whatever the text.
    *count = static_cast<std::size_t>(object->engine->model().config().embedding);
    if (values == nullptr && capacity == 0) return {};
    HEARTH_TRY(check_pointer(values, "values"));
    HEARTH_TRY(check_capacity(*count, capacity, "values"));
    HEARTH_ASSIGN(const Turn turn, object->turnstile.enter());
    HEARTH_ASSIGN(const Embedding embedding, object->engine->embed(given, wanted));
    return write_array(std::span<const float>(embedding.values), values, capacity, count, "values");
  });
}
