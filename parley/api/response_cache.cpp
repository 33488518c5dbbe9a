#include "parley/api/response_cache.hpp"

#include <array>
#include <new>

#include <openssl/evp.h>

#include "parley/base/text.hpp"

namespace parley::api {
namespace {

// Each part with its length, so that no two requests read the same.
void append(std::string& out, std::string_view part) {
  out += std::to_string(part.size());
  out += ':';
  out += part;
}

bool is_no_store(const http::Response& response) {
  return response.headers.has_token("Cache-Control", "no-store");
}

}  // namespace

std::string cache_key(const http::Url& origin, const http::Request& request) {
  std::string all;
  append(all, request.method);
  append(all, origin.origin());
  append(all, request.target);
  append(all, request.body);
  for (const auto& field : request.headers.all()) {
    append(all, to_lower_ascii(field.name));
    append(all, field.value);
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  const int done = EVP_Digest(all.data(), all.size(), digest.data(), &size, EVP_sha256(), nullptr);
  if (done != 1) throw std::bad_alloc();
  return std::string(reinterpret_cast<const char*>(digest.data()), size);
}

bool ResponseCache::may_keep(const http::Request& request) const {
  return options_.may_keep ? options_.may_keep(request) : request.method == "GET";
}

const http::Response* ResponseCache::find(const std::string& key, TimePoint now) {
  const auto found = by_key_.find(key);
  if (found != by_key_.end() && found->second->until > now) {
    entries_.splice(entries_.begin(), entries_, found->second);
    ++hits_;
    return &entries_.front().response;
  }
  if (found != by_key_.end()) remove(found->second);
  ++misses_;
  return nullptr;
}

void ResponseCache::store(const std::string& key, const http::Response& response, TimePoint now) {
  const std::size_t bytes = key.size() + response.body.size();
  if (const auto old = by_key_.find(key); old != by_key_.end()) remove(old->second);
  if (response.status != 200 || is_no_store(response) || bytes > options_.max_bytes) return;
  if (options_.max_entries == 0) return;
  entries_.push_front(Entry{key, response, bytes, now + options_.ttl});
  by_key_[key] = entries_.begin();
  bytes_ += bytes;
  while (entries_.size() > options_.max_entries || bytes_ > options_.max_bytes)
    remove(std::prev(entries_.end()));
}

void ResponseCache::remove(Place place) {
  bytes_ -= place->bytes;
  by_key_.erase(place->key);
  entries_.erase(place);
}

void ResponseCache::clear() {
  entries_.clear();
  by_key_.clear();
  bytes_ = 0;
}

}  // namespace parley::api
