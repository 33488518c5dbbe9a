#include "parley/api/transport.hpp"

#include "parley/api/token_source.hpp"
#include "parley/http/curl.hpp"

namespace parley::api {

Transport::Transport(Endpoint endpoint, net::HttpClientOptions options, CallOptions calls)
    : endpoint_(std::move(endpoint)),
      client_(endpoint_.base, std::move(options), std::move(calls)) {}

http::Request Transport::make_request(std::string method, const std::string& path,
                                      std::string body) const {
  std::string prefix = endpoint_.base.target;
  while (prefix.ends_with('/')) prefix.pop_back();
  http::Request request(method, prefix + path);
  request.headers.set("User-Agent", endpoint_.user_agent);
  request.headers.set("Accept", "*/*");
  for (const auto& header : endpoint_.headers.all())
    request.headers.set(header.name, header.value);
  if (!endpoint_.key.empty()) request.headers.set(endpoint_.key_header, endpoint_.key.reveal());
  if (!body.empty()) request.headers.set("Content-Type", "application/json");
  request.body = std::move(body);
  return request;
}

Task<Result<http::Response>> Transport::send(std::string method, std::string path,
                                             std::string body) {
  auto request = make_request(std::move(method), path, std::move(body));
  co_return co_await send(std::move(request), CallTerms());
}

Task<Result<http::Response>> Transport::send(std::string method, std::string path, std::string body,
                                             http::Headers headers) {
  auto request = make_request(std::move(method), path, std::move(body));
  for (const auto& header : headers.all()) request.headers.set(header.name, header.value);
  co_return co_await send(std::move(request), CallTerms());
}

// The token that was put in; empty where there is no source.
Task<Result<Secret>> Transport::authorize(http::Request& request) const {
  if (!endpoint_.tokens) co_return Secret();
  auto token = co_await endpoint_.tokens->token();
  if (!token) co_return token;
  request.headers.set("Authorization", "Bearer " + token->reveal());
  if (const auto& project = endpoint_.tokens->quota_project(); !project.empty())
    request.headers.set("x-goog-user-project", project);
  co_return token;
}

namespace {

int status_of(const CallStream& stream) {
  return stream.head().status;
}
int status_of(const http::Response& response) {
  return response.status;
}

}  // namespace

template <class Answer>
Task<Result<Answer>> Transport::authorized(
    http::Request request, std::function<Task<Result<Answer>>(http::Request)> call) {
  bool may_repeat = endpoint_.tokens && endpoint_.repeat_refused;
  for (;;) {
    const auto token = co_await authorize(request);
    if (!token) co_return fail(token.error());
    http::Request next = may_repeat ? request : std::move(request);
    auto answer = co_await call(std::move(next));
    const bool refused = endpoint_.tokens && answer && status_of(*answer) == 401;
    if (refused) endpoint_.tokens->drop(*token);
    if (!refused || !may_repeat) co_return answer;
    may_repeat = false;
  }
}

Task<Result<CallStream>> Transport::open(http::Request request, CallTerms terms) {
  return authorized<CallStream>(std::move(request),
                                [caller = client_, terms = std::move(terms)](http::Request next) {
                                  return caller.open(std::move(next), terms);
                                });
}

Task<Result<http::Response>> Transport::send(http::Request request, CallTerms terms) {
  return authorized<http::Response>(
      std::move(request), [caller = client_, terms = std::move(terms)](http::Request next) {
        return caller.send(std::move(next), terms);
      });
}

Task<Result<http::Response>> Transport::send(std::string method, std::string path, std::string body,
                                             CallTerms terms) {
  auto request = make_request(std::move(method), path, std::move(body));
  return send(std::move(request), std::move(terms));
}

std::string Transport::curl(std::string method, const std::string& path, std::string body) const {
  auto request = make_request(std::move(method), path, std::move(body));
  if (endpoint_.tokens) request.headers.set("Authorization", "Bearer ***");
  return http::curl_line(endpoint_.base, request);
}

Task<Result<EventStream>> Transport::open_events(std::string path, std::string body,
                                                 CallTerms terms) {
  auto request = make_request("POST", path, std::move(body));
  request.headers.set("Accept", "text/event-stream");
  auto stream = co_await open(std::move(request), std::move(terms));
  if (!stream) co_return fail(std::move(stream.error()));
  co_return EventStream(std::move(*stream), 256 * 1024 * 1024);
}

}  // namespace parley::api
