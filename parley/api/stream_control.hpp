#pragma once

#include <chrono>
#include <concepts>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "parley/api/stream_buffer.hpp"
#include "parley/api/stream_hub.hpp"
#include "parley/api/stream_state.hpp"
#include "parley/base/event.hpp"
#include "parley/net/task.hpp"

// Pause, resume and cancel for any stream with
//   Task<std::optional<T>> next();  Result<void> outcome() const;
// whatever is below it: EventStream, TypedEvents, gemini::Stream, gemini::Live, net::WebSocket.
namespace parley::api {

// How many bytes an element counts for. Types give their own by a function approximate_size(value)
// beside them; texts count their length, all else its own size in memory.
template <class T>
std::size_t size_in_buffer(const T& value) {
  if constexpr (requires {
                  { approximate_size(value) } -> std::convertible_to<std::size_t>;
                })
    return approximate_size(value);
  else if constexpr (requires {
                       { value.data.size() } -> std::convertible_to<std::size_t>;
                     })
    return sizeof(T) + value.data.size();  // SSE events, messages of a WebSocket
  else if constexpr (std::convertible_to<const T&, std::string_view>)
    return std::string_view(value).size();
  else
    return sizeof(T);
}

struct StreamOptions {
  StreamOptions() = default;
  StreamLimits limits;
  // For StreamControl::cancel_and_wait().
  std::chrono::milliseconds control_limit{100};
  // "api.stream_start" and "_stop" or "_exception" {id, chunks, bytes}, and "api.stream_paused",
  // "api.stream_resumed" {id}; the latter on the thread that calls.
  EventSink events;
  std::string name;  // field "name" of the start event
};

// The hand that stops: copies act on the same stream, from any thread, also when the stream is gone
// (then its state is final). The stream's loop must not be destroyed while a call is under way.
class StreamControl {
 public:
  explicit StreamControl(std::shared_ptr<detail::StreamHub> hub) : hub_(std::move(hub)) {}

  // Never wait. When pause() has returned, nothing is delivered until resume(); when cancel() has
  // returned, nothing is delivered at all. Errors: invalid_state (see StreamRules), timeout where
  // resume() comes behind the limit of the pause.
  Result<void> pause() { return hub_->pause(); }
  Result<void> resume() { return hub_->resume(); }
  Result<void> cancel() { return hub_->cancel(); }
  // Cancels, and waits until the source with its socket, timer and permit is gone. For other
  // threads than the stream's own, which it would keep from doing it. Errors: invalid_state;
  // timeout at stage close, where the stream's loop did not come to it within
  // StreamOptions::control_limit: it will release them when it does.
  Result<void> cancel_and_wait() { return hub_->cancel_and_wait(); }

  StreamState state() const { return hub_->state(); }
  StreamMetrics metrics() const { return hub_->metrics(); }
  // The source has been destroyed, and with it all that it held.
  bool released() const { return hub_->released(); }

 private:
  std::shared_ptr<detail::StreamHub> hub_;
};

// A stream that obeys. It reads its source ahead, up to the limits of its buffer; beyond them, and
// so while it is paused for long, nothing is read, and the sender is held up by its own full queue.
// Belongs to the executor that made it; control() is for any thread. Destroying it cancels it.
template <class Source>
class ControlledStream {
 public:
  using Element = typename decltype(std::declval<Source&>().next())::value_type::value_type;
  using SizeOf = std::function<std::size_t(const Element&)>;

  ControlledStream(ControlledStream&&) noexcept = default;
  ControlledStream& operator=(ControlledStream&& other) noexcept {
    if (state_ && state_ != other.state_) state_->hub->drop();
    state_ = std::move(other.state_);
    return *this;
  }
  ~ControlledStream() {
    if (state_) state_->hub->drop();
  }

  // The next element; empty: the end, see outcome(). While the stream is paused it waits. One at a
  // time. Rethrows what the source threw.
  Task<std::optional<Element>> next() {
    const auto state = state_;
    co_return co_await next_of(state, TimePoint::max());
  }
  // The same, but gives up at `until`: empty as well, and over() is false then.
  Task<std::optional<Element>> next_until(TimePoint until) {
    const auto state = state_;
    co_return co_await next_of(state, until);
  }
  // Success where all was delivered; else the source's error, cancelled, or timeout (stage idle).
  Result<void> outcome() const { return state_->hub->outcome(); }
  bool over() const { return is_final(state_->hub->state()); }

