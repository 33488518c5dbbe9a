#include <algorithm>

#include <fmt/format.h>

#include "parley/api/transport.hpp"
#include "parley/gemini/client.hpp"
#include "parley/gemini/detail/call.hpp"
#include "parley/gemini/detail/generation.hpp"
#include "parley/gemini/live_models.hpp"

namespace parley::gemini {
namespace {

Task<Result<GenerateContentResponse>> answer_of(std::shared_ptr<api::Transport> transport,
                                                std::string path, std::string body,
                                                api::CallTerms terms) {
  auto response =
      co_await transport->send("POST", std::move(path), std::move(body), std::move(terms));
  if (!response) co_return fail(std::move(response.error()));
  if (response->status != 200) co_return fail(error_of(*response));
  co_return detail::read_answer(response->body);
}

Task<Result<GenerateContentResponse>> generate(std::shared_ptr<api::Transport> transport,
                                               std::string path, std::string body,
                                               api::CallTerms terms, detail::Generation told) {
  auto answer = co_await answer_of(transport, std::move(path), std::move(body), std::move(terms));
  if (answer) {
    told.received(*answer);
    told.end({});
  } else {
    told.end(fail(answer.error()));
  }
  co_return answer;
}

Task<Result<Stream>> open_stream(std::shared_ptr<api::Transport> transport, std::string path,
                                 std::string body, api::CallTerms terms,
                                 detail::Generation generation) {
  auto events = co_await transport->open_events(std::move(path), std::move(body), std::move(terms));
  if (!events) {
    generation.end(fail(events.error()));
    co_return fail(std::move(events.error()));
  }
  if (events->head().status == 200) {
    Stream stream(std::move(*events));
    co_return detail::told(std::move(stream), std::move(generation));
  }
  http::Response refusal = events->head();
  auto text = co_await events->read_all();
  if (text) refusal.body = std::move(*text);
  auto error = error_of(refusal);
  generation.end(fail(error));
  co_return fail(std::move(error));
}

// A page of either service: Vertex AI calls its models publisherModels.
struct ModelPage {
  ModelPage() = default;
  std::optional<std::vector<Model>> models;
  std::optional<std::string> next_page_token;
};

void decode(json::Cursor in, ModelPage& out) {
  in.each_field([&out](json::Key key, json::Cursor value) {
    if (key == "models" || key == "publisherModels")
      value.read(out.models);
    else if (key == "nextPageToken")
      value.read(out.next_page_token);
  });
}

// Vertex AI tells the version under another name.
Model normalised(Model model) {
  const auto* version = model.extra->if_contains("versionId");
  if (!model.version && version && version->is_string())
    model.version = std::string(version->get_string());
  return model;
}

}  // namespace

Models::Models(std::shared_ptr<api::Transport> transport, Backend backend)
    : transport_(std::move(transport)), backend_(std::move(backend)) {}

detail::Generation Models::generation_of(std::string_view model, std::string_view method) const {
  return detail::Generation(transport_->caller().events(), model_id(model),
                            backend_.vertex() ? "vertex_ai" : "gemini", method);
}

Task<Result<GenerateContentResponse>> Models::generate_content(
    std::string model, GenerateContentRequest request) const {
  return generate_content(std::move(model), std::move(request), nullptr);
}

Task<Result<GenerateContentResponse>> Models::generate_content(
    std::string model, GenerateContentRequest request,
    std::shared_ptr<api::CallReport> report) const {
  auto path = backend_.model_path(model, ":generateContent");
  if (!path) return detail::refuse<GenerateContentResponse>(std::move(path.error()));
  if (auto named = detail::name_cache(backend_, request); !named)
    return detail::refuse<GenerateContentResponse>(std::move(named.error()));
  auto body = json::encode_text(request);
  auto terms = detail::terms_of(model, request, body.size());
  terms.report = std::move(report);
  return generate(transport_, std::move(*path), std::move(body), std::move(terms),
                  generation_of(model, "generateContent"));
}

Result<std::string> Models::curl_generate_content(std::string model,
                                                  GenerateContentRequest request) const {
  auto path = backend_.model_path(model, ":generateContent");
  if (!path) return fail(std::move(path.error()));
  if (auto named = detail::name_cache(backend_, request); !named)
    return fail(std::move(named.error()));
  return transport_->curl("POST", *path, json::encode_text(request));
}

Task<Result<Stream>> Models::stream_generate_content(std::string model,
                                                     GenerateContentRequest request) const {
  return stream_generate_content(std::move(model), std::move(request), nullptr);
}

Task<Result<Stream>> Models::stream_generate_content(
    std::string model, GenerateContentRequest request,
    std::shared_ptr<api::CallReport> report) const {
  auto path = backend_.model_path(model, ":streamGenerateContent?alt=sse");
  if (!path) return detail::refuse<Stream>(std::move(path.error()));
  if (auto named = detail::name_cache(backend_, request); !named)
    return detail::refuse<Stream>(std::move(named.error()));
  auto body = json::encode_text(request);
  auto terms = detail::terms_of(model, request, body.size());
  terms.report = std::move(report);
  return open_stream(transport_, std::move(*path), std::move(body), std::move(terms),
                     generation_of(model, "streamGenerateContent"));
}

bool Models::has_permit() const {
  return transport_->caller().has_permit();
}

Task<Result<CountTokensResponse>> Models::count_tokens(std::string model,
                                                       std::vector<Content> contents) const {
  auto path = backend_.model_path(model, ":countTokens");
  if (!path) return detail::refuse<CountTokensResponse>(std::move(path.error()));
  GenerateContentRequest request;
  request.contents = std::move(contents);
  api::CallTerms terms;  // it costs no tokens
  terms.model = model_id(model);
  return detail::call<CountTokensResponse>(transport_, "POST", std::move(*path),
                                           json::encode_text(request), std::move(terms));
}

Task<Result<ListModelsResponse>> Models::list(int page_size, std::string page_token) const {
  std::string path = backend_.models_path();
  if (page_size > 0) path += fmt::format("?pageSize={}", page_size);
  if (!page_token.empty())
    path +=
        fmt::format("{}pageToken={}", page_size > 0 ? "&" : "?", http::percent_encode(page_token));
  auto page = co_await detail::call<ModelPage>(transport_, "GET", std::move(path), "");
  if (!page) co_return fail(std::move(page.error()));
  ListModelsResponse out;
  out.models = std::move(page->models);
  if (out.models)
    for (auto& model : *out.models) model = normalised(std::move(model));
  out.next_page_token = std::move(page->next_page_token);
  co_return out;
}

Task<Result<std::vector<Model>>> Models::list_all() const {
  auto all =
      co_await detail::all_pages<ModelPage>(transport_, backend_.models_path(), &ModelPage::models);
  if (all)
    for (auto& model : *all) model = normalised(std::move(model));
  co_return all;
}

Task<Result<std::vector<Model>>> Models::list_live() const {
  auto all = co_await list_all();
  if (all) std::erase_if(*all, [](const Model& model) { return !is_live_model(model); });
  co_return all;
}

Task<Result<Model>> Models::get(std::string model) const {
  auto name = backend_.model_name(model);
  if (!name) co_return fail(std::move(name.error()));
  // The catalogue of Vertex AI belongs to no project.
  if (const auto at = name->find("publishers/"); at != std::string::npos) name->erase(0, at);
  auto found = co_await detail::call<Model>(transport_, "GET", backend_.path(*name), "");
  if (found) *found = normalised(std::move(*found));
  co_return found;
}

}  // namespace parley::gemini
