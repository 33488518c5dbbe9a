#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "parley/api/stream_state.hpp"

namespace parley::api {

// Elements that wait, each with its size, first in, first out. It keeps what it is given: limits
// are StreamRules' business. One thread at a time.
template <class T>
class StreamBuffer {
 public:
  // `options` must have passed check().
  explicit StreamBuffer(const StreamBufferOptions& options) : options_(options) {
    if (options_.strategy == BufferStrategy::ring) ring_.resize(options_.max_chunks);
  }

  void push(T element, std::size_t bytes) {
    Entry entry(std::move(element), bytes);
    if (options_.strategy == BufferStrategy::ring && count_ < ring_.size())
      ring_[(first_ + count_) % ring_.size()].emplace(std::move(entry));
    else if (options_.strategy == BufferStrategy::chunked)
      push_chunked(std::move(entry));
    else
      queue_.push_back(std::move(entry));
    ++count_;
  }

  // The oldest element and its size; empty where none waits.
  std::optional<std::pair<T, std::size_t>> pop() {
    if (count_ == 0) return std::nullopt;
    --count_;
    if (options_.strategy == BufferStrategy::ring) {
      std::optional<Entry> entry = std::exchange(ring_[first_], std::nullopt);
      first_ = (first_ + 1) % ring_.size();
      return std::optional(std::move(*entry));
    }
    if (options_.strategy == BufferStrategy::chunked) return pop_chunked();
    std::optional<Entry> entry(std::move(queue_.front()));
    queue_.pop_front();
    return entry;
  }

  std::size_t size() const { return count_; }
  // Memory blocks in use: for BufferStrategy::chunked, else 0.
  std::size_t blocks() const { return blocks_.size(); }

 private:
  using Entry = std::pair<T, std::size_t>;
  struct Block {
    Block() = default;
    std::vector<Entry> entries;
    std::size_t bytes = 0, read = 0;
  };

  void push_chunked(Entry entry) {
    if (blocks_.empty() || blocks_.back().bytes + entry.second > options_.chunk_bytes)
      blocks_.emplace_back();
    blocks_.back().bytes += entry.second;
    blocks_.back().entries.push_back(std::move(entry));
  }

  std::optional<Entry> pop_chunked() {
    Block& block = blocks_.front();
    std::optional<Entry> entry(std::move(block.entries[block.read++]));
    if (block.read == block.entries.size()) blocks_.pop_front();
    return entry;
  }

  StreamBufferOptions options_;
  std::size_t count_ = 0;
  std::deque<Entry> queue_;
  std::vector<std::optional<Entry>> ring_;
  std::size_t first_ = 0;
  std::deque<Block> blocks_;
};

}  // namespace parley::api
