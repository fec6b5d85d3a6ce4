// SPDX-License-Identifier: Apache-2.0
// An adapter's matrices, laid out and packed for a model. Internal to the folder.
//
// Ownership: borrows file and model. Threading: one user.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "format/lora_file.h"
#include "model/adapter.h"
#include "model/adapter_modules.h"

namespace hearth {

class AdapterBuilder {
 public:
  AdapterBuilder(const LoraFile& file, const Model& model) : file_(file), model_(model) {}

  // `config`: of a PEFT folder, else nullptr. Errors: those that Adapter::load() says of contents.
  Result<std::shared_ptr<const Adapter>> build(const PeftConfig* config);

 private:
  // A pair, and where its A begins among those with the same inputs.
  struct Part {
    const LoraPair* pair;
    AdaptedModule module;
    float factor;
    int32_t first;
  };

  LowRankType type() const {
    return model_.numerics() == Numerics::kFloat ? LowRankType::kFloats : LowRankType::kBytes;
  }
  Result<void> add(const LoraPair& pair, float factor);
  Result<void> lay_out();
  std::byte* writable(const std::byte* data) const;
  Result<void> pack(const Part& part);
  void pack_rows(const Part& part, const AdaptedMatrix& matrix, std::span<const float> b,
                 int32_t first_row);

  const LoraFile& file_;
  const Model& model_;
  std::vector<Part> parts_;
  std::vector<AdapterLayer> layers_;
  std::shared_ptr<Adapter> adapter_;
};

}  // namespace hearth
