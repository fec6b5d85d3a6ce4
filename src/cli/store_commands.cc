// SPDX-License-Identifier: Apache-2.0
// hearth import, create, ls, show, rm: the models on this device.
#include <cctype>
#include <nlohmann/json.hpp>

#include "base/files.h"
#include "base/strings.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/model_choice.h"
#include "cli/modelfile_choice.h"
#include "cli/table.h"
#include "convert/convert.h"
#include "engine/engine.h"
#include "format/mapped_gguf.h"
#include "package/model_names.h"
#include "package/modelfile.h"
#include "package/store.h"

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;

Result<Store> open_store(const Environment& environment) {
  HEARTH_ASSIGN(auto folder, environment.data_folder());
  return Store(std::move(folder));
}

std::string megabytes(uint64_t bytes) {
  const uint64_t tenths = (bytes + 50'000) / 100'000;
  return concat(tenths / 10, ".", tenths % 10, " MB");
}

Json model_json(const StoredModel& model) {
  const Manifest& manifest = model.manifest;
  Json files = Json::array();
  for (const ManifestFile& file : manifest.files) {
    files.push_back(
        {{"role", file.role}, {"path", file.path}, {"sha256", file.sha256}, {"bytes", file.bytes}});
  }
  Json json = {{"name", manifest.name},       {"version", manifest.version},
               {"active", model.active},      {"bytes", manifest.bytes()},
               {"licence", manifest.licence}, {"created", manifest.created},
               {"files", std::move(files)}};
  if (!manifest.settings.empty()) json["settings"] = settings_to_json(manifest.settings);
  return json;
}

// A name made from a file's or a folder's: what the store does not take becomes '-'.
std::string name_from_path(const std::filesystem::path& path) {
  // "folder/" has an empty file name; a checkpoint's own file is called alike in every folder.
  const std::filesystem::path named =
      path.has_filename() && path.extension() != ".safetensors" ? path : path.parent_path();
  std::string name = is_checkpoint(path) ? named.filename().string() : named.stem().string();
  for (char& c : name) {
    const bool tame = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '_';
    c = tame ? static_cast<char>(std::tolower(static_cast<unsigned char>(c))) : '-';
  }
  name.erase(0, std::min(name.find_first_not_of("-._"), name.size()));
  return name.substr(0, 64);
}

// Whether a model can follow its settings. Errors: those of check_settings_fit().
Result<void> check_fit(const ModelSettings& settings, const GgufFile& gguf) {
  HEARTH_ASSIGN(const auto architecture, gguf.get_string("general.architecture"));
  HEARTH_ASSIGN(const auto context,
                gguf.get_uint(concat(architecture.value_or(""), ".context_length")));
  HEARTH_ASSIGN(const auto chat_template, gguf.get_string("tokenizer.chat_template"));
  return check_settings_fit(settings, {chat_template.has_value(), context.value_or(0)});
}

// Whether a model can be run with all these adapters. Errors: those of Engine::load(),
// Adapter::load() and check_adapters().
Result<void> check_adapters_fit(const std::filesystem::path& weights,
                                const std::vector<AdapterPaths>& adapters) {
  if (adapters.empty()) return {};
  HEARTH_ASSIGN(const auto engine, Engine::load(weights, {}));
  std::vector<AdapterUse> uses;
  for (const AdapterPaths& paths : adapters) {
    HEARTH_ASSIGN(auto adapter, Adapter::load(paths, engine->model()));
    uses.push_back({std::move(adapter)});
  }
  return check_adapters(engine->model(), uses);
}

// What a Modelfile adds to a model.
struct ModelAdditions {
  ModelSettings settings = {};
  std::vector<AdapterPaths> adapters = {};
};

class ImportCommand : public Command {
 public:
  std::string name() const override { return "import"; }
  std::string summary() const override {
    return "Copy a GGUF file, or convert a Hugging Face folder, into the store";
  }

  void declare(Options& options) override {
    options.text(
        {"FILE", "FILE", "A GGUF file, the folder of a Hugging Face checkpoint, or a Modelfile"},
        file_, Presence::kRequired);
    options.text({"--name", "NAME", "What to call it (default: from the file's name)"}, name_);
    options.text({"--type", "TYPE",
                  "Matrices of a converted folder: F32, F16, BF16 or Q8_0 (default: its own)"},
                 type_);
    options.text({"--version", "VERSION", "Default: the beginning of its hash"}, version_);
    options.text({"--licence", "LICENCE", "Default: what the file says"}, licence_);
    options.text({"--sha256", "HEX", "Refuse a file with another hash"}, sha256_);
  }

  Result<int> run(const CommandContext& context) override;

 protected:
  Result<int> make(const CommandContext& context, const Modelfile& modelfile);

  std::string file_;
  std::string name_;

 private:
  Result<std::optional<Conversion>> open_conversion(const std::string& file,
                                                    const std::string& name) const;
  Result<int> import_file(const CommandContext& context, const std::string& file,
                          const ModelAdditions& added);
  Result<int> make_from_stored(const CommandContext& context, const std::string& from,
                               const ModelAdditions& added);
  static Result<int> report(const CommandContext& context, std::string_view done,
                            const Manifest& manifest);

  std::string type_;
  std::string version_;
  std::string licence_;
  std::string sha256_;
};

// Nothing where the file goes into the store as it is.
Result<std::optional<Conversion>> ImportCommand::open_conversion(const std::string& file,
                                                                 const std::string& name) const {
  if (!is_checkpoint(file)) {
    if (type_.empty()) return std::optional<Conversion>();
    return Error(ErrorCode::kUsage,
                 "--type: a GGUF file is taken as it is; leave it out, or name a folder");
  }
  ConvertOptions options;
  options.name = name;
  if (!type_.empty()) {
    HEARTH_ASSIGN(options.matrix_type, parse_matrix_type(type_));
  }
  HEARTH_ASSIGN(Conversion conversion, Conversion::open(file, options));
  return std::optional<Conversion>(std::move(conversion));
}

Result<int> ImportCommand::run(const CommandContext& context) {
  HEARTH_ASSIGN(const auto modelfile, read_if_modelfile(file_));
  if (modelfile) return make(context, *modelfile);
  if (name_.empty()) name_ = name_from_path(file_);
  return import_file(context, file_, {});
}

// The model that a Modelfile describes, under the name given or, without one, its file's.
Result<int> ImportCommand::make(const CommandContext& context, const Modelfile& modelfile) {
  if (name_.empty()) {
    name_ = name_from_path(file_);
    if (name_ == "modelfile") {
      return Error(
          ErrorCode::kUsage,
          concat(printable(file_, 300), ": does not say what its model is called; give --name"));
    }
  }
  const std::string wanted = store_name(name_);  // as Ollama writes versions: NAME:TAG
  name_ = wanted.substr(0, wanted.find('@'));
  if (name_ != wanted) version_ = wanted.substr(name_.size() + 1);
  for (const std::string& parameter : modelfile.ignored)
    print_note(concat("PARAMETER ", parameter, ": has no meaning here, ignored"));
  HEARTH_ASSIGN(const Store store, open_store(context.environment));
  HEARTH_ASSIGN(const ModelOrigin origin, find_origin(modelfile, file_, store));
  const ModelAdditions added = {modelfile.settings, adapters_of(modelfile, file_)};
  if (origin.stored.empty()) return import_file(context, origin.file.string(), added);
  return make_from_stored(context, origin.stored, added);
}

Result<int> ImportCommand::make_from_stored(const CommandContext& context, const std::string& from,
                                            const ModelAdditions& added) {
  if (!type_.empty() || !sha256_.empty() || !licence_.empty()) {
    return Error(ErrorCode::kUsage,
                 "--type, --sha256, --licence: are of a file, and FROM names a model of the store; "
                 "leave them out");
  }
  HEARTH_ASSIGN(const Store store, open_store(context.environment));
  HEARTH_ASSIGN(const StoredModel base, store.find(from));
  HEARTH_ASSIGN(ResolvedModel model, store.resolve(base.manifest));
  HEARTH_ASSIGN(const MappedGguf opened, MappedGguf::open(model.weights, from));
  HEARTH_TRY(check_fit(overlay(model.settings, added.settings), opened.gguf));
  model.adapters.insert(model.adapters.end(), added.adapters.begin(), added.adapters.end());
  if (!added.adapters.empty()) HEARTH_TRY(check_adapters_fit(model.weights, model.adapters));
  const std::string name = version_.empty() ? name_ : concat(name_, "@", version_);
  HEARTH_ASSIGN(const Manifest made, store.create(from, name, added.settings, added.adapters));
  return report(context, "made ", made);
}

Result<int> ImportCommand::import_file(const CommandContext& context, const std::string& file,
                                       const ModelAdditions& added) {
  HEARTH_ASSIGN(const Store store, open_store(context.environment));
  ImportRequest request;
  request.file = file;
  request.name = name_;
  HEARTH_ASSIGN(const auto conversion, open_conversion(file, request.name));
  if (conversion) {
    request.source = [&](ByteSink sink) { return conversion->write(sink); };
    request.source_bytes = conversion->byte_count();
  }
  request.version = version_;
  request.sha256_expected = sha256_;
  request.settings = added.settings;
  request.adapters = added.adapters;
  request.examine = [&](const std::filesystem::path& copy, Manifest& manifest) -> Result<void> {
    HEARTH_ASSIGN(const MappedGguf opened, MappedGguf::open(copy, file));
    HEARTH_ASSIGN(const auto licence, opened.gguf.get_string("general.license"));
    manifest.licence = licence_.empty() ? std::string(licence.value_or("")) : licence_;
    HEARTH_TRY(check_fit(added.settings, opened.gguf));
    return check_adapters_fit(copy, added.adapters);
  };
  const InterruptScope interrupt;
  ProgressLine progress(context.environment, concat("import ", request.name));
  const auto imported = store.import(request, [&](uint64_t done, uint64_t total) {
    progress.show(static_cast<double>(done) / static_cast<double>(total));
    return !InterruptScope::interrupted();
  });
  progress.clear();
  if (!imported.ok()) return imported.error();
  return report(context, "imported ", *imported);
}

Result<int> ImportCommand::report(const CommandContext& context, std::string_view done,
                                  const Manifest& manifest) {
  if (context.json) {
    context.out.write_json(model_json({manifest, true}));
  } else {
    context.out.write(concat(done, manifest.name, " version ", manifest.version, ", ",
                             megabytes(manifest.bytes()), "\n"));
  }
  return 0;
}

// What Ollama's users type: `ollama create NAME -f Modelfile`.
class CreateCommand : public ImportCommand {
 public:
  std::string name() const override { return "create"; }
  std::string summary() const override {
    return "Make a model with settings of its own from a Modelfile";
  }

  void declare(Options& options) override {
    options.text({"NAME", "NAME", "What to call it: NAME, or NAME:VERSION"}, name_,
                 Presence::kRequired);
    options.text({"-f,--file", "FILE", "The Modelfile (default: Modelfile)"}, file_);
  }

  Result<int> run(const CommandContext& context) override {
    if (file_.empty()) file_ = "Modelfile";
    HEARTH_ASSIGN(const std::string text, read_file(file_, kModelfileBytesMax));
    HEARTH_ASSIGN(const Modelfile modelfile, parse_modelfile(text, file_));
    return make(context, modelfile);
  }
};

class LsCommand : public Command {
 public:
  std::string name() const override { return "ls"; }
  std::string summary() const override { return "List the models in the store"; }

  void declare(Options& options) override {
    options.flag({"-q,--quiet", "", "Names only"}, quiet_);
  }

  Result<int> run(const CommandContext& context) override {
    HEARTH_ASSIGN(const Store store, open_store(context.environment));
    HEARTH_ASSIGN(const auto models, store.list());
    if (context.json) {
      Json list = Json::array();
      for (const StoredModel& model : models) list.push_back(model_json(model));
      context.out.write_json({{"models", std::move(list)}});
    } else if (quiet_) {
      for (const StoredModel& model : models) {
        if (model.active) context.out.write(model.manifest.name + "\n");
      }
    } else {
      print(models, store, context.out);
    }
    return 0;
  }

 private:
  static void print(const std::vector<StoredModel>& models, const Store& store, Output& out) {
    if (models.empty()) {
      print_note(concat("the store at ", printable(store.folder().string(), 300),
                        " is empty; `hearth import FILE` adds a model"));
      return;
    }
    Table table({"NAME", "VERSION", "ACTIVE", "SIZE", "LICENCE", "IMPORTED"});
    for (const StoredModel& model : models) {
      const Manifest& manifest = model.manifest;
      table.add({manifest.name, manifest.version, model.active ? "yes" : "",
                 megabytes(manifest.bytes()), printable(manifest.licence, 40), manifest.created});
    }
    out.write(table.text());
  }

  bool quiet_ = false;
};

class ShowCommand : public Command {
 public:
  std::string name() const override { return "show"; }
  std::string summary() const override { return "What the store knows about a model"; }

  void declare(Options& options) override {
    options.text({"NAME", "NAME", "NAME or NAME@VERSION"}, name_, Presence::kRequired);
    options.flag({"--modelfile", "", "Its settings as a Modelfile, and nothing else"}, modelfile_);
  }

  Result<int> run(const CommandContext& context) override {
    HEARTH_ASSIGN(const Store store, open_store(context.environment));
    HEARTH_ASSIGN(const StoredModel model, store.find(name_));
    if (modelfile_ && context.json)
      return Error(ErrorCode::kUsage, "--modelfile, --json: exclude each other; choose one");
    if (modelfile_) {
      context.out.write(modelfile_text(ollama_name(name_), model.manifest.settings));
      return 0;
    }
    HEARTH_ASSIGN(const ResolvedModel resolved, store.resolve(model.manifest));
    HEARTH_ASSIGN(const MappedGguf opened, MappedGguf::open(resolved.weights, name_));
    Json document = model_json(model);
    document["path"] = resolved.weights.string();
    document["architecture"] = text_of(opened.gguf, "general.architecture");
    document["title"] = text_of(opened.gguf, "general.name");
    uint64_t values = 0;
    for (const GgufTensor& tensor : opened.gguf.tensors()) {
      values += tensor.row_values() * tensor.row_count();
    }
    document["parameters"] = values;
    if (context.json) {
      context.out.write_json(document);
    } else {
      print(document, model.manifest.settings, context.out);
    }
    return 0;
  }

 private:
  // A metadata string; empty where there is none.
  static std::string text_of(const GgufFile& gguf, std::string_view key) {
    const auto text = gguf.get_string(key);
    return text.ok() && text->has_value() ? std::string(**text) : std::string();
  }

  // Each text on one line, as far as it goes; `--modelfile` has them whole.
  static void print_settings(const ModelSettings& settings, Output& out) {
    const auto line = [&](std::string_view key, std::string_view value) {
      out.write(concat(key, std::string(14 - key.size(), ' '), printable(value, 300), "\n"));
    };
    if (!settings.system.empty()) line("system", settings.system);
    if (!settings.chat_template.empty()) line("template", settings.chat_template);
    const Json parameters = parameters_to_json(settings.parameters);
    for (const auto& [key, value] : parameters.items())
      line("parameter", concat(key, " ", value.dump()));
    for (const ExampleMessage& message : settings.messages)
      line("message", concat(message.role, ": ", message.content));
    if (!settings.licence.empty()) line("terms", settings.licence);
  }

  static void print(const Json& document, const ModelSettings& settings, Output& out) {
    for (const auto& [key, value] : document.items()) {
      if (key == "files" || key == "settings") continue;
      const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
      out.write(concat(key, std::string(14 - key.size(), ' '), printable(text, 300), "\n"));
    }
    for (const Json& file : document["files"]) {
      const std::string role = file["role"].get<std::string>();
      out.write(concat("sha256        ", file["sha256"].get<std::string>(), "  ",
                       printable(file["path"].get<std::string>(), 200),
                       role == "model" ? "" : concat(" (", role, ")"), "\n"));
    }
    print_settings(settings, out);
  }

  std::string name_;
  bool modelfile_ = false;
};

class RmCommand : public Command {
 public:
  std::string name() const override { return "rm"; }
  std::string summary() const override { return "Remove models from the store"; }

  void declare(Options& options) override {
    options.words({"NAME", "NAME", "NAME (all versions) or NAME@VERSION"}, names_,
                  Presence::kRequired);
  }

  Result<int> run(const CommandContext& context) override {
    HEARTH_ASSIGN(const Store store, open_store(context.environment));
    uint64_t bytes_freed = 0;
    for (const std::string& name : names_) {
      HEARTH_ASSIGN(const uint64_t bytes, store.remove(name));
      bytes_freed += bytes;
      if (!context.json) {
        context.out.write(concat("removed ", name, ", ", megabytes(bytes), " freed\n"));
      }
    }
    if (context.json) context.out.write_json({{"removed", names_}, {"bytes_freed", bytes_freed}});
    return 0;
  }

 private:
  std::vector<std::string> names_;
};

}  // namespace

std::unique_ptr<Command> make_import_command() { return std::make_unique<ImportCommand>(); }
std::unique_ptr<Command> make_create_command() { return std::make_unique<CreateCommand>(); }
std::unique_ptr<Command> make_ls_command() { return std::make_unique<LsCommand>(); }
std::unique_ptr<Command> make_show_command() { return std::make_unique<ShowCommand>(); }
std::unique_ptr<Command> make_rm_command() { return std::make_unique<RmCommand>(); }

}  // namespace hearth
