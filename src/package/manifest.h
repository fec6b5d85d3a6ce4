// SPDX-License-Identifier: Apache-2.0
// The description of one version of one model in the store: models/<name>/<version>/manifest.json.
// Values; no threading concerns.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "package/model_settings.h"

namespace hearth {

struct ManifestFile {
  // "model": the weights; "adapter": a LoRA adapter that belongs to them, and where it is PEFT's,
  // behind it, "adapter-config".
  std::string role;
  std::string path;    // the file's name where it came from, without folders: for people only
  std::string sha256;  // 64 lower-case hexadecimal digits: where the bytes are, blobs/sha256-...
  uint64_t bytes = 0;
};

struct Manifest {
  std::string name;
  std::string version;
  std::string licence;              // empty where unknown
  std::string created;              // UTC, as in 2024-05-01T12:00:00Z
  std::vector<ManifestFile> files;  // one of role "model"
  ModelSettings settings = {};

  const ManifestFile& model_file() const;
  uint64_t bytes() const;  // of all files
  // Whether it was made of another model: it has settings or adapters.
  bool is_derived() const;
};

// Names and versions become folder names, so both are short and tame: letters, digits, '.', '_',
// '-' and '+', beginning with a letter or a digit, at most 64. Errors: kUsage (`what` says which it
// is).
Result<void> check_store_name(std::string_view what, std::string_view text);

// One JSON document with a line end: of format 1, or of 2 where there are settings or adapters,
// which a hearth that knows nothing of them refuses to read.
std::string manifest_to_json(const Manifest& manifest);

// `source` is what errors call the text. Errors: kCorrupt (not JSON, or a field is absent, of the
// wrong type or out of range: named), kUnsupported (a newer format: says which are known).
Result<Manifest> manifest_from_json(std::string_view text, std::string_view source);

}  // namespace hearth