  StreamControl control() const { return StreamControl(state_->hub); }
  StreamState state() const { return state_->hub->state(); }
  StreamMetrics metrics() const { return state_->hub->metrics(); }
  // The source, for what else it can do; null once it has been released.
  Source* source() { return state_->source ? &*state_->source : nullptr; }
  // Waits until the source has been destroyed, which follows the end. For the stream's own thread.
  Task<void> wait_released() {
    const auto hub = state_->hub;
    co_await hub->wait_released();
  }

 private:
  struct State {
    State(Source from, std::shared_ptr<detail::StreamHub> shared, SizeOf sizes,
          const StreamBufferOptions& options)
        : hub(std::move(shared)),
          source(std::move(from)),
          size_of(std::move(sizes)),
          buffer(options) {}
    std::shared_ptr<detail::StreamHub> hub;
    std::optional<Source> source;
    SizeOf size_of;
    StreamBuffer<Element> buffer;  // behind the hub's lock
  };

  template <class S>
  friend Task<Result<ControlledStream<S>>> control_stream(
      S source, StreamOptions options, typename ControlledStream<S>::SizeOf size_of);

  explicit ControlledStream(std::shared_ptr<State> state) : state_(std::move(state)) {}

  static Task<void> pump(std::shared_ptr<State> state);
  static Task<std::optional<Element>> next_of(std::shared_ptr<State> state, TimePoint until);

  std::shared_ptr<State> state_;
};

template <class Source>
Task<void> ControlledStream<Source>::pump(std::shared_ptr<State> state) {
  auto& hub = *state->hub;
  while (co_await hub.until_room()) {
    auto element = co_await state->source->next();
    if (!element) {
      hub.source_ended(state->source->outcome());
      co_return;
    }
    const std::size_t bytes = state->size_of(*element);
    if (!hub.arrived(bytes, [&] { state->buffer.push(std::move(*element), bytes); })) co_return;
  }
}

template <class Source>
auto ControlledStream<Source>::next_of(std::shared_ptr<State> state, TimePoint until)
    -> Task<std::optional<Element>> {
  std::optional<Element> out;
  const auto take = [&]() -> std::size_t {
    auto one = state->buffer.pop();
    out.emplace(std::move(one->first));
    return one->second;
  };
  for (;;) {
    const auto step = state->hub->deliver(take);
    if (step == detail::Delivery::wait && co_await state->hub->until_change(until)) continue;
    co_return out;
  }
}

// Puts a stream under control, on the executor that awaits it. Errors: those of
// check(StreamBufferOptions); the source is destroyed then.
template <class Source>
Task<Result<ControlledStream<Source>>> control_stream(
    Source source, StreamOptions options = StreamOptions(),
    typename ControlledStream<Source>::SizeOf size_of = nullptr) {
  using Stream = ControlledStream<Source>;
  using State = typename Stream::State;
  if (auto good = check(options.limits.buffer); !good) co_return fail(std::move(good.error()));
  if (!size_of) size_of = &size_in_buffer<typename Stream::Element>;
  const auto executor = co_await boost::asio::this_coro::executor;
  const auto buffer = options.limits.buffer;
  const auto hub = std::make_shared<detail::StreamHub>(executor, std::move(options));
  const auto state = std::make_shared<State>(std::move(source), hub, std::move(size_of), buffer);
  // What still waits is of no use once the stream was cancelled: it goes with the source.
  const std::function<void()> release = [weak = std::weak_ptr<State>(state)] {
    if (const auto held = weak.lock()) held->source.reset();
  };
  const std::function<void()> clear = [weak = std::weak_ptr<State>(state)] {
    const auto held = weak.lock();
    while (held && held->buffer.pop()) {
    }
  };
  hub->start(Stream::pump(state), release, clear);
  Stream stream(state);
  co_return stream;
}

}  // namespace parley::api
