// SPDX-License-Identifier: Apache-2.0
#include "server/embeddings.h"

#include <openssl/evp.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/clock.h"
#include "base/strings.h"
#include "package/model_names.h"
#include "server/api_error.h"
#include "server/embed_job.h"
#include "server/json_fields.h"
#include "server/json_reply.h"
#include "server/ollama_names.h"

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kTextsMax = 2048;

int64_t total_tokens(const std::vector<Embedding>& vectors) {
  return std::accumulate(vectors.begin(), vectors.end(), int64_t{0},
                         [](int64_t sum, const Embedding& one) { return sum + one.tokens; });
}

enum class Documents { kRefused, kTaken };  // objects with a member "text"

// One text, or a list of them.
Result<std::vector<std::string>> read_texts(JsonFields& fields, std::string_view name,
                                            Documents documents = Documents::kRefused) {
  const Json* input = fields.any(name);
  if (input == nullptr) return fields.wrong(name, "is missing; give some text");
  std::vector<std::string> texts;
  for (const Json& text : input->is_array() ? *input : Json::array({*input})) {
    if (text.is_number() || text.is_array()) {
      return fields.wrong(name,
                          "has token ids, whose vocabulary cannot be known; give text (with "
                          "LangChain: check_embedding_ctx_length=False)");
    }
    const bool is_document = documents == Documents::kTaken && text.is_object() &&
                             text.contains("text") && text["text"].is_string();
    if (!text.is_string() && !is_document)
      return fields.wrong(name, "is neither text nor a list of texts; give one");
    texts.push_back(is_document ? text["text"].get<std::string>() : text.get<std::string>());
  }
  if (texts.empty()) return fields.wrong(name, "is empty; give some text");
  if (texts.size() > kTextsMax) {
    return fields.wrong(name, concat(texts.size(), " texts are more than the ", kTextsMax,
                                     " of one request; give fewer"));
  }
  return texts;
}

// Vectors are as long as the model makes them.
Result<void> check_dimensions(JsonFields& fields, const ServedModel& model) {
  const int32_t own = model.engine->model().config().embedding;
  HEARTH_ASSIGN(const auto wanted, fields.integer("dimensions", 1, 1 << 20));
  if (!wanted || *wanted == own) return {};
  return fields.wrong("dimensions", concat(*wanted, " is not the model's ", own, "; leave it out"));
}

std::string base64_of(const std::vector<float>& values) {
  const std::size_t bytes = values.size() * sizeof(float);
  std::string text(4 * ((bytes + 2) / 3) + 1, '\0');
  const int written = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                      reinterpret_cast<const unsigned char*>(values.data()),
                                      static_cast<int>(bytes));
  text.resize(static_cast<std::size_t>(written));
  return text;
}

