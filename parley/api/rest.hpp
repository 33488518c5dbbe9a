#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "parley/api/call_options.hpp"
#include "parley/api/endpoint_rules.hpp"
#include "parley/api/target.hpp"
#include "parley/api/transport.hpp"
#include "parley/base/secret.hpp"
#include "parley/json/cursor.hpp"
#include "parley/json/writer.hpp"
#include "parley/net/http_client.hpp"

// What generated REST calls are made of.
namespace parley::api {

struct RestOptions {
  RestOptions() = default;
  Secret key;  // empty: looked for in the environment variables of the definition
  std::string user;
  bool use_environment = true;
  std::string base_url;  // another server than the definition's
  http::Headers headers;
  net::HttpClientOptions http;
  CallOptions calls;  // retries, fail-over, cache …: all off
};

// Calls to one API over a pool of connections. Belongs to one executor; calls may run side by side.
// Nothing is retried unless RestOptions::calls says so.
class RestClient {
 public:
  // Errors: missing_credentials, invalid_argument for a base URL that is none.
  static Result<RestClient> make(const ApiRules& rules, RestOptions options);

  // An answer with a status of 2xx. Errors: those of the network; for another status the kind that
  // it stands for, with the status and up to 4 KiB of the body in detail "body".
  Task<Result<http::Response>> send(std::string method, Target target, std::string content_type,
                                    std::string body);
  // The same call as a line for a shell, with its key masked (http::curl_line). Nothing is sent.
  Result<std::string> curl(std::string method, const Target& target,
                           const std::string& content_type, std::string body) const;
  Task<Result<EventStream>> open_events(std::string method, Target target, std::string content_type,
                                        std::string body);

 private:
  struct State;
  explicit RestClient(std::shared_ptr<State> state) : state_(std::move(state)) {}
  Result<http::Request> request_of(std::string method, const Target& target,
                                   const std::string& content_type, std::string body) const;
  std::shared_ptr<State> state_;
};

// The error of an answer that is none of 2xx.
Error error_of(const http::Response& response);

template <class T>
Result<T> decode_body(const std::string& body) {
  auto value = json::decode_text<T>(body, json::trusted_limits());
  if (!value)
    return fail(Error(ErrorKind::invalid_response, "the answer does not fit its definition")
                    .with_detail("body", body.substr(0, 1024))
                    .with_cause(std::move(value.error())));
  return value;
}

// Server-sent events, each a T. Destroying it drops the connection.
template <class T>
class TypedEvents {
 public:
  TypedEvents(EventStream events, std::string sentinel)
      : events_(std::move(events)), sentinel_(std::move(sentinel)) {}

  // The next event's data; empty: the end (or the sentinel), see outcome(). One at a time.
  Task<std::optional<T>> next() {
    while (!ended_) {
      auto event = co_await events_.next();
      if (!event || (!sentinel_.empty() && event->data == sentinel_)) break;
      auto value = decode_body<T>(event->data);
      if (value) co_return std::move(*value);
      failure_ = std::move(value.error());
      break;
    }
    ended_ = true;
    co_return std::nullopt;
  }
  Result<void> outcome() const {
    return failure_ ? Result<void>(fail(*failure_)) : events_.outcome();
  }

 private:
  EventStream events_;
  std::string sentinel_;
  std::optional<Error> failure_;
  bool ended_ = false;
};

}  // namespace parley::api
