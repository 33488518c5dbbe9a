#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "parley/base/time.hpp"
#include "parley/emulator/auth/options.hpp"
#include "parley/emulator/rest/service.hpp"

namespace parley::emulator::detail {

// The servers that give out access tokens, without I/O: Google's token endpoint (/token), its
// exchange (/v1/token), impersonation (…:generateAccessToken) and the metadata server
// (/computeMetadata/v1/…); and what Vertex AI says of a token.
class Authority {
 public:
  Authority(AuthOptions options, std::uint64_t seed, std::function<WallTime()> now)
      : options_(std::move(options)), seed_(seed), now_(std::move(now)) {}

  void add(AuthOptions::Account account) {
    options_.accounts.push_back(std::move(account));
    options_.only_own_tokens = true;
  }
  // True where the path is one of its own.
  bool owns(const http::Request& request, const http::Target& target) const;
  Answer answer(const http::Request& request, const http::Target& target);
  // How Vertex AI refuses a request; empty: it does not. `project` empty: express mode, for which a
  // key is enough.
  std::optional<Answer> refuse(const http::Request& request, const std::string& project) const;
  // A body of its own, for the journal: the values that are no secrets.
  static std::string masked(std::string_view body);

 private:
  Answer grant(const http::Target& form);
  Answer exchange(const http::Target& form);
  Answer impersonate(const http::Request& request);
  Answer metadata(const http::Request& request, const std::string& path);
  Answer give(bool of_exchange);
  std::string make_token(std::chrono::seconds life);
  // What is wrong with an assertion; empty: nothing. `audience` is the path that it must be for;
  // empty: it is used as a token.
  std::string check_jwt(std::string_view jwt, std::string_view audience) const;
  bool is_own_token(std::string_view token) const;

  AuthOptions options_;
  std::uint64_t seed_;
  std::function<WallTime()> now_;
  std::uint64_t made_ = 0;
  std::map<std::string, WallTime, std::less<>> tokens_;  // and when they end
};

}  // namespace parley::emulator::detail
