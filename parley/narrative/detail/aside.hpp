#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <thread>

#include "parley/base/error.hpp"
#include "parley/net/task.hpp"

// Work that blocks, on a thread of its own, while the loop goes on.
namespace parley::narrative::detail {

// A wish to end, from any thread; polled, or waited for with poll(2) on descriptor().
class Stop {
 public:
  Stop();
  ~Stop();
  Stop(const Stop&) = delete;
  Stop& operator=(const Stop&) = delete;
  void request();
  bool requested() const { return wanted_.load(); }
  int descriptor() const { return descriptor_; }  // readable when it is requested; -1: none left

 private:
  std::atomic<bool> wanted_{false};
  int descriptor_;
};

// What a wait for a descriptor ended with.
enum class Waited { ready, late, stopped };
// poll(2) on the calling thread, for POLLIN, POLLOUT or both; without a deadline as long as it
// takes.
Waited wait_for(int descriptor, short events,
                std::optional<std::chrono::steady_clock::time_point> deadline, const Stop& stop);

struct AsideState {
  Stop stop, ended;
};
// Requests the stop where the task that waits is cancelled, and waits a second more for the thread
// to wind up. True: it has ended by itself.
Task<bool> wait_aside(std::shared_ptr<AsideState> state);

// Calls `work` on a new thread and gives what it gives. It owns all that it uses, as it may outlive
// this task: where that is cancelled (error: cancelled) or destroyed, `work` is told by its Stop,
// and nobody waits for one that does not obey.
template <class T>
Task<Result<T>> aside(std::function<Result<T>(const Stop&)> work) {
  struct State : AsideState {
    std::optional<Result<T>> result;
  };
  const auto state = std::make_shared<State>();
  if (state->stop.descriptor() < 0 || state->ended.descriptor() < 0)
    co_return fail(ErrorKind::internal, "there are no descriptors left");
  std::thread([state, work = std::move(work)]() mutable {
    state->result.emplace(work(state->stop));
    work = nullptr;
    state->ended.request();
  }).detach();
  const bool whole = co_await wait_aside(state);
  if (!whole) co_return fail(ErrorKind::cancelled, "it was cancelled");
  co_return std::move(*state->result);
}

}  // namespace parley::narrative::detail
