#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "parley/api/stream_control.hpp"
#include "parley/base/time.hpp"
#include "parley/net/system.hpp"

namespace parley::api {

// When text that comes in small pieces is handed on.
enum class DeliveryMode {
  by_piece,  // as it comes
  by_time,   // what has come, `every` after the first of it
  by_size,   // as soon as there are `bytes`
  by_line,   // whole lines, with their line feed
};

struct DeliveryOptions {
  DeliveryOptions() = default;
  DeliveryMode mode = DeliveryMode::by_piece;
  std::chrono::milliseconds every{50};
  std::size_t bytes = 256;  // at least 4, the longest character
  // By size and by line: nothing waits longer than that; empty: it waits for as long as it takes.
  std::optional<std::chrono::milliseconds> at_most;
  std::size_t max_line = 64 * 1024;  // bytes; a longer line is handed on in parts
};

// Gathers text. Pieces are cut between characters (UTF-8) only, and nothing is lost or changed.
// Without clock; one thread at a time.
class TextDelivery {
 public:
  explicit TextDelivery(const DeliveryOptions& options) : options_(options) {}

  // Valid UTF-8. Gives the pieces that may be handed on.
  std::vector<std::string> add(std::string_view text, TimePoint now);
  // When what waits is due; empty: nothing waits, or waits for time.
  std::optional<TimePoint> next_timeout() const;
  // What is due; empty: nothing is.
  std::string handle_timeout(TimePoint now);
  // What waits at the end.
  std::string finish();

 private:
  void cut_by_size(std::vector<std::string>& out);
  void cut_by_line(std::vector<std::string>& out);
  std::string take(std::size_t bytes);

  DeliveryOptions options_;
  std::string held_;
  TimePoint since_{};
};

// A controlled stream whose elements become text that is handed on by a DeliveryMode. What the
// elements say beside their text is not seen here. Belongs to the stream's executor.
template <class Source>
class DeliveredText {
 public:
  using Element = typename ControlledStream<Source>::Element;

  DeliveredText(ControlledStream<Source> stream, std::function<std::string(const Element&)> text_of,
                const DeliveryOptions& options)
      : stream_(std::move(stream)), text_of_(std::move(text_of)), delivery_(options) {}

  // The next piece, never empty; nullopt: the end, see outcome(). One at a time.
  Task<std::optional<std::string>> next() {
    for (;;) {
      while (!ready_.empty()) {
        std::string piece = std::move(ready_.front());
        ready_.pop_front();
        if (!piece.empty()) co_return piece;
      }
      if (ended_) co_return std::nullopt;
      co_await gather();
    }
  }
  // Success where all was delivered; a stream that broke has delivered what had come before.
  Result<void> outcome() const { return stream_.outcome(); }
  StreamControl control() const { return stream_.control(); }

 private:
  Task<void> gather() {
    const auto until = delivery_.next_timeout().value_or(TimePoint::max());
    auto element = co_await stream_.next_until(until);
    const auto now = net::SystemClock().now();
    if (element) {
      for (auto& piece : delivery_.add(text_of_(*element), now)) ready_.push_back(std::move(piece));
    } else if (stream_.over()) {
      // After a cancellation nothing is delivered.
      if (stream_.state() != StreamState::cancelled) ready_.push_back(delivery_.finish());
      ended_ = true;
    } else {
      ready_.push_back(delivery_.handle_timeout(now));
    }
  }

  ControlledStream<Source> stream_;
  std::function<std::string(const Element&)> text_of_;
  TextDelivery delivery_;
  std::deque<std::string> ready_;
  bool ended_ = false;
};

}  // namespace parley::api
