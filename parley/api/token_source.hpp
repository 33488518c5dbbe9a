#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "parley/api/access_token.hpp"
#include "parley/base/error.hpp"
#include "parley/base/event.hpp"
#include "parley/base/secret.hpp"
#include "parley/base/time.hpp"
#include "parley/net/task.hpp"

namespace parley::api {

struct TokenPolicy {
  TokenPolicy() = default;
  // A token is renewed so long before its end, or a quarter of its life before where that is less.
  std::chrono::milliseconds margin{225'000};
  // After a renewal that failed while the token is still good, the next one is tried so much later,
  // or when the server says (Retry-After), where that is later.
  std::chrono::milliseconds pause{10'000};
  // "api.token_fetch_start" {id, source} and "api.token_fetch_stop" {id, source, outcome, life_s}:
  // one pair for each fetch. No token is in them.
  EventSink events;
  std::shared_ptr<const Clock> clock;  // null: the machine's
};

// Access tokens for the calls of one client or several: held while they are good, renewed before
// they end, fetched once for all who wait. Belongs to one executor at a time. It must be held by a
// shared_ptr.
class TokenSource : public std::enable_shared_from_this<TokenSource> {
 public:
  using Fetch = std::function<Task<Result<AccessToken>>()>;

  // A token that somebody else looks after; drop() leaves it, and the calls go on failing.
  static std::shared_ptr<TokenSource> fixed(Secret token);
  // `fetch` gives a token each time it is called; what it throws becomes an error without its
  // words, which may hold anything. `name` stands in events and errors: "service account …".
  static std::shared_ptr<TokenSource> make(std::string name, Fetch fetch,
                                           TokenPolicy policy = TokenPolicy());

  // A token that is good for some time yet. Cancelling the task that waits does not end the fetch,
  // which others may wait for. Errors: those of the fetch, where no held token is good any more.
  Task<Result<Secret>> token();
  // The service has refused this token (HTTP 401): it is not given out again. A newer one stays.
  void drop(const Secret& refused);

  const std::string& name() const { return name_; }
  // The project whose quota is used (x-goog-user-project); empty: the credentials' own.
  const std::string& quota_project() const { return quota_project_; }
  void set_quota_project(std::string project) { quota_project_ = std::move(project); }
  // The project that the credentials belong to; empty: they do not tell.
  const std::string& project() const { return project_; }
  void set_project(std::string project) { project_ = std::move(project); }

 private:
  struct Flight;
  struct Landing;
  TokenSource(std::string name, Fetch fetch, TokenPolicy policy);
  static Task<void> fly(std::shared_ptr<TokenSource> self, std::shared_ptr<Flight> flight);
  static Task<Result<AccessToken>> guarded(Fetch fetch);
  void tell_start() const;
  void tell_stop(const Result<AccessToken>& result) const;

  std::string name_, project_, quota_project_;
  Fetch fetch_;
  TokenPolicy policy_;
  std::optional<HeldToken> held_;
  TimePoint not_before_{};  // the next renewal of a token that is still good
  std::shared_ptr<Flight> flight_;
  std::uint64_t fetches_ = 0;
};

}  // namespace parley::api
