#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "parley/api/transport.hpp"
#include "parley/base/text.hpp"
#include "parley/gemini/backend.hpp"
#include "parley/gemini/status.hpp"
#include "parley/gemini/types.hpp"
#include "parley/http/url.hpp"
#include "parley/json/cursor.hpp"
#include "parley/limit/estimate.hpp"

namespace parley::gemini::detail {

// "/v1beta/files/a%20b": a resource's name goes into a path, and what would change its meaning
// there is escaped.
inline std::string resource_path(std::string_view version, std::string_view name) {
  std::string path = "/" + std::string(version);
  for (const auto part : split(name, '/')) path += "/" + http::percent_encode(part);
  return path;
}

// The cache that a request names, as the service names it.
Result<void> name_cache(const Backend& backend, GenerateContentRequest& request);

// An answer's message, or the error that it holds.
Result<GenerateContentResponse> read_answer(std::string_view text);

// The beginning of what a service sent, for an error's text.
std::string beginning(std::string_view text);

// Whether a cache may keep the answer of a request.
bool may_keep(const http::Request& request);
// What a call about a model is thought to use: one request, its text, and as much answer as it
// allows.
api::CallTerms terms_of(std::string_view model, const GenerateContentRequest& request,
                        std::size_t body_bytes);
// Of one that is answered by numbers, not by text.
inline api::CallTerms embedding_terms(std::string_view model, std::size_t body_bytes) {
  api::CallTerms terms;
  terms.model = model_id(model);
  terms.demand = limit::Demand(limit::estimate_usage(body_bytes, 0));
  return terms;
}
// What an answer tells of usage, whole or as an event of a stream.
std::optional<limit::Usage> usage_in(std::string_view text);
// With what the service's answers say of delays, quotas, usage and errors.
api::CallOptions known_to_the_service(api::CallOptions calls);

// A failure that is known before anything is sent.
template <class T>
Task<Result<T>> refuse(Error why) {
  co_return fail(std::move(why));
}

// A message of the service, or its error.
template <class T>
Result<T> read_message(const Result<http::Response>& response) {
  if (!response) return fail(response.error());
  if (response->status != 200) return fail(error_of(*response));
  auto message = json::decode_text<T>(response->body, json::trusted_limits());
  if (!message)
    return fail(Error(ErrorKind::invalid_response, "the service's answer cannot be read")
                    .with_stage(Stage::receive)
                    .with_cause(std::move(message.error())));
  return message;
}

// Every call about a model passes api::Transport with its terms: there caches, retries, breakers,
// limits and reports are composed around it (api::CallOptions).
template <class T>
Task<Result<T>> call(std::shared_ptr<api::Transport> transport, std::string method,
                     std::string path, std::string body, api::CallTerms terms = api::CallTerms()) {
  auto response = co_await transport->send(std::move(method), std::move(path), std::move(body),
                                           std::move(terms));
  co_return read_message<T>(response);
}

inline Task<Result<void>> call_for_nothing(std::shared_ptr<api::Transport> transport,
                                           std::string method, std::string path) {
  auto response = co_await transport->send(std::move(method), std::move(path), "");
  if (!response) co_return fail(std::move(response.error()));
  if (response->status != 200) co_return fail(error_of(*response));
  co_return Result<void>();
}

// Every page of a list, joined; `member` is where a page has its elements.
template <class Page, class Element>
Task<Result<std::vector<Element>>> all_pages(std::shared_ptr<api::Transport> transport,
                                             std::string path,
                                             std::optional<std::vector<Element>> Page::*member) {
  std::vector<Element> all;
  std::string token;
  do {
    std::string target = path + "?pageSize=100";
    if (!token.empty()) target += "&pageToken=" + http::percent_encode(token);
    auto page = co_await call<Page>(transport, "GET", std::move(target), "");
    if (!page) co_return fail(std::move(page.error()));
    auto& elements = (*page).*member;
    if (elements)
      for (auto& element : *elements) all.push_back(std::move(element));
    const auto next = page->next_page_token.value_or("");
    if (next == token) break;
    token = next;
  } while (!token.empty());
  co_return all;
}

}  // namespace parley::gemini::detail
