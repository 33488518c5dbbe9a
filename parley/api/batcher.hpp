#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "parley/base/time.hpp"

namespace parley::api {

// A batch is full with whichever limit comes first.
struct BatchOptions {
  BatchOptions() = default;
  std::size_t max_items = 10;               // at least 1
  std::chrono::milliseconds max_wait{100};  // from its first item
  std::size_t max_bytes = 256 * 1024;       // an item that is larger goes alone
};

// Gathers items into batches, in their order. Without clock; one thread at a time.
template <class T>
class Batcher {
 public:
  explicit Batcher(const BatchOptions& options) : options_(options) {}

  // The batches that are full with this item: none, one, or two where it has no place beside what
  // waits.
  std::vector<std::vector<T>> add(T item, std::size_t bytes, TimePoint now) {
    std::vector<std::vector<T>> full;
    if (!items_.empty() && bytes_ + bytes > options_.max_bytes) full.push_back(take());
    if (items_.empty()) begun_ = now;
    items_.push_back(std::move(item));
    bytes_ += bytes;
    if (items_.size() >= options_.max_items || bytes_ >= options_.max_bytes) full.push_back(take());
    return full;
  }

  // When what waits is due; empty: nothing waits.
  std::optional<TimePoint> next_timeout() const {
    if (items_.empty()) return std::nullopt;
    return begun_ + options_.max_wait;
  }
  // What is due; empty: nothing is.
  std::vector<T> handle_timeout(TimePoint now) {
    const auto due = next_timeout();
    return due && *due <= now ? take() : std::vector<T>();
  }
  // What waits, due or not.
  std::vector<T> take() {
    bytes_ = 0;
    return std::exchange(items_, {});
  }
  std::size_t waiting() const { return items_.size(); }

 private:
  BatchOptions options_;
  std::vector<T> items_;
  std::size_t bytes_ = 0;
  TimePoint begun_{};
};

}  // namespace parley::api
