// SPDX-License-Identifier: Apache-2.0
// hearth inspect: what a GGUF file says about itself. Weights are not read, and need not be there.
#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>

#include "base/strings.h"
#include "cli/commands.h"
#include "cli/model_choice.h"
#include "cli/table.h"
#include "format/mapped_gguf.h"

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;

constexpr uint64_t kShownElements = 8;  // of an array, unless --full

Json array_values(const GgufArray& array) {
  if (const auto texts = array.strings(); texts.ok()) return Json(*texts);
  if (const auto numbers = array.int32s(); numbers.ok()) return Json(*numbers);
  if (const auto numbers = array.floats(); numbers.ok()) return Json(*numbers);
  return Json();  // of another type: only type and count are shown
}

// The first elements, or all.
Json shown_values(const GgufArray& array, bool full) {
  Json values = array_values(array);
  if (!values.is_array() || full || values.size() <= kShownElements) return values;
  values.erase(values.begin() + kShownElements, values.end());
  return values;
}

Json value_json(const GgufEntry& entry, bool full) {
  Json result = {{"type", std::string(gguf_type_name(entry.type))}};
  if (const auto* array = std::get_if<GgufArray>(&entry.value)) {
    result["element_type"] = std::string(gguf_type_name(array->element_type));
    result["count"] = array->count;
    result["value"] = shown_values(*array, full);
    return result;
  }
  if (entry.type == GgufType::kFloat32) {
    // The shortest decimal that means this float, not the digits of its double.
    const auto number = static_cast<float>(std::get<double>(entry.value));
    result["value"] = std::strtod(concat(number).c_str(), nullptr);
    return result;
  }
  std::visit(
      [&](const auto& value) {
        if constexpr (!std::is_same_v<std::decay_t<decltype(value)>, GgufArray>) {
          result["value"] = value;
        }
      },
      entry.value);
  return result;
}

std::vector<uint64_t> shape_of(const GgufTensor& tensor) {
  return {tensor.shape.begin(), tensor.shape.begin() + tensor.rank};
}

uint64_t value_count(const GgufTensor& tensor) { return tensor.row_values() * tensor.row_count(); }

// `offset` counts from the beginning of the tensor's part.
Json tensor_json(const GgufTensor& tensor, const MappedGguf& opened) {
  Json json = {{"name", std::string(tensor.name)},
               {"type", std::string(dtype_info(tensor.dtype).name)},
               {"shape", shape_of(tensor)},
               {"offset", tensor.data.data() - opened.parts[tensor.part].file.bytes().data()},
               {"bytes", tensor.data.size()}};
  if (opened.parts.size() > 1) json["part"] = tensor.part + 1;
  return json;
}

Json parts_json(const MappedGguf& opened) {
  Json parts = Json::array();
  for (const MappedGguf::Part& part : opened.parts) {
    parts.push_back({{"file", part.name}, {"bytes", part.file.bytes().size()}});
  }
  return parts;
}

std::string shape_text(const GgufTensor& tensor) {
  std::string text = "[";
  for (const uint64_t extent : shape_of(tensor))
    text += concat(text.size() > 1 ? ", " : "", extent);
  return text + "]";
}

// A value on one line of a terminal.
std::string value_text(const GgufEntry& entry, bool full) {
  const Json json = value_json(entry, full);
  std::string text = json["value"].is_string()
                         ? json["value"].get<std::string>()
                         : json["value"].dump(-1, ' ', false, Json::error_handler_t::replace);
  const std::size_t bytes_max = full ? std::string::npos : 100;
  if (const auto* array = std::get_if<GgufArray>(&entry.value)) {
    return concat(array->count, " x ", gguf_type_name(array->element_type), " ",
                  printable(text, bytes_max),
                  array->count > kShownElements && !full && text.size() <= bytes_max ? " ..." : "");
  }
  return printable(text, bytes_max);
}

class InspectCommand : public Command {
 public:
  std::string name() const override { return "inspect"; }
  std::string summary() const override { return "Metadata and tensors of a GGUF file"; }

  void declare(Options& options) override {
    options.text({"FILE", "FILE", "A GGUF file, or a name in the store"}, file_,
                 Presence::kRequired);
    options.flag({"--full", "", "Arrays and long texts whole, not their beginning"}, full_);
  }

  Result<int> run(const CommandContext& context) override;

 private:
  void print(const MappedGguf& opened, const std::string& name, Output& out) const;
  Json json(const MappedGguf& opened, const std::string& name) const;

  std::string file_;
  bool full_ = false;
};

Json InspectCommand::json(const MappedGguf& opened, const std::string& name) const {
  Json metadata = Json::object();
  for (const GgufEntry& entry : opened.gguf.metadata()) {
    metadata[std::string(entry.key)] = value_json(entry, full_);
  }
  Json tensors = Json::array();
  for (const GgufTensor& tensor : opened.gguf.tensors()) {
    tensors.push_back(tensor_json(tensor, opened));
  }
  return {{"file", name},
          {"bytes", opened.bytes()},
          {"version", opened.gguf.version()},
          {"alignment", opened.gguf.alignment()},
          {"parts", parts_json(opened)},
          {"metadata", std::move(metadata)},
          {"tensors", std::move(tensors)}};
}

void InspectCommand::print(const MappedGguf& opened, const std::string& name, Output& out) const {
  const GgufFile& gguf = opened.gguf;
  out.write(concat("file       ", printable(name, 300), "\nbytes      ", opened.bytes(),
                   "\nformat     GGUF version ", gguf.version(), ", alignment ", gguf.alignment(),
                   "\n"));
  for (std::size_t i = 0; opened.parts.size() > 1 && i < opened.parts.size(); ++i) {
    const MappedGguf::Part& part = opened.parts[i];
    out.write(concat("part       ", i + 1, " of ", opened.parts.size(), ": ",
                     printable(part.name, 300), ", ", part.file.bytes().size(), " bytes\n"));
  }
  out.write("\n");
  Table metadata({"KEY", "TYPE", "VALUE"});
  for (const GgufEntry& entry : gguf.metadata()) {
    metadata.add({printable(entry.key, 200), std::string(gguf_type_name(entry.type)),
                  value_text(entry, full_)});
  }
  out.write(metadata.text());
  Table tensors({"TENSOR", "TYPE", "SHAPE", "BYTES"});
  std::map<std::string, uint64_t> bytes_by_type;
  uint64_t values = 0;
  for (const GgufTensor& tensor : gguf.tensors()) {
    const std::string type(dtype_info(tensor.dtype).name);
    tensors.add(
        {printable(tensor.name, 200), type, shape_text(tensor), concat(tensor.data.size())});
    bytes_by_type[type] += tensor.data.size();
    values += value_count(tensor);
  }
  out.write(
      concat("\n", tensors.text(), "\n", gguf.tensors().size(), " tensors, ", values, " values"));
  for (const auto& [type, bytes] : bytes_by_type)
    out.write(concat(", ", type, " ", bytes, " bytes"));
  out.write("\n");
}

Result<int> InspectCommand::run(const CommandContext& context) {
  HEARTH_ASSIGN(const ModelChoice choice, choose_model(context.environment, file_));
  HEARTH_ASSIGN(const MappedGguf opened, MappedGguf::open(choice.model.weights, choice.name));
  if (context.json) {
    context.out.write_json(json(opened, choice.name));
  } else {
    print(opened, choice.name, context.out);
  }
  return 0;
}

}  // namespace

std::unique_ptr<Command> make_inspect_command() { return std::make_unique<InspectCommand>(); }

}  // namespace hearth
