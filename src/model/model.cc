// SPDX-License-Identifier: Apache-2.0
#include "model/model.h"

#include <atomic>

#include "kernels/kernels.h"

namespace hearth {

Result<std::shared_ptr<const Model>> Model::load(const MappedGguf& file, Arithmetic arithmetic,
                                                 ThreadPool& pool,
                                                 const std::filesystem::path& folder) {
  auto model = std::make_shared<Model>();
  HEARTH_ASSIGN(model->config_, ModelConfig::read(file.gguf));
  HEARTH_ASSIGN(model->weights_, Weights::load(model->config_, file, pool, folder));
  model->kernels_ = &kernels_for(arithmetic.isa);
  model->arithmetic_ = arithmetic;
  static std::atomic<uint64_t> last_version = 0;
  model->version_ = ++last_version;
  return std::shared_ptr<const Model>(std::move(model));
}

}  // namespace hearth
