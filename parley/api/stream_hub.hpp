#pragma once

#include <condition_variable>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <string_view>

#include "parley/api/stream_state.hpp"
#include "parley/base/event_scope.hpp"
#include "parley/net/task.hpp"

namespace parley::api {

struct StreamOptions;

namespace detail {

enum class Delivery { given, wait, over };

// What the reader, the pump and the hands of a stream share, whatever its elements are. The public
// members of the first group are thread-safe, the others are for the stream's executor.
class StreamHub : public std::enable_shared_from_this<StreamHub> {
 public:
  StreamHub(Executor executor, StreamOptions options);
  ~StreamHub();
  StreamHub(const StreamHub&) = delete;
  StreamHub& operator=(const StreamHub&) = delete;

  Result<void> pause();
  Result<void> resume();
  Result<void> cancel();
  Result<void> cancel_and_wait();
  StreamState state() const;
  Result<void> outcome() const;
  StreamMetrics metrics() const;
  bool released() const;

  // Runs the pump until it ends or the stream does; then `release` destroys the source. `clear`
  // empties the buffer.
  void start(Task<void> pump, std::function<void()> release, std::function<void()> clear);
  // The stream's owner is gone.
  void drop();

  // False: the stream is over, read no more.
  Task<bool> until_room();
  // `store` is called where the element is still wanted. False: it is not.
  bool arrived(std::size_t bytes, const std::function<void()>& store);
  void source_ended(Result<void> outcome);
  // Calls `take`, which gives the element's size, where one may be delivered. Rethrows what the
  // pump threw.
  Delivery deliver(const std::function<std::size_t()>& take);
  // Waits for a change of any kind; false once `until` is over.
  Task<bool> until_change(TimePoint until);
  Task<void> wait_released();

 private:
  struct Loop;
  class PumpEnd;
  void changed_locked();
  void obey(Loop& loop);
  void pause_ended();
  void pumped(std::exception_ptr error, bool loop_is_gone);
  void tell(std::string_view name) const;
  void tell_end();

  mutable std::mutex lock_;
  std::condition_variable gone_;
  std::unique_ptr<StreamOptions> options_;
  StreamRules rules_;
  std::shared_ptr<Loop> loop_;  // null once neither owner nor source is left
  bool released_ = false, dropped_ = false;
  std::function<void()> release_, clear_;
  std::exception_ptr thrown_;
  EventScope scope_;
};

}  // namespace detail
}  // namespace parley::api
