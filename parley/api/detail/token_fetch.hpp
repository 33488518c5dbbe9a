#pragma once

#include <memory>
#include <string>

#include "parley/api/google_tokens.hpp"
#include "parley/http/message.hpp"

namespace parley::api::detail {

// What the fetches of one source share.
struct FetchWorld {
  explicit FetchWorld(GoogleTokenOptions of);
  GoogleTokenOptions options;
  net::HttpClient client;
  std::string scope() const;  // separated by spaces
  WallTime wall_now() const { return options.policy.clock->wall_now(); }
};
using World = std::shared_ptr<FetchWorld>;

// A request to an absolute URL; the answer whatever its status.
Task<Result<http::Response>> request(World world, std::string method, std::string url,
                                     http::Headers headers, std::string body);
Task<Result<AccessToken>> ask_token_server(World world, std::string url, std::string form,
                                           http::Headers headers);

// google_tokens.cpp
Task<Result<AccessToken>> fetch_for(World world, std::shared_ptr<const GoogleKey> key);
// external_tokens.cpp
Task<Result<AccessToken>> fetch_external(World world, std::shared_ptr<const GoogleKey> key);
// IAM Credentials, generateAccessToken: `source` may act for the account that `url` names.
Task<Result<AccessToken>> impersonate(World world, std::string url, AccessToken source,
                                      std::vector<std::string> delegates,
                                      std::chrono::seconds life);

// An error with what it happened for, before its words.
Error named(const std::string& what, Error error);
Result<std::string> read_small_file(const std::string& path);

}  // namespace parley::api::detail
