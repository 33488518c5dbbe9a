#pragma once

#include <expected>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "parley/base/time.hpp"
#include "parley/emulator/rest/service.hpp"

namespace parley::emulator::detail {

// Files, caches and short-lived tokens of the service, in memory.
class Store {
 public:
  Store(std::uint64_t seed, std::function<WallTime()> now) : seed_(seed), now_(std::move(now)) {}

  // `segments` are those behind the version, beginning with the collection's name; nullopt where
  // the path is none of the store's. `upload`: the path begins with "upload".
  std::optional<Answer> answer(const http::Request& request, const http::Target& target,
                               const std::vector<std::string>& segments, bool upload);
  const gemini::CachedContent* cache(const std::string& name);
  // Of the files that are named in the parts; those that are not of this service count as a
  // picture. Errors: the answer where a file is not there.
  std::expected<int, Answer> count_file_tokens(const std::vector<gemini::Content>& contents);

  // A token for one Live session or more.
  struct Token {
    Token() = default;
    WallTime expires{}, new_sessions_until{};
    int uses_left = 1;
    bool unlimited = false;
    gemini::CreateAuthTokenRequest wanted;
  };
  Token* token(const std::string& name);
  WallTime now() const { return now_(); }

 private:
  struct Upload {
    gemini::File file;
    std::string bytes;
    bool final = false;
  };
  Answer begin_upload(const http::Request& request);
  Answer continue_upload(const http::Request& request, const std::string& id);
  Answer files(const http::Request& request, const http::Target& target, const std::string& id,
               bool download);
  Answer caches(const http::Request& request, const http::Target& target, const std::string& id);
  Answer create_cache(const http::Request& request);
  Answer change_cache(const http::Request& request, gemini::CachedContent& cache);
  Answer create_token(const http::Request& request);
  std::string next_id();
  void drop_expired();

  std::uint64_t seed_;
  std::function<WallTime()> now_;
  std::uint64_t made_ = 0;
  std::map<std::string, Upload> uploads_;
  std::map<std::string, gemini::File> files_;
  std::map<std::string, std::string> contents_;
  std::map<std::string, gemini::CachedContent> caches_;
  std::map<std::string, WallTime> cache_ends_, file_ends_;
  std::map<std::string, Token> tokens_;
};

// "300s", "1.5s"; nullopt where it is none.
std::optional<std::chrono::milliseconds> read_duration(std::string_view text);
// An RFC 3339 time in UTC ("2026-11-21T12:00:00Z"); nullopt where it is none.
std::optional<WallTime> read_time(std::string_view text);

}  // namespace parley::emulator::detail
