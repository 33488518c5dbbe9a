#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>

#include "parley/base/time.hpp"
#include "parley/http/message.hpp"
#include "parley/http/url.hpp"

namespace parley::api {

struct CacheOptions {
  CacheOptions() = default;
  std::chrono::milliseconds ttl{300'000};
  std::size_t max_entries = 1000;
  std::size_t max_bytes = 64 * 1024 * 1024;  // of bodies and keys
  // Whether the answer of a request may be kept; empty: GET alone.
  std::function<bool(const http::Request&)> may_keep;
};

// All that an answer depends on: method, URL, body, and every header field, credentials included,
// so that nobody gets another one's answer. A digest (SHA-256): nothing can be read from it.
std::string cache_key(const http::Url& origin, const http::Request& request);

// Whole answers of status 200, by key, the least recently used goes first. Without clock; one
// thread at a time.
class ResponseCache {
 public:
  explicit ResponseCache(CacheOptions options) : options_(std::move(options)) {}

  bool may_keep(const http::Request& request) const;
  // Null where it is not there or too old; valid until the next call.
  const http::Response* find(const std::string& key, TimePoint now);
  // Not kept: another status than 200, Cache-Control: no-store, a body over max_bytes.
  void store(const std::string& key, const http::Response& response, TimePoint now);
  void clear();

  std::size_t size() const { return entries_.size(); }
  std::size_t bytes() const { return bytes_; }
  std::uint64_t hits() const { return hits_; }
  std::uint64_t misses() const { return misses_; }

 private:
  struct Entry {
    std::string key;
    http::Response response;
    std::size_t bytes = 0;
    TimePoint until{};
  };
  using Place = std::list<Entry>::iterator;
  void remove(Place place);

  CacheOptions options_;
  std::list<Entry> entries_;  // the most recently used first
  std::unordered_map<std::string, Place> by_key_;
  std::size_t bytes_ = 0;
  std::uint64_t hits_ = 0, misses_ = 0;
};

}  // namespace parley::api
