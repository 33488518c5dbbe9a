#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "parley/api/call_options.hpp"
#include "parley/api/caller.hpp"
#include "parley/api/endpoint_health.hpp"
#include "parley/base/event_scope.hpp"
#include "parley/limit/breaker.hpp"

namespace parley::api::detail {

// What all calls of a Caller share.
struct CallerState {
  CallerState(http::Url base, net::HttpClientOptions http, CallOptions call_options);

  // The request as it goes to an endpoint: its path, its header fields.
  http::Request request_for(std::size_t endpoint, const http::Request& request) const;
  std::size_t endpoints() const { return urls.size(); }
  void tell(Event event) const {
    if (options.events) options.events(event);
  }

  std::vector<http::Url> urls;  // the first, then the fallbacks
  net::HttpClientOptions http_options;
  net::HttpClient client;
  CallOptions options;
  std::vector<limit::Breaker> breakers;
  EndpointHealth health;
  std::optional<ResponseCache> cache;
  std::optional<limit::CallRate> rate;
};

// An answer: whole, or with a body that is still to come.
struct CallAnswer {
  CallAnswer() { whole.status = 0; }
  std::optional<net::HttpStream> stream;
  http::Response whole;  // status 0: none
};

// One call with all its attempts.
class Call {
 public:
  Call(std::shared_ptr<CallerState> caller, http::Request request, CallTerms terms, bool whole);

  // Attempts, as many as the policy allows, until one gives an answer that is not tried again.
  Task<Result<CallAnswer>> begin();
  // The same, after a stream has ended with `why` before anything of it was shown.
  Task<Result<CallAnswer>> begin_again(Error why);
  // A body or an event of the answer, for what it tells of usage.
  void saw(std::string_view text);
  // The answer has been read, or was dropped.
  void finished(const Result<void>& outcome);

  const CallReport& report() const { return *report_; }
  const CallOptions& options() const { return caller_->options; }
  EventScope& told() { return told_; }

 private:
  // Waits for this attempt's place, and for its permit.
  Task<Result<void>> admit();

  // How one attempt ended, or all that were made without a delay between them.
  struct Outcome {
    Outcome() = default;
    bool final = false;  // nothing more is tried
    CallAnswer answer;   // where there is one, of whatever status
    std::optional<Error> error;
  };

  // A stream that broke, and where: this endpoint is not asked at once again.
  struct Broken {
    Broken(std::size_t where, Error what) : endpoint(where), why(std::move(what)) {}
    std::size_t endpoint;
    Error why;
  };

  Task<Outcome> round(std::optional<Broken> broken);
  Task<Outcome> attempt(std::size_t endpoint, limit::Breaker::Pass pass);
  Task<Outcome> exchange(std::size_t endpoint);
  Task<Result<CallAnswer>> rounds(std::optional<Broken> broken);
  Task<Result<void>> wait_for_next(Error why);
  bool may_fall_over(const Error& error) const;
  void tell_fallback(std::size_t from, std::size_t to, const Error& why);
  void pack();
  void end_permit(const Result<void>& outcome);
  Error with_count(Error error) const;

  std::shared_ptr<CallerState> caller_;
  http::Request request_;
  CallTerms terms_;
  std::shared_ptr<CallReport> report_;
  bool whole_;
  limit::Backoff backoff_;
  std::unique_ptr<CallPermit> permit_;
  std::optional<limit::Usage> used_;  // of the last attempt
  std::chrono::milliseconds waited_{0};
  std::size_t endpoint_ = 0;  // of the last attempt
  EventScope told_;
};

}  // namespace parley::api::detail