double dot(const std::vector<float>& a, const std::vector<float>& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

std::string input_place(std::size_t index) { return concat("input[", index, "]"); }

// ---- OpenAI ----

Result<void> start_openai(ModelHost& models, const std::string& default_model,
                          const HttpRequest& request, const std::shared_ptr<HttpReply>& reply) {
  HEARTH_ASSIGN(const Json document, parse_json_object(request.body));
  JsonFields fields(document);
  HEARTH_ASSIGN(const auto name, fields.text("model"));
  HEARTH_ASSIGN(const ModelUse use, models.use(name.value_or(default_model)));
  HEARTH_ASSIGN(std::vector<std::string> texts, read_texts(fields, "input"));
  HEARTH_TRY(check_dimensions(fields, *use.model));
  HEARTH_ASSIGN(const auto encoding, fields.text("encoding_format"));
  if (encoding && *encoding != "float" && *encoding != "base64")
    return fields.wrong("encoding_format", "is neither float nor base64; choose one");
  fields.accept("user");
  HEARTH_TRY(fields.finish());
  const bool is_base64 = encoding == "base64";
  embed_texts(use, std::move(texts), input_place, reply,
              [reply, is_base64, name = use.name](Result<std::vector<Embedding>> vectors) {
                if (!vectors.ok()) return send_openai_error(*reply, vectors.error());
                Json data = Json::array();
                for (const Embedding& vector : *vectors) {
                  data.push_back({{"object", "embedding"},
                                  {"index", data.size()},
                                  {"embedding", is_base64 ? Json(base64_of(vector.values))
                                                          : float_list(vector.values)}});
                }
                const int64_t tokens = total_tokens(*vectors);
                send_json(*reply, 200,
                          {{"object", "list"},
                           {"data", std::move(data)},
                           {"model", name},
                           {"usage", {{"prompt_tokens", tokens}, {"total_tokens", tokens}}}});
              });
  return {};
}

// ---- rerank ----

struct RerankRequest {
  std::vector<std::string> texts;  // the query, then the documents
  std::size_t results_max = 0;
  bool returns_documents = false;
};

std::string rerank_place(std::size_t index) {
  return index == 0 ? std::string("query") : concat("documents[", index - 1, "]");
}

Json rerank_json(const RerankRequest& asked, const std::vector<Embedding>& vectors) {
  struct Result {
    std::size_t index;
    double score;
  };
  std::vector<Result> results;
  for (std::size_t i = 1; i < vectors.size(); ++i)
    results.push_back({i - 1, dot(vectors[0].values, vectors[i].values)});
  std::ranges::stable_sort(results, std::greater<>(), &Result::score);
  results.resize(std::min(results.size(), asked.results_max));
  Json list = Json::array();
  for (const Result& result : results) {
    Json one = {{"index", result.index}, {"relevance_score", result.score}};
    if (asked.returns_documents) one["document"] = {{"text", asked.texts[result.index + 1]}};
    list.push_back(std::move(one));
  }
  return list;
}

Result<void> start_rerank(ModelHost& models, const std::string& default_model,
                          const HttpRequest& request, const std::shared_ptr<HttpReply>& reply) {
  HEARTH_ASSIGN(const Json document, parse_json_object(request.body));
  JsonFields fields(document);
  HEARTH_ASSIGN(const auto name, fields.text("model"));
  HEARTH_ASSIGN(const ModelUse use, models.use(name.value_or(default_model)));
  RerankRequest asked;
  HEARTH_ASSIGN(const auto query, fields.text("query"));
  if (!query) return fields.wrong("query", "is missing; give some text");
  HEARTH_ASSIGN(const Json* list, fields.list("documents"));
  if (list == nullptr) return fields.wrong("documents", "is missing; give a list of texts");
  HEARTH_ASSIGN(asked.texts, read_texts(fields, "documents", Documents::kTaken));
  asked.texts.insert(asked.texts.begin(), *query);
  HEARTH_ASSIGN(const auto count, fields.integer("top_n", 1, kTextsMax));
  asked.results_max = static_cast<std::size_t>(count.value_or(kTextsMax));
  HEARTH_ASSIGN(const auto returned, fields.boolean("return_documents"));
  asked.returns_documents = returned.value_or(false);
  HEARTH_TRY(fields.finish());
  std::vector<std::string> texts = asked.texts;
  embed_texts(use, std::move(texts), rerank_place, reply,
              [reply, asked = std::move(asked), name = use.name,
               id = request.id](Result<std::vector<Embedding>> vectors) {
                if (!vectors.ok()) return send_openai_error(*reply, vectors.error());
                const int64_t tokens = total_tokens(*vectors);
                send_json(*reply, 200,
                          {{"id", concat("rerank-", id)},
                           {"model", name},
                           {"results", rerank_json(asked, *vectors)},
                           {"usage", {{"prompt_tokens", tokens}, {"total_tokens", tokens}}}});
              });
  return {};
}

// ---- Ollama ----

struct OllamaEmbed {
  ModelUse use;
  std::vector<std::string> texts;
  double load_ms = 0;
};

Result<OllamaEmbed> read_ollama_embed(ModelHost& models, const HttpRequest& request,
                                      std::string_view input) {
  HEARTH_ASSIGN(const Json document, parse_json_object(request.body));
  JsonFields fields(document);
  OllamaEmbed asked;
  HEARTH_ASSIGN(const auto name, fields.text("model"));
  if (!name) return fields.wrong("model", "is missing; name one that /api/tags lists");
  HEARTH_ASSIGN(const auto keep_alive_s, read_keep_alive(fields));
  const Stopwatch loading;
  HEARTH_ASSIGN(asked.use, models.use(requested_name(*name)));
  asked.load_ms = loading.elapsed_ms();
  if (keep_alive_s) models.keep_alive(asked.use.name, *keep_alive_s);
  if (const Json* given = fields.any(input);
      input == "prompt" && given != nullptr && given->is_array())
    return fields.wrong(input, "is no text; give one, or ask /api/embed");  // one vector is told
  HEARTH_ASSIGN(asked.texts, read_texts(fields, input));
  HEARTH_TRY(check_dimensions(fields, *asked.use.model));
  // Nothing is ever cut: "truncate" has no meaning where a text fits, and one that does not is an
  // error.
  fields.accept("truncate");
  fields.accept("options");
  HEARTH_TRY(fields.finish());
  return asked;
}

}  // namespace

void answer_openai_embeddings(ModelHost& models, const std::string& default_model,
                              const HttpRequest& request, std::shared_ptr<HttpReply> reply) {
  const Result<void> started = start_openai(models, default_model, request, reply);
  if (!started.ok()) send_openai_error(*reply, started.error());
}

void answer_rerank(ModelHost& models, const std::string& default_model, const HttpRequest& request,
                   std::shared_ptr<HttpReply> reply) {
  const Result<void> started = start_rerank(models, default_model, request, reply);
  if (!started.ok()) send_openai_error(*reply, started.error());
}

void answer_ollama_embed(ModelHost& models, const HttpRequest& request,
                         std::shared_ptr<HttpReply> reply) {
  const Stopwatch since_asked;
  Result<OllamaEmbed> asked = read_ollama_embed(models, request, "input");
  if (!asked.ok()) return send_ollama_error(*reply, asked.error());
  embed_texts(asked->use, std::move(asked->texts), input_place, reply,
              [reply, since_asked, name = asked->use.name,
               load_ms = asked->load_ms](Result<std::vector<Embedding>> vectors) {
                if (!vectors.ok()) return send_ollama_error(*reply, vectors.error());
                Json list = Json::array();
                for (const Embedding& vector : *vectors) list.push_back(float_list(vector.values));
                send_json(*reply, 200,
                          {{"model", ollama_name(name)},
                           {"embeddings", std::move(list)},
                           {"total_duration", nanoseconds(since_asked.elapsed_ms())},
                           {"load_duration", nanoseconds(load_ms)},
                           {"prompt_eval_count", total_tokens(*vectors)}});
              });
}

void answer_ollama_embeddings(ModelHost& models, const HttpRequest& request,
                              std::shared_ptr<HttpReply> reply) {
  Result<OllamaEmbed> asked = read_ollama_embed(models, request, "prompt");
  if (!asked.ok()) return send_ollama_error(*reply, asked.error());
  embed_texts(
      asked->use, std::move(asked->texts), [](std::size_t) { return std::string("prompt"); }, reply,
      [reply](Result<std::vector<Embedding>> vectors) {
        if (!vectors.ok()) return send_ollama_error(*reply, vectors.error());
        send_json(*reply, 200, {{"embedding", float_list(vectors->front().values)}});
      });
}

}  // namespace hearth
