// SPDX-License-Identifier: Apache-2.0
#include "server/llama_cpp.h"

#include <algorithm>
#include <utility>

#include "base/strings.h"
#include "base/utf8.h"
#include "server/api_error.h"
#include "server/conversation.h"
#include "server/generation_fields.h"
#include "server/infill.h"
#include "server/json_fields.h"
#include "server/json_reply.h"
#include "server/openai_messages.h"

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;

Result<std::shared_ptr<ServedModel>> read_model(JsonFields& fields, ModelHost& models,
                                                const std::string& default_model) {
  HEARTH_ASSIGN(const auto name, fields.text("model"));
  return models.get(name.value_or(default_model));
}

// {"tokens": [1, 2]}, or with pieces [{"id": 1, "piece": "a"}], where bytes that are no text are a
// list of numbers.
Json tokens_json(const Tokenizer& tokenizer, const std::vector<TokenId>& ids, bool with_pieces) {
  Json list = Json::array();
  for (const TokenId id : ids) {
    if (!with_pieces) {
      list.push_back(id);
      continue;
    }
    const std::string piece(tokenizer.token_bytes(id, SpecialTokens::kParse));
    Json token = {{"id", id}, {"piece", piece}};
    if (find_invalid_utf8(piece)) {
      token["piece"] = Json::array();
      for (const char byte : piece) token["piece"].push_back(static_cast<unsigned char>(byte));
    }
    list.push_back(std::move(token));
  }
  return {{"tokens", std::move(list)}};
}

Result<Json> tokenize(ModelHost& models, const std::string& default_model,
                      const std::string& body) {
  HEARTH_ASSIGN(const Json document, parse_json_object(body));
  JsonFields fields(document);
  HEARTH_ASSIGN(const auto model, read_model(fields, models, default_model));
  HEARTH_ASSIGN(const auto content, fields.text("content"));
  if (!content) return fields.wrong("content", "is missing; give some text");
  HEARTH_ASSIGN(const auto add_special, fields.boolean("add_special"));
  HEARTH_ASSIGN(const auto parse_special, fields.boolean("parse_special"));
  HEARTH_ASSIGN(const auto with_pieces, fields.boolean("with_pieces"));
  HEARTH_TRY(fields.finish());
  const Tokenizer& tokenizer = model->engine->tokenizer();
  std::vector<TokenId> ids = tokenizer.encode(
      *content, parse_special.value_or(true) ? SpecialTokens::kParse : SpecialTokens::kAsText);
  const bool has_bos = add_special == true && tokenizer.add_bos() && tokenizer.bos();
  if (has_bos) ids.insert(ids.begin(), *tokenizer.bos());
  return tokens_json(tokenizer, ids, with_pieces.value_or(false));
}

Result<Json> detokenize(ModelHost& models, const std::string& default_model,
                        const std::string& body) {
  HEARTH_ASSIGN(const Json document, parse_json_object(body));
  JsonFields fields(document);
  HEARTH_ASSIGN(const auto model, read_model(fields, models, default_model));
  HEARTH_ASSIGN(const Json* tokens, fields.list("tokens"));
  if (tokens == nullptr) return fields.wrong("tokens", "is missing; give a list of ids");
  HEARTH_TRY(fields.finish());
  const Tokenizer& tokenizer = model->engine->tokenizer();
  std::vector<TokenId> ids;
  for (const Json& id : *tokens) {
    const auto read = whole_number(id);
    if (!read || *read < 0 || *read >= tokenizer.vocab_size())
      return fields.wrong("tokens",
                          concat(json_text(id), " is no token of the model; leave it out"));
    ids.push_back(static_cast<TokenId>(*read));
  }
  return Json{{"content", tokenizer.decode(ids, SpecialTokens::kParse)}};
}

Result<Json> apply_template(ModelHost& models, const std::string& default_model,
                            const std::string& body) {
  HEARTH_ASSIGN(const Json document, parse_json_object(body));
  JsonFields fields(document);
  HEARTH_ASSIGN(const auto model, read_model(fields, models, default_model));
  HEARTH_ASSIGN(const Json* messages, fields.list("messages"));
  if (messages == nullptr) return fields.wrong("messages", "is missing; give at least one");
  Conversation conversation;
  HEARTH_ASSIGN(conversation.turns, read_openai_messages(*messages));
  HEARTH_TRY(fields.finish());
  HEARTH_ASSIGN(const ChatPrompt prompt, make_chat_prompt(*model, conversation));
  return Json{{"prompt", model->engine->tokenizer().decode(prompt.tokens, SpecialTokens::kParse)}};
}

// ---- infill ----

struct InfillRequest {
  std::shared_ptr<ServedModel> model;
  std::vector<TokenId> prompt;
  GenerateOptions options;
  bool is_streamed = false;
};

// What stands in other files, before what stands in this one.
Result<std::string> read_extra(JsonFields& fields) {
  std::string text;
  HEARTH_ASSIGN(const Json* extra, fields.list("input_extra"));
  for (std::size_t i = 0; extra != nullptr && i < extra->size(); ++i) {
    HEARTH_ASSIGN(JsonFields chunk, JsonFields::of_item((*extra)[i], concat("input_extra[", i, "]"),
                                                        "filename and text"));
    HEARTH_ASSIGN(const auto file, chunk.text("filename"));
    HEARTH_ASSIGN(const auto content, chunk.text("text"));
    chunk.accept("time");
    HEARTH_TRY(chunk.finish());
    text += concat(file.value_or(""), "\n", content.value_or(""), "\n");
  }
  return text;
}

