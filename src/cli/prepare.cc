// SPDX-License-Identifier: Apache-2.0
// hearth prepare: keeps a model's packed weights, so that it starts at once.
#include <nlohmann/json.hpp>

#include "base/files.h"
#include "base/strings.h"
#include "cli/commands.h"
#include "cli/lock_in.h"
#include "cli/model_choice.h"

namespace hearth {
namespace {

class PrepareCommand : public Command {
 public:
  std::string name() const override { return "prepare"; }
  std::string summary() const override { return "Pack a model ahead, so that it starts at once"; }

  void declare(Options& options) override { flags_.declare_model(options); }

  // Packs anew whatever is there already. It reads no prompt, so that it may write.
  Result<int> run(const CommandContext& context) override {
    HEARTH_ASSIGN(const auto folder, context.environment.packed_folder());
    HEARTH_TRY(make_folder(folder));
    HEARTH_TRY(lock_in({.writable = {folder}}));
    HEARTH_ASSIGN(const ModelChoice choice, choose_model(context.environment, flags_.model));
    HEARTH_ASSIGN(const auto engine, Engine::load(choice.model.weights, {}));
    const Weights& weights = engine->model().weights();
    HEARTH_TRY(PackedFile::write(folder, weights.identity, weights.content, engine->pool()));
    const std::string path = (folder / PackedFile::name(weights.identity)).string();
    if (context.json) {
      context.out.write_json(
          {{"model", choice.name}, {"path", path}, {"bytes", weights.content.size()}});
    } else {
      context.out.write(concat(printable(choice.name, 300), ": packed into ", printable(path, 300),
                               ", ", weights.content.size() / 1'000'000, " MB\n"));
    }
    return 0;
  }

 private:
  ModelFlags flags_;
};

}  // namespace

std::unique_ptr<Command> make_prepare_command() { return std::make_unique<PrepareCommand>(); }

}  // namespace hearth
