#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "parley/api/caller.hpp"
#include "parley/base/error.hpp"
#include "parley/base/secret.hpp"
#include "parley/http/message.hpp"
#include "parley/http/sse.hpp"
#include "parley/http/url.hpp"
#include "parley/net/http_client.hpp"
#include "parley/net/task.hpp"

namespace parley::api {

class TokenSource;

// Where an API is and how a client shows who it is: by a key, or by an access token.
struct Endpoint {
  Endpoint() = default;
  http::Url base;          // its path is put before every target
  std::string key_header;  // for example "x-goog-api-key"; empty: none
  Secret key;
  // Authorization: Bearer, and x-goog-user-project where the source names a project. A token that
  // is answered with 401 is dropped, so that the next call asks for another.
  std::shared_ptr<TokenSource> tokens;
  // A call that was answered with 401 is made once more, with another token.
  bool repeat_refused = false;
  std::string user_agent = "parley/0.1";
  http::Headers headers;  // with each request: a version of the API
};

// The events of one answer (text/event-stream). Destroying it drops the connection.
class EventStream {
 public:
  EventStream(CallStream stream, std::size_t max_event);
  EventStream(EventStream&&) noexcept;
  EventStream& operator=(EventStream&&) noexcept;
  ~EventStream();

  const http::Response& head() const;
  // The next event; empty: the end, see outcome(). One at a time. Before the first one, further
  // attempts may be made (CallOptions::retry); then head() is the last one's.
  Task<std::optional<http::SseEvent>> next();
  Result<void> outcome() const;
  // Lines behind the last event that are no event, see http::SseDecoder.
  const std::string& foreign_text() const;
  // True where the body's end was marked (length or chunks), not only by the connection's end.
  bool delimited() const;
  // The rest of the body as it is, for an answer that is no event stream.
  Task<Result<std::string>> read_all();
  // The attempts that were made so far, and which endpoint answers.
  const CallReport& report() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Requests to one API over a pool of connections. Belongs to one executor; calls may run side by
// side. Keys and tokens are put on the wire only here. Errors of the calls: those of the network,
// and of the token source where there is one; an answer is none, whatever its status.
class Transport {
 public:
  Transport(Endpoint endpoint, net::HttpClientOptions options, CallOptions calls = CallOptions());

  // `path` begins with '/' and may carry a query. A body makes it a POST with JSON.
  Task<Result<http::Response>> send(std::string method, std::string path, std::string body);
  // With further header fields; they win over what is set otherwise.
  Task<Result<http::Response>> send(std::string method, std::string path, std::string body,
                                    http::Headers headers);
  Task<Result<EventStream>> open_events(std::string path, std::string body,
                                        CallTerms terms = CallTerms());
  // With what the call is, for limits and reports.
  Task<Result<http::Response>> send(std::string method, std::string path, std::string body,
                                    CallTerms terms);
  // A call as a line for a shell, its key or token masked (http::curl_line). Nothing is sent.
  std::string curl(std::string method, const std::string& path, std::string body) const;
  // For checks of the endpoints, breakers and the cache.
  const Caller& caller() const { return client_; }

  const Endpoint& endpoint() const { return endpoint_; }

 private:
  http::Request make_request(std::string method, const std::string& path, std::string body) const;
  Task<Result<Secret>> authorize(http::Request& request) const;
  template <class Answer>
  Task<Result<Answer>> authorized(http::Request request,
                                  std::function<Task<Result<Answer>>(http::Request)> call);
  Task<Result<CallStream>> open(http::Request request, CallTerms terms);
  Task<Result<http::Response>> send(http::Request request, CallTerms terms);

  Endpoint endpoint_;
  Caller client_;
};

}  // namespace parley::api
