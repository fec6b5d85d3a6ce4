// SPDX-License-Identifier: Apache-2.0
#include "package/model_settings.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/strings.h"
#include "base/utf8.h"
#include "template/chat_template.h"

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kBlanks = " \t\r\n";

Error usage(std::string_view what, std::string_view why) {
  return Error(ErrorCode::kUsage, concat(what, ": ", why));
}

Error corrupt(std::string_view why) { return Error(ErrorCode::kCorrupt, std::string(why)); }

Result<void> check_text(std::string_view what, std::string_view text) {
  if (const auto at = find_invalid_utf8(text))
    return usage(what, concat("is not UTF-8 at byte ", *at, "; give text in UTF-8"));
  if (text.find('\0') != std::string_view::npos) return usage(what, "holds a NUL; take it out");
  return {};
}

bool is_word_end(std::string_view rest) {
  return rest.empty() || kBlanks.find(rest.front()) != std::string_view::npos ||
         rest.front() == '-' || rest.front() == '}';
}

// Whether what stands behind "{{" is Go's: a field, a variable, a comment, or a word that Jinja
// only knows between "{%" and "%}".
bool is_go_action(std::string_view inside) {
  if (inside.starts_with('-')) inside.remove_prefix(1);
  inside.remove_prefix(std::min(inside.find_first_not_of(kBlanks), inside.size()));
  if (inside.starts_with('.') || inside.starts_with('$') || inside.starts_with("/*")) return true;
  constexpr std::array<std::string_view, 5> kWords = {"if", "else", "end", "range", "with"};
  return std::ranges::any_of(kWords, [&](std::string_view word) {
    return inside.starts_with(word) && is_word_end(inside.substr(word.size()));
  });
}

bool is_go_template(std::string_view source) {
  for (std::size_t at = source.find("{{"); at != std::string_view::npos;
       at = source.find("{{", at + 2)) {
    if (is_go_action(source.substr(at + 2))) return true;
  }
  return false;
}

Result<std::string> text_member(const Json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end()) return std::string();
  if (!found->is_string()) return corrupt(concat("settings.", name, " is not a string"));
  return found->get<std::string>();
}

Result<std::vector<ExampleMessage>> messages_from_json(const Json& list) {
  std::vector<ExampleMessage> messages;
  if (!list.is_array()) return corrupt("settings.messages is not an array");
  for (const Json& one : list) {
    if (!one.is_object()) return corrupt("settings.messages holds what is not an object");
    HEARTH_ASSIGN(std::string role, text_member(one, "role"));
    HEARTH_ASSIGN(std::string content, text_member(one, "content"));
    messages.push_back({std::move(role), std::move(content)});
  }
  return messages;
}

}  // namespace

Result<void> check_chat_template(std::string_view source) {
  if (is_go_template(source)) {
    return Error(
        ErrorCode::kUnsupported,
        "template: is written in Go's language, as Ollama's are; leave it out, which takes "
        "the model's own, or give it in Jinja");
  }
  const auto parsed = ChatTemplate::parse(source);
  if (parsed.ok()) return {};
  return Error(parsed.error().code(),
               concat("template: ", parsed.error().message(),
                      "; correct it, or leave it out, which takes the model's own"));
}

Result<void> check_settings(const ModelSettings& settings) {
  HEARTH_TRY(check_text("system", settings.system));
  HEARTH_TRY(check_text("license", settings.licence));
  HEARTH_TRY(check_text("template", settings.chat_template));
  if (settings.messages.size() > kExampleMessagesMax) {
    return usage("messages", concat(settings.messages.size(), " are more than ",
                                    kExampleMessagesMax, "; leave some out"));
  }
  for (const ExampleMessage& message : settings.messages) {
    if (message.role != "user" && message.role != "assistant") {
      return usage("messages", concat("role \"", printable(message.role),
                                      "\" is neither user nor assistant; choose one"));
    }
    if (message.content.empty())
      return usage("messages", "one has no content; give it some, or leave it out");
    HEARTH_TRY(check_text("messages", message.content));
  }
  HEARTH_TRY(check_stops(settings.parameters.stop));
  if (settings.chat_template.empty()) return {};
  return check_chat_template(settings.chat_template);
}

Result<void> check_settings_fit(const ModelSettings& settings, const SettingsHost& host) {
  const auto context = settings.parameters.num_ctx;
  if (context && host.context > 0 && static_cast<uint64_t>(*context) > host.context) {
    return usage("num_ctx", concat(*context, " is more than the ", host.context,
                                   " tokens that the model was made for; give at most that"));
  }
  const bool needs_template = !settings.system.empty() || !settings.messages.empty();
  if (needs_template && settings.chat_template.empty() && !host.has_chat_template) {
    return usage(settings.system.empty() ? "messages" : "system",
                 "the model has no chat template to put it into; give one in Jinja (TEMPLATE)");
  }
  return {};
}

ModelSettings overlay(const ModelSettings& base, const ModelSettings& own) {
  ModelSettings both = base;
  if (!own.system.empty()) both.system = own.system;
  if (!own.chat_template.empty()) both.chat_template = own.chat_template;
  if (!own.messages.empty()) both.messages = own.messages;
  if (both.licence.empty()) {
    both.licence = own.licence;
  } else if (!own.licence.empty() && own.licence != both.licence) {
    both.licence += concat("\n\n", own.licence);
  }
  both.parameters = overlay(base.parameters, own.parameters);
  return both;
}

Json settings_to_json(const ModelSettings& settings) {
  Json document = Json::object();
  if (!settings.system.empty()) document["system"] = settings.system;
  if (Json parameters = parameters_to_json(settings.parameters); !parameters.empty())
    document["parameters"] = std::move(parameters);
  if (!settings.chat_template.empty()) document["template"] = settings.chat_template;
  for (const ExampleMessage& message : settings.messages)
    document["messages"].push_back({{"role", message.role}, {"content", message.content}});
  if (!settings.licence.empty()) document["licence"] = settings.licence;
  return document;
}

Result<ModelSettings> settings_from_json(const Json& document) {
  if (!document.is_object()) return corrupt("settings is not an object");
  ModelSettings settings;
  for (const auto& [name, value] : document.items()) {
    if (name == "parameters") {
      auto parameters = parameters_from_json(value);
      if (!parameters.ok())
        return corrupt(concat("settings.parameters: ", parameters.error().message()));
      settings.parameters = std::move(parameters).value();
    } else if (name == "messages") {
      HEARTH_ASSIGN(settings.messages, messages_from_json(value));
    } else if (name != "system" && name != "template" && name != "licence") {
      return corrupt(concat("settings.", printable(name), " is not known"));
    }
  }
  HEARTH_ASSIGN(settings.system, text_member(document, "system"));
  HEARTH_ASSIGN(settings.chat_template, text_member(document, "template"));
  HEARTH_ASSIGN(settings.licence, text_member(document, "licence"));
  for (const ExampleMessage& message : settings.messages) {
    if (message.role != "user" && message.role != "assistant")
      return corrupt("settings.messages: a role is neither user nor assistant");
  }
  return settings;
}

}  // namespace hearth
