#include <fmt/format.h>

#include "parley/api/transport.hpp"
#include "parley/gemini/client.hpp"
#include "parley/gemini/detail/call.hpp"

// Embeddings, which each service takes in its own way.
namespace parley::gemini {
namespace {

using Directions = std::vector<std::vector<double>>;
using Transport = std::shared_ptr<api::Transport>;

Error short_of(std::size_t got, std::size_t wanted) {
  return Error(ErrorKind::invalid_response,
               fmt::format("the service gave {} embeddings for {} texts", got, wanted));
}

Task<Result<Directions>> embed_batch(Transport transport, std::string path, std::string model,
                                     std::vector<std::string> texts, int dimensions) {
  BatchEmbedContentsRequest batch;
  for (const auto& text : texts) {
    auto& request = batch.requests.emplace_back();
    request.model = model;
    request.content = user_content(text);
    if (dimensions > 0) request.output_dimensionality = dimensions;
  }
  auto body = json::encode_text(batch);
  auto terms = detail::embedding_terms(model, body.size());
  auto answer = co_await detail::call<BatchEmbedContentsResponse>(
      transport, "POST", std::move(path), std::move(body), std::move(terms));
  if (!answer) co_return fail(std::move(answer.error()));
  if (answer->embeddings.size() != texts.size())
    co_return fail(short_of(answer->embeddings.size(), texts.size()));
  Directions out;
  for (auto& one : answer->embeddings) out.push_back(std::move(one.values));
  co_return out;
}

// Unlike the Developer API, Vertex AI wants the settings in an object of their own.
std::string single_body(const std::string& text, int dimensions) {
  std::string body;
  json::Writer writer(body);
  writer.begin_object().field("content", user_content(text));
  if (dimensions > 0)
    writer.key("embedContentConfig")
        .begin_object()
        .field("outputDimensionality", dimensions)
        .end_object();
  writer.end_object();
  return body;
}

// Newer models on Vertex AI: one text, and its embedding.
Task<Result<Directions>> embed_singly(Transport transport, std::string path, std::string model,
                                      std::vector<std::string> texts, int dimensions) {
  Directions out;
  for (const auto& text : texts) {
    auto body = single_body(text, dimensions);
    auto terms = detail::embedding_terms(model, body.size());
    auto answer = co_await detail::call<EmbedContentResponse>(transport, "POST", path,
                                                              std::move(body), std::move(terms));
    if (!answer) co_return fail(std::move(answer.error()));
    out.push_back(std::move(answer->embedding.values));
  }
  co_return out;
}

struct Prediction {
  Prediction() = default;
  std::vector<double> values;
};
void decode(json::Cursor in, Prediction& out) {
  if (const auto embeddings = in.find("embeddings"))
    embeddings->each_field([&out](json::Key key, json::Cursor value) {
      if (key == "values") value.read(out.values);
    });
}

struct Predictions {
  Predictions() = default;
  std::vector<Prediction> list;
};
void decode(json::Cursor in, Predictions& out) {
  in.each_field([&out](json::Key key, json::Cursor value) {
    if (key == "predictions") value.read(out.list);
  });
}

std::string prediction_body(const std::string* first, const std::string* end, int dimensions) {
  std::string body;
  json::Writer writer(body);
  writer.begin_object().key("instances").begin_array();
  for (const auto* text = first; text != end; ++text)
    writer.begin_object().field("content", *text).end_object();
  writer.end_array();
  if (dimensions > 0)
    writer.key("parameters").begin_object().field("outputDimensionality", dimensions).end_object();
  writer.end_object();
  return body;
}

// Older models on Vertex AI (`:predict`), `step` texts in each request.
Task<Result<Directions>> predict(Transport transport, std::string path, std::string model,
                                 std::vector<std::string> texts, int dimensions, std::size_t step) {
  Directions out;
  for (std::size_t at = 0; at < texts.size(); at += step) {
    const auto count = std::min(step, texts.size() - at);
    const auto* first = texts.data() + at;
    auto body = prediction_body(first, first + count, dimensions);
    auto terms = detail::embedding_terms(model, body.size());
    auto answer = co_await detail::call<Predictions>(transport, "POST", path, std::move(body),
                                                     std::move(terms));
    if (!answer) co_return fail(std::move(answer.error()));
    if (answer->list.size() != count) co_return fail(short_of(answer->list.size(), count));
    for (auto& one : answer->list) out.push_back(std::move(one.values));
  }
  co_return out;
}

}  // namespace

Task<Result<Directions>> Models::embed(std::string model, std::vector<std::string> texts,
                                       int dimensions) const {
  const bool first_generation = model.find("gemini-embedding-001") != std::string::npos;
  const bool gemini = model.find("gemini-embedding") != std::string::npos && !first_generation;
  const char* method = !backend_.vertex() ? ":batchEmbedContents"
                       : gemini           ? ":embedContent"
                                          : ":predict";
  auto path = backend_.model_path(model, method);
  if (!path) return detail::refuse<Directions>(std::move(path.error()));
  if (!backend_.vertex())
    return embed_batch(transport_, std::move(*path), *backend_.model_name(model), std::move(texts),
                       dimensions);
  if (gemini)
    return embed_singly(transport_, std::move(*path), std::move(model), std::move(texts),
                        dimensions);
  const std::size_t step = first_generation ? 1 : 100;
  return predict(transport_, std::move(*path), std::move(model), std::move(texts), dimensions,
                 step);
}

}  // namespace parley::gemini