Result<InfillRequest> read_infill(ModelHost& models, const std::string& default_model,
                                  const std::string& body) {
  HEARTH_ASSIGN(const Json document, parse_json_object(body));
  JsonFields fields(document);
  InfillRequest asked;
  HEARTH_ASSIGN(const auto name, fields.text("model"));
  HEARTH_ASSIGN(ModelUse use, models.use(name.value_or(default_model)));
  asked.model = std::move(use.model);
  asked.options.adapters = std::move(use.adapters);
  HEARTH_ASSIGN(const auto prefix, fields.text("input_prefix"));
  HEARTH_ASSIGN(const auto suffix, fields.text("input_suffix"));
  HEARTH_ASSIGN(const auto typed, fields.text("prompt"));
  HEARTH_ASSIGN(const std::string extra, read_extra(fields));
  HEARTH_TRY(read_sampling(fields, *asked.model, asked.options));
  const int32_t context = asked.model->scheduler->context();
  HEARTH_ASSIGN(const auto tokens, fields.integer("n_predict", -1, context));
  asked.options.tokens_max = static_cast<int32_t>(std::max<int64_t>(tokens.value_or(128), 0));
  HEARTH_ASSIGN(const auto deadline_ms, fields.number("t_max_predict_ms", 0, 1e12));
  if (deadline_ms && *deadline_ms > 0)
    asked.options.interruption.deadline = Deadline::after_ms(*deadline_ms);
  HEARTH_ASSIGN(const auto streamed, fields.boolean("stream"));
  asked.is_streamed = streamed.value_or(false);
  for (const std::string_view without_meaning :
       {"samplers", "cache_prompt", "n_keep", "id_slot", "n_cache_reuse", "n_indent",
        "t_max_prompt_ms", "response_fields"})
    fields.accept(without_meaning);
  HEARTH_TRY(fields.finish());
  const std::string before = concat(extra, prefix.value_or(""), typed.value_or(""));
  HEARTH_ASSIGN(asked.prompt, encode_infill(*asked.model->engine, before, suffix.value_or("")));
  return asked;
}

Json infill_end(const InfillRequest& asked, const Answer& answer, const std::string& content) {
  const bool is_whole = answer.finish_reason == FinishReason::kStop;
  return {{"content", content},
          {"stop", true},
          {"stop_type", is_whole ? "eos" : "limit"},
          {"model", asked.model->name},
          {"tokens_predicted", answer.usage.completion_tokens},
          {"tokens_evaluated", answer.usage.prompt_tokens},
          {"tokens_cached", answer.usage.cached_tokens},
          {"truncated", false},
          {"timings",
           {{"prompt_n", answer.usage.prompt_tokens - answer.usage.cached_tokens},
            {"prompt_ms", answer.timings.prefill_ms},
            {"predicted_n", answer.usage.completion_tokens},
            {"predicted_ms", answer.timings.decode_ms}}}};
}

}  // namespace

void answer_tokenize(ModelHost& models, const std::string& default_model,
                     const HttpRequest& request, HttpReply& reply) {
  send_openai_result(reply, tokenize(models, default_model, request.body));
}

void answer_detokenize(ModelHost& models, const std::string& default_model,
                       const HttpRequest& request, HttpReply& reply) {
  send_openai_result(reply, detokenize(models, default_model, request.body));
}

void answer_apply_template(ModelHost& models, const std::string& default_model,
                           const HttpRequest& request, HttpReply& reply) {
  send_openai_result(reply, apply_template(models, default_model, request.body));
}

void send_props(ModelHost& models, const ModelList& list, const std::string& default_model,
                HttpReply& reply) {
  const auto model = models.get(default_model);
  if (!model.ok()) return send_openai_error(reply, model.error());
  const auto facts = list.facts(default_model);
  const std::string& own_template = (*model)->settings().chat_template;
  send_json(reply, 200,
            {{"default_generation_settings", {{"n_ctx", (*model)->scheduler->context()}}},
             {"total_slots", (*model)->scheduler->answers_max()},
             {"model_alias", default_model},
             {"chat_template",
              !own_template.empty() || !facts.ok() ? own_template : (*facts)->chat_template},
             {"modalities", {{"vision", false}, {"audio", false}}}});
}

void answer_infill(ModelHost& models, const std::string& default_model, const HttpRequest& request,
                   std::shared_ptr<HttpReply> reply) {
  Result<InfillRequest> read = read_infill(models, default_model, request.body);
  if (!read.ok()) return send_openai_error(*reply, read.error());
  const auto asked = std::make_shared<InfillRequest>(std::move(read).value());
  const auto has_begun = std::make_shared<bool>(false);
  const auto write = [reply, has_begun](const Json& event) {
    if (!std::exchange(*has_begun, true)) reply->begin(200, "text/event-stream");
    reply->write(concat("data: ", json_text(event), "\n\n"));
  };
  Request to_scheduler;
  to_scheduler.prompt = asked->prompt;
  to_scheduler.options = asked->options;
  to_scheduler.options.interruption.cancelled = &reply->is_gone();
  to_scheduler.client = std::string(request.header("authorization"));
  to_scheduler.on_text = [asked, write](std::string_view piece) {
    if (asked->is_streamed && !piece.empty()) write({{"content", piece}, {"stop", false}});
  };
  to_scheduler.on_end = [asked, write, reply, has_begun](Result<Answer> answer) {
    if (!answer.ok() && !*has_begun) return send_openai_error(*reply, answer.error());
    if (!asked->is_streamed)
      return send_json(*reply, 200, infill_end(*asked, *answer, answer->text));
    write(answer.ok() ? infill_end(*asked, *answer, "") : openai_error(answer.error()));
    reply->end();
  };
  const Result<void> taken = asked->model->scheduler->submit(std::move(to_scheduler));
  if (!taken.ok()) send_openai_error(*reply, taken.error());
}

}  // namespace hearth
