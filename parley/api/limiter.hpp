#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "parley/base/event.hpp"
#include "parley/http/message.hpp"
#include "parley/limit/lease.hpp"
#include "parley/limit/limiter.hpp"
#include "parley/net/task.hpp"

namespace parley::api {

namespace detail {
struct LimiterState;
}

// How long a call may wait for its turn.
struct WaitOptions {
  WaitOptions() = default;
  explicit WaitOptions(std::chrono::milliseconds longest) : max_wait(longest) {}
  // Empty: as long as it takes. 0: not at all, a refusal comes at once.
  std::optional<std::chrono::milliseconds> max_wait;
};

// A file in which processes share their counts. Each opens it itself: a limiter that was open
// before fork() is the parent's alone.
struct SharedFile {
  SharedFile() = default;
  std::string path;  // made where it is missing; its folder must exist
};

// A limit::Limiter with the machine's clock, for coroutines of any thread. A handle: copies share
// the counts. Thread-safe; each coroutine stays on its executor, which must be one thread or a
// strand. Events: limit.budget_reserved, limit.budget_rejected, limit.wait_start and _stop,
// limit.retry_window_start, _hit and _stop, limit.learnt, limit.error.
class Limiter {
 public:
  explicit Limiter(const limit::LimiterOptions& options = {}, EventSink events = {});
  // Shares its counts with every process that opens the same file: each decision then locks, reads
  // and replaces it (some 50 µs). Error: storage, where the file cannot be read or written, or
  // holds something else; it is left as it is.
  static Result<Limiter> open(SharedFile file, const limit::LimiterOptions& options = {},
                              EventSink events = {});

  // See limit::Limiter.
  Result<limit::PoolId> configure(std::string_view project, std::string_view model,
                                  const limit::Limits& limits,
                                  const limit::Price& price = limit::Price(),
                                  const limit::LearnOptions& learn = limit::LearnOptions());
  Result<void> configure_project(std::string_view project, const limit::Limits& limits);

  // At once or not at all. Errors: rate_limited with retry_after and detail "dimension"; too_large
  // with detail "largest"; permission_denied for a limit of nothing; storage.
  Result<limit::Lease> try_acquire(limit::PoolId pool, const limit::Demand& demand) const;
  // Waits for its turn without polling: it is woken by a release or by time. The same errors, and
  // rate_limited where max_wait is over. Cancelling the coroutine leaves the queue.
  Task<Result<limit::Lease>> acquire(limit::PoolId pool, limit::Demand demand,
                                     WaitOptions wait = WaitOptions()) const;

  // What the headers of an answer say about limits.
  void learn(limit::PoolId pool, const http::Headers& headers) const;
  limit::Snapshot snapshot(limit::PoolId pool) const;
  std::size_t waiting() const;

  // Tells an event of a call on this limiter, with the model's name.
  void tell(Event event, limit::PoolId pool) const;
  bool is_observed() const;  // somebody is told

 private:
  std::shared_ptr<detail::LimiterState> state_;
};

}  // namespace parley::api
