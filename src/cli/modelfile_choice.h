// SPDX-License-Identifier: Apache-2.0
// Modelfiles among what `hearth import` is given, and where their FROM leads.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "package/modelfile.h"
#include "package/store.h"

namespace hearth {

// A Modelfile is known by its name (Modelfile, NAME.modelfile) or by its first instruction; a GGUF
// file and a folder are none, whatever they are called. Errors: those of parse_modelfile().
Result<std::optional<Modelfile>> read_if_modelfile(const std::filesystem::path& path);

// Of what a Modelfile makes its model: one of the two.
struct ModelOrigin {
  std::string stored = {};          // a name in the store
  std::filesystem::path file = {};  // a GGUF file, or the folder of a checkpoint
};

// FROM is a path where it has '/' or ends in .gguf, beginning at the Modelfile's folder; else a
// name in the store (name:tag as Ollama writes them), else a file of that name. Errors: kNotFound
// (neither), those of Store::find().
Result<ModelOrigin> find_origin(const Modelfile& modelfile, const std::filesystem::path& path,
                                const Store& store);

// Its adapters, whose paths begin at the Modelfile's folder too. Whether they are there is not
// looked at.
std::vector<AdapterPaths> adapters_of(const Modelfile& modelfile,
                                      const std::filesystem::path& path);

}  // namespace hearth
