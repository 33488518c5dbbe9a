#include "parley/gemini/tokens.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "parley/api/transport.hpp"
#include "parley/gemini/detail/call.hpp"
#include "parley/json/value.hpp"
#include "parley/net/system.hpp"

namespace parley::gemini {
namespace {

using std::chrono::seconds;

std::unexpected<Error> wrong(std::string why) {
  return fail(ErrorKind::invalid_argument, std::move(why));
}

bool is_path(std::string_view path) {
  return !path.empty() && !path.starts_with('.') && !path.ends_with('.') &&
         std::ranges::all_of(path, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '.' || c == '_';
         });
}

Result<void> check_times(const TokenRequest& request) {
  constexpr seconds longest = std::chrono::hours(20);
  for (const auto& [time, name] : {std::pair(request.life, "life"), {request.to_begin, "to_begin"}})
    if (time && (*time <= seconds(0) || *time > longest))
      return wrong(fmt::format("TokenRequest::{} must be from 1 second to 20 hours", name));
  if (request.uses.value_or(1) < 0) return wrong("TokenRequest::uses must be 0 or more");
  return {};
}

Result<CreateAuthTokenRequest> body_of(TokenRequest request, WallTime now) {
  if (auto good = check_times(request); !good) return fail(std::move(good.error()));
  auto mask = field_mask_of(request);
  if (!mask) return fail(std::move(mask.error()));
  CreateAuthTokenRequest body;
  body.uses = request.uses;
  if (request.life) body.expire_time = to_iso8601(now + *request.life);
  if (request.to_begin) body.new_session_expire_time = to_iso8601(now + *request.to_begin);
  body.bidi_generate_content_setup = std::move(request.setup);
  if (!mask->empty()) body.field_mask = std::move(*mask);
  return body;
}

}  // namespace

Result<std::string> field_mask_of(const TokenRequest& request) {
  if (request.lock == TokenRequest::Lock::everything) {
    if (!request.further.empty())
      return wrong("TokenRequest::further is for Lock::what_is_set: everything is locked");
    return std::string();
  }
  if (!request.setup) return wrong("there is no setup whose members could be locked");
  const auto setup = json::parse(json::encode_text(*request.setup), json::trusted_limits());
  if (!setup) return fail(setup.error());
  std::vector<std::string> paths;
  for (const auto& [name, value] : setup->get_object()) {
    if (name != "generationConfig" || !value.is_object()) {
      paths.emplace_back(std::string_view(name));
      continue;
    }
    for (const auto& [inner, ignored] : value.get_object())
      paths.push_back("generationConfig." + std::string(std::string_view(inner)));
  }
  for (const auto& path : request.further) {
    if (!is_path(path)) return wrong(fmt::format("\"{}\" is no path of a setup's member", path));
    if (std::ranges::find(paths, path) == paths.end()) paths.push_back(path);
  }
  return fmt::format("{}", fmt::join(paths, ","));
}

Tokens::Tokens(std::shared_ptr<api::Transport> transport, Backend backend)
    : transport_(std::move(transport)), backend_(std::move(backend)) {}

Task<Result<Secret>> Tokens::create(TokenRequest request) const {
  if (backend_.vertex())
    co_return wrong("Vertex AI has no short-lived tokens: give out access tokens of its own");
  if (request.setup) {
    auto model = backend_.model_name(request.setup->model);
    if (!model) co_return fail(std::move(model.error()));
    request.setup->model = std::move(*model);
  }
  const auto body = body_of(std::move(request), net::SystemClock().wall_now());
  if (!body) co_return fail(body.error());
  // Other versions do not have them.
  auto made = co_await detail::call<AuthToken>(transport_, "POST", "/v1alpha/auth_tokens",
                                               json::encode_text(*body));
  if (!made) co_return fail(std::move(made.error()));
  co_return Secret(std::move(made->name));
}

}  // namespace parley::gemini
