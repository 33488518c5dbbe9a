#include "parley/api/transport.hpp"

#include "parley/api/token_source.hpp"

namespace parley::api {

struct EventStream::State {
  State(net::HttpStream body, std::size_t max_event)
      : stream(std::move(body)), decoder(max_event) {}
  net::HttpStream stream;
  http::SseDecoder decoder;
  bool ended = false;
  Result<void> outcome;
};

EventStream::EventStream(net::HttpStream stream, std::size_t max_event)
    : state_(std::make_unique<State>(std::move(stream), max_event)) {}
EventStream::EventStream(EventStream&&) noexcept = default;
EventStream& EventStream::operator=(EventStream&&) noexcept = default;
EventStream::~EventStream() = default;

const http::Response& EventStream::head() const {
  return state_->stream.head();
}
Result<void> EventStream::outcome() const {
  return state_->outcome;
}
const std::string& EventStream::foreign_text() const {
  return state_->decoder.foreign_text();
}

bool EventStream::delimited() const {
  const auto& headers = head().headers;
  return headers.find("Content-Length") || headers.find("Transfer-Encoding");
}

Task<std::optional<http::SseEvent>> EventStream::next() {
  auto& state = *state_;
  for (;;) {
    if (auto event = state.decoder.poll_event()) co_return event;
    if (state.ended) co_return std::nullopt;
    auto piece = co_await state.stream.next();
    if (piece) {
      state.outcome = state.decoder.receive(*piece);
      state.ended = !state.outcome;
      continue;
    }
    state.ended = true;
    state.outcome = state.stream.outcome();
    if (state.outcome) state.outcome = state.decoder.finish();
  }
}

Task<Result<std::string>> EventStream::read_all() {
  return state_->stream.read_all();
}

Transport::Transport(Endpoint endpoint, net::HttpClientOptions options)
    : endpoint_(std::move(endpoint)), client_(std::move(options)) {}

http::Request Transport::make_request(std::string method, const std::string& path,
                                      std::string body) const {
  std::string prefix = endpoint_.base.target;
  while (prefix.ends_with('/')) prefix.pop_back();
  http::Request request(method, prefix + path);
  request.headers.set("User-Agent", endpoint_.user_agent);
  request.headers.set("Accept", "*/*");
  if (!endpoint_.key.empty()) request.headers.set(endpoint_.key_header, endpoint_.key.reveal());
  if (!body.empty()) request.headers.set("Content-Type", "application/json");
  request.body = std::move(body);
  return request;
}

Task<Result<http::Response>> Transport::send(std::string method, std::string path,
                                             std::string body) {
  auto request = make_request(std::move(method), path, std::move(body));
  co_return co_await send(std::move(request));
}

Task<Result<http::Response>> Transport::send(std::string method, std::string path, std::string body,
                                             http::Headers headers) {
  auto request = make_request(std::move(method), path, std::move(body));
  for (const auto& header : headers.all()) request.headers.set(header.name, header.value);
  co_return co_await send(std::move(request));
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

Task<Result<net::HttpStream>> Transport::open(http::Request request) {
  bool may_repeat = endpoint_.tokens && endpoint_.repeat_refused;
  for (;;) {
    const auto token = co_await authorize(request);
    if (!token) co_return fail(token.error());
    http::Request next = may_repeat ? request : std::move(request);
    auto stream = co_await client_.open(endpoint_.base, std::move(next));
    const bool refused = endpoint_.tokens && stream && stream->head().status == 401;
    if (refused) endpoint_.tokens->drop(*token);
    if (!refused || !may_repeat) co_return stream;
    may_repeat = false;
  }
}

Task<Result<http::Response>> Transport::send(http::Request request) {
  auto stream = co_await open(std::move(request));
  if (!stream) co_return fail(std::move(stream.error()));
  http::Response response = stream->head();
  auto body = co_await stream->read_all();
  if (!body) co_return fail(std::move(body.error()));
  response.body = std::move(*body);
  co_return response;
}

Task<Result<EventStream>> Transport::open_events(std::string path, std::string body) {
  auto request = make_request("POST", path, std::move(body));
  request.headers.set("Accept", "text/event-stream");
  auto stream = co_await open(std::move(request));
  if (!stream) co_return fail(std::move(stream.error()));
  co_return EventStream(std::move(*stream), 256 * 1024 * 1024);
}

}  // namespace parley::api
