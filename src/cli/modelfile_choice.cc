// SPDX-License-Identifier: Apache-2.0
#include "cli/modelfile_choice.h"

#include <cctype>
#include <fstream>
#include <system_error>

#include "base/files.h"
#include "base/strings.h"
#include "package/model_names.h"

namespace hearth {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kGgufMagic = "GGUF";
constexpr std::size_t kHeadBytes = 64 << 10;  // that comments may take before the first instruction

std::string head_of(const fs::path& path) {
  std::string head(kHeadBytes, '\0');
  std::ifstream file(path, std::ios::binary);
  file.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<std::size_t>(file.gcount()));
  return head;
}

bool is_called_modelfile(const fs::path& path) {
  std::string name = path.filename().string();
  for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return name == "modelfile" || name.ends_with(".modelfile") || name.starts_with("modelfile.");
}

}  // namespace

Result<std::optional<Modelfile>> read_if_modelfile(const fs::path& path) {
  std::error_code ignored;
  if (!fs::is_regular_file(path, ignored)) return std::optional<Modelfile>();
  const std::string head = head_of(path);
  if (head.starts_with(kGgufMagic) || !(is_called_modelfile(path) || looks_like_modelfile(head)))
    return std::optional<Modelfile>();
  HEARTH_ASSIGN(const std::string text, read_file(path, kModelfileBytesMax));
  HEARTH_ASSIGN(Modelfile modelfile, parse_modelfile(text, path.string()));
  return std::optional<Modelfile>(std::move(modelfile));
}

Result<ModelOrigin> find_origin(const Modelfile& modelfile, const fs::path& path,
                                const Store& store) {
  const std::string& from = modelfile.from;
  const fs::path file = path.parent_path() / from;
  if (is_model_path(from)) return ModelOrigin{.file = file};
  const std::string name = store_name(from);
  const auto found = store.find(name);
  if (found.ok()) return ModelOrigin{.stored = name};
  std::error_code ignored;
  if (fs::exists(file, ignored)) return ModelOrigin{.file = file};
  const ErrorCode code = found.error().code();
  if (code != ErrorCode::kNotFound && code != ErrorCode::kUsage) return found.error();
  return Error(ErrorCode::kNotFound,
               concat(printable(path.string(), 300), ": FROM ", printable(from),
                      ": is neither a model of the store nor a file beside it; `hearth ls` shows "
                      "what is in the store"));
}

std::vector<AdapterPaths> adapters_of(const Modelfile& modelfile, const fs::path& path) {
  std::vector<AdapterPaths> adapters;
  for (const std::string& adapter : modelfile.adapters)
    adapters.push_back(adapter_paths(path.parent_path() / adapter));
  return adapters;
}

}  // namespace hearth
