// SPDX-License-Identifier: Apache-2.0
#include "model/adapter_modules.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "base/strings.h"

namespace hearth {
namespace {

enum class Kind { kQuery, kKey, kValue, kStackedQkv, kAttentionOut, kGate, kUp, kStackedUp, kDown };

// Names behind a layer's number.
struct NameRow {
  std::string_view name;
  Kind kind;
};
constexpr std::array kGgufNames = {
    NameRow{"attn_q.weight", Kind::kQuery},
    NameRow{"attn_k.weight", Kind::kKey},
    NameRow{"attn_v.weight", Kind::kValue},
    NameRow{"attn_qkv.weight", Kind::kStackedQkv},
    NameRow{"attn_output.weight", Kind::kAttentionOut},
    NameRow{"ffn_gate.weight", Kind::kGate},
    NameRow{"ffn_up.weight", Kind::kUp},
    NameRow{"ffn_down.weight", Kind::kDown},
};
constexpr std::array kDecoderNames = {
    NameRow{"self_attn.q_proj", Kind::kQuery},
    NameRow{"self_attn.k_proj", Kind::kKey},
    NameRow{"self_attn.v_proj", Kind::kValue},
    NameRow{"self_attn.qkv_proj", Kind::kStackedQkv},
    NameRow{"self_attn.o_proj", Kind::kAttentionOut},
    NameRow{"mlp.gate_proj", Kind::kGate},
    NameRow{"mlp.up_proj", Kind::kUp},
    NameRow{"mlp.gate_up_proj", Kind::kStackedUp},
    NameRow{"mlp.down_proj", Kind::kDown},
};
constexpr std::array kBertNames = {
    NameRow{"attention.self.query", Kind::kQuery},
    NameRow{"attention.self.key", Kind::kKey},
    NameRow{"attention.self.value", Kind::kValue},
    NameRow{"attention.output.dense", Kind::kAttentionOut},
    NameRow{"intermediate.dense", Kind::kUp},
    NameRow{"output.dense", Kind::kDown},
};

// What stands before a layer's number; what may stand before that, and says nothing.
struct Naming {
  std::string_view before_layer;
  std::span<const NameRow> names;
};
constexpr std::array<std::string_view, 2> kModelPrefixes = {"model.", "bert."};

Naming naming_of(const LoraFile& file, const Model& model) {
  if (file.names == LoraNames::kGguf) return {"blk.", kGgufNames};
  const bool is_bert = model.config().architecture.positions == Positions::kLearned;
  return is_bert ? Naming{"encoder.layer.", kBertNames} : Naming{"layers.", kDecoderNames};
}

// Modules outside the layers, which people adapt at times.
constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kOutside = {{
    {"lm_head", "the output head"},
    {"output.weight", "the output head"},
    {"embed_tokens", "the embedding table"},
    {"token_embd.weight", "the embedding table"},
}};

Error error(const LoraFile& file, const LoraPair& pair, ErrorCode code, std::string_view what) {
  return Error(code, concat(file.name, ": ", printable(pair.module, 200), ": ", what));
}

Error unknown(const LoraFile& file, const LoraPair& pair, const Naming& naming) {
  for (const auto& [name, meaning] : kOutside) {
    if (!pair.module.ends_with(name)) continue;
    return error(
        file, pair, ErrorCode::kUnsupported,
        concat("is ", meaning, ", which hearth does not adapt; train the adapter without"));
  }
  std::string known;
  for (const NameRow& row : naming.names) known += concat(known.empty() ? "" : ", ", row.name);
  return error(file, pair, ErrorCode::kUnsupported,
               concat("is no module that hearth adapts; supported: ", known));
}

// "layers.12.mlp.up_proj" to 12 and the row of "mlp.up_proj".
struct Place {
  int32_t layer;
  Kind kind;
};
std::optional<Place> place_of(std::string_view module, const Naming& naming) {
  for (const std::string_view prefix : kModelPrefixes) {
    if (module.starts_with(prefix)) module.remove_prefix(prefix.size());
  }
  if (!module.starts_with(naming.before_layer)) return std::nullopt;
  module.remove_prefix(naming.before_layer.size());
  Place place{};
  const char* const end = module.data() + module.size();
  const auto [stop, failure] = std::from_chars(module.data(), end, place.layer);
  if (failure != std::errc() || stop == end || *stop != '.' || place.layer < 0) return std::nullopt;
  const std::string_view name(stop + 1, static_cast<std::size_t>(end - stop - 1));
  const auto row = std::find_if(naming.names.begin(), naming.names.end(),
                                [&](const NameRow& known) { return known.name == name; });
  if (row == naming.names.end()) return std::nullopt;
  place.kind = row->kind;
  return place;
}

AdaptedModule module_of(Place place) {
  using L = AdapterLayer;
  using W = LayerWeights;
  const AdaptedMatrix query = {&L::query, &W::query, PairedRows::kOfHeads};
  const AdaptedMatrix key = {&L::key, &W::key, PairedRows::kOfHeads};
  const AdaptedMatrix value = {&L::value, &W::value};
  const AdaptedMatrix gate = {&L::gate, &W::gate};
  const AdaptedMatrix up = {&L::up, &W::up};
  switch (place.kind) {
    case Kind::kQuery:
      return {place.layer, &L::attention_in, {query}};
    case Kind::kKey:
      return {place.layer, &L::attention_in, {key}};
    case Kind::kValue:
      return {place.layer, &L::attention_in, {value}};
    case Kind::kStackedQkv:
      return {place.layer, &L::attention_in, {query, key, value}};
    case Kind::kAttentionOut:
      return {place.layer, &L::attention_out_in, {{&L::attention_out, &W::attention_out}}};
    case Kind::kGate:
      return {place.layer, &L::mlp_in, {gate}};
    case Kind::kUp:
      return {place.layer, &L::mlp_in, {up}};
    case Kind::kStackedUp:
      return {place.layer, &L::mlp_in, {gate, up}};
    case Kind::kDown:
      return {place.layer, &L::down_in, {{&L::down, &W::down}}};
  }
  return {place.layer, &L::down_in, {}};
}

}  // namespace

Result<AdaptedModule> find_module(const LoraFile& file, const LoraPair& pair, const Model& model) {
  const Naming naming = naming_of(file, model);
  auto place = place_of(pair.module, naming);
  if (!place) return unknown(file, pair, naming);
  const auto& layers = model.weights().layers;
  if (static_cast<std::size_t>(place->layer) >= layers.size()) {
    return error(file, pair, ErrorCode::kUsage,
                 concat("the model has ", layers.size(),
                        " layers; use the model that the adapter was trained for"));
  }
  const LayerWeights& layer = layers[static_cast<std::size_t>(place->layer)];
  // Phi 3's GGUF files call both of them, one below the other, by the name of one.
  if (place->kind == Kind::kUp && layer.gate.rows > 0 &&
      pair.b.rows == layer.gate.rows + layer.up.rows) {
    place->kind = Kind::kStackedUp;
  }
  AdaptedModule module = module_of(*place);
  int32_t rows = 0;
  int32_t columns = 0;
  for (const AdaptedMatrix& matrix : module.matrices) {
    const PanelMatrix& weights = layer.*matrix.weights;
    if (weights.rows == 0) {
      return error(file, pair, ErrorCode::kUsage,
                   "this model has no such module; use the model that the adapter was trained for");
    }
    rows += weights.rows;
    columns = weights.columns;
  }
  if (pair.b.rows != rows || pair.a.columns != columns) {
    return error(file, pair, ErrorCode::kUsage,
                 concat("is for ", pair.a.columns, " inputs and ", pair.b.rows,
                        " outputs where the model has ", columns, " and ", rows,
                        "; use the model that the adapter was trained for"));
  }
  return module;
}

}  // namespace hearth
