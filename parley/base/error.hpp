#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley {

// What went wrong, sorted by what a caller can do about it.
enum class ErrorKind {
  invalid_argument,     // the caller's input is wrong; the message names what and where
  missing_credentials,  // no key or token was given; nothing was sent
  unauthenticated,      // the service does not know the key or token
  permission_denied,    // known, but not allowed
  not_found,            // no such model, session, route, file
  conflict,             // the state of the resource does not allow it
  rate_limited,         // a quota or a rate limit; see retry_after
  too_large,            // a message, body or queue is over its limit
  invalid_state,        // the operation does not fit the object's state (not connected, closing)
  resolve_failed,       // the host name has no address
  connect_failed,       // no TCP connection
  tls_failed,           // no TLS session, or the certificate is not trusted
  upgrade_refused,      // the WebSocket upgrade got another answer than 101; see http_status
  protocol_violation,   // the peer broke HTTP, SSE or RFC 6455
  disconnected,         // the connection ended early; see close_code
  timeout,              // a limit in time passed; see stage
  cancelled,            // the caller asked to stop
  invalid_response,     // the service's answer is not what its API promises
  unavailable,          // the service says: not now (408, 500, 502, 503, 504)
  service,              // any other error of the service
  storage,              // the session log could not read or write
  internal,             // a bug of ours
};

std::string_view to_string(ErrorKind kind);

// The step of a conversation in which an error happened.
enum class Stage { none, resolve, connect, proxy, tls, upgrade, setup, send, receive, idle, close };

std::string_view to_string(Stage stage);

// A failure as a value: what, where, and what may be done. Never holds a secret: callers put only
// redacted text into it. Copies share the cause.
class Error {
 public:
  Error(ErrorKind kind, std::string message) : kind_(kind), message_(std::move(message)) {}

  ErrorKind kind() const { return kind_; }
  // One sentence for people: what was wrong and where, without a final full stop.
  const std::string& message() const { return message_; }

  // How long the service asks to wait before the next attempt (RetryInfo or Retry-After).
  std::optional<std::chrono::milliseconds> retry_after() const { return retry_after_; }
  // HTTP status of the answer; 0 where there was none.
  int http_status() const { return http_status_; }
  // Close code of the WebSocket (RFC 6455, 7.4); 0 where there was none.
  std::uint16_t close_code() const { return close_code_; }
  const std::string& close_reason() const { return close_reason_; }
  Stage stage() const { return stage_; }
  // The service's own code, for example "RESOURCE_EXHAUSTED" (google.rpc.Code); may be empty.
  const std::string& service_status() const { return service_status_; }
  // Named facts that the service gave, in its order: "reason", "quota_id", "field" …
  const std::vector<std::pair<std::string, std::string>>& details() const { return details_; }
  std::optional<std::string_view> detail(std::string_view name) const;
  // The error below this one; null where there is none.
  const Error* cause() const { return cause_.get(); }

  // True where the same request may succeed later unchanged: network failures, timeouts, rate
  // limits, HTTP 408/429/500/502/503/504. Nothing in Parley retries unless a policy asks for it.
  bool retryable() const;

  // "kind: message [stage, HTTP status, close code]; caused by: …", on one line.
  std::string describe() const;

  Error with_retry_after(std::chrono::milliseconds delay) &&;
  Error with_http_status(int status) &&;
  Error with_close(std::uint16_t code, std::string reason) &&;
  Error with_stage(Stage stage) &&;
  Error with_service_status(std::string status) &&;
  Error with_detail(std::string name, std::string value) &&;
  Error with_cause(Error cause) &&;

 private:
  ErrorKind kind_;
  Stage stage_ = Stage::none;
  int http_status_ = 0;
  std::uint16_t close_code_ = 0;
  std::optional<std::chrono::milliseconds> retry_after_;
  std::string message_;
  std::string close_reason_;
  std::string service_status_;
  std::vector<std::pair<std::string, std::string>> details_;
  std::shared_ptr<const Error> cause_;
};

template <class T>
using Result = std::expected<T, Error>;

// `return fail(ErrorKind::not_found, "…");`
inline std::unexpected<Error> fail(ErrorKind kind, std::string message) {
  return std::unexpected<Error>(Error(kind, std::move(message)));
}
inline std::unexpected<Error> fail(Error error) {
  return std::unexpected<Error>(std::move(error));
}

}  // namespace parley
