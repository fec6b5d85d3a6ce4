// SPDX-License-Identifier: Apache-2.0
// Ollama's Modelfile: what a model is made from, and the settings that it brings along.
//
//   # a comment
//   FROM smollm2
//   PARAMETER temperature 0.2
//   SYSTEM """You are a pirate.
//   Answer in one line."""
//   MESSAGE user Who are you?
//   MESSAGE assistant Arr.
//   ADAPTER ./pirate-lora
//
// Instructions are written in any case. A value is the rest of its line; one that begins with """
// or " ends at the next line end before which the same stands, as Ollama reads it, and nothing in
// it has a further meaning.
//
// Threading: pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "package/model_settings.h"

namespace hearth {

inline constexpr std::size_t kModelfileBytesMax = 1 << 20;

struct Modelfile {
  std::string from;                   // as it is written: a name, or a path
  std::vector<std::string> adapters;  // the same: paths
  ModelSettings settings;
  std::vector<std::string> ignored;  // parameters that have no meaning here
};

// Whether the text begins, behind comments, with an instruction.
bool looks_like_modelfile(std::string_view text);

// `source` is what errors call the text. Errors, which name the line: kCorrupt (no instruction, no
// FROM or two, a value that is missing, out of range or never ends, too long, not UTF-8),
// kUnsupported (RENDERER and others; a template in Go).
Result<Modelfile> parse_modelfile(std::string_view text, std::string_view source);

// A text that parse_modelfile() reads back, unless a text of the settings holds lines that end in
// """, which no Modelfile can say.
std::string modelfile_text(std::string_view from, const ModelSettings& settings);

// The parameters, a line each, as Ollama's /api/show lists them.
std::string parameters_text(const ModelParameters& parameters);

}  // namespace hearth
