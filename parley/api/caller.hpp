#pragma once

#include <memory>
#include <optional>
#include <string>

#include "parley/api/call_options.hpp"
#include "parley/base/error.hpp"
#include "parley/http/message.hpp"
#include "parley/http/url.hpp"
#include "parley/net/http_client.hpp"
#include "parley/net/task.hpp"

namespace parley::api {

namespace detail {
struct CallerState;
class Call;
struct CallStreamState;
}  // namespace detail

// An answer whose body is read piece by piece. Destroying it drops its connection and ends its
// call.
class CallStream {
 public:
  explicit CallStream(net::HttpStream stream);
  explicit CallStream(std::unique_ptr<detail::CallStreamState> state);
  CallStream(CallStream&&) noexcept;
  CallStream& operator=(CallStream&&) noexcept;
  ~CallStream();

  const http::Response& head() const;
  // As net::HttpStream.
  Task<std::optional<std::string>> next();
  Result<void> outcome() const;
  Task<Result<std::string>> read_all();

  // The stream broke before anything of it was shown: where the retry policy allows it, another
  // attempt takes its place, and head() and next() are that one's. Else the error: `why`, or that
  // of the last attempt.
  Task<Result<void>> begin_again(Error why);
  // An event was read, see CallOptions::usage_in.
  void saw(std::string_view event);
  // What an event stands for, see CallOptions::error_in_event.
  std::optional<Error> error_in(std::string_view event) const;
  const CallReport& report() const;

 private:
  std::unique_ptr<detail::CallStreamState> state_;
};

// net::HttpClient for one API with what CallOptions asks for around each call. Belongs to one
// executor; calls may run side by side. A handle: copies share connections, breakers and cache.
class Caller {
 public:
  // `base`: where the API is; its path is part of the requests' targets already.
  Caller(http::Url base, net::HttpClientOptions http, CallOptions options);

  // The answer, whatever its status. Errors: those of net::HttpClient and of the permit;
  // unavailable with retry_after while every endpoint's breaker is open. Where there were several
  // attempts, the detail "attempts" counts them.
  Task<Result<http::Response>> send(http::Request request, CallTerms terms = CallTerms()) const;
  // Returns when the answer's header has come.
  Task<Result<CallStream>> open(http::Request request, CallTerms terms = CallTerms()) const;

  // Checks all endpoints by CallOptions::health until the task is cancelled; without it, returns at
  // once. Run it beside the calls.
  Task<void> keep_checking() const;
  // False: the checks say that it is ill. 0: the first endpoint, then the fallbacks.
  bool healthy(std::size_t endpoint) const;
  limit::Breaker::State breaker(std::size_t endpoint) const;
  void clear_cache() const;

  const net::HttpClientOptions& http_options() const;
  // CallOptions::events.
  const EventSink& events() const;
  // Whether each attempt needs a permit (CallOptions::permit).
  bool has_permit() const;

 private:
  std::shared_ptr<detail::CallerState> state_;
};

}  // namespace parley::api
