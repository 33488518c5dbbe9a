#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "parley/base/error.hpp"
#include "parley/base/secret.hpp"
#include "parley/gemini/backend.hpp"
#include "parley/gemini/types.hpp"
#include "parley/net/task.hpp"

namespace parley::api {
class Transport;
}

namespace parley::gemini {

// What a short-lived token is good for. Unset: the service's own.
struct TokenRequest {
  TokenRequest() = default;
  std::optional<int> uses;                       // sessions that it opens: 1; 0: any number
  std::optional<std::chrono::seconds> life;      // 30 minutes; at most 20 hours
  std::optional<std::chrono::seconds> to_begin;  // in which a session may begin: 1 minute
  // What its sessions are set up with. Without it the holder is free to set up what it likes.
  std::optional<Setup> setup;
  // What of the setup the holder cannot change. everything: what the setup leaves out as well is
  // the service's default. what_is_set: the members that the setup has, and `further` ones, by
  // their paths: "generationConfig.topK", "systemInstruction".
  enum class Lock { everything, what_is_set };
  Lock lock = Lock::everything;
  std::vector<std::string> further;
};

// The paths that a lock names, separated by commas: members of the setup, and inside
// generationConfig its members. Empty: everything is locked. Errors (invalid_argument): further
// paths without a setup, or without Lock::what_is_set; a path that is none.
Result<std::string> field_mask_of(const TokenRequest& request);

// Short-lived tokens for Live, for devices that must not hold a key (LiveOptions::key). The
// Developer API alone has them.
class Tokens {
 public:
  Tokens(std::shared_ptr<api::Transport> transport, Backend backend);

  // Errors: invalid_argument (a time that the service does not take, a lock that is none, Vertex
  // AI), those of the client's calls.
  Task<Result<Secret>> create(TokenRequest request = TokenRequest()) const;

 private:
  std::shared_ptr<api::Transport> transport_;
  Backend backend_;
};

}  // namespace parley::gemini
