#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/emulator/detail/catalogue.hpp"
#include "parley/emulator/detail/wire.hpp"
#include "parley/emulator/model/tokens.hpp"
#include "parley/emulator/rest/detail/store.hpp"

namespace parley::emulator::detail {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

Answer bad_member(std::string message) {
  return error_answer(400, "INVALID_ARGUMENT", std::move(message));
}

// When something ends that has a ttl or an expireTime; one hour from now where it has neither.
std::optional<WallTime> end_of(const gemini::CachedContent& cache, WallTime now) {
  if (cache.ttl) {
    const auto life = read_duration(*cache.ttl);
    return life ? std::optional(now + *life) : std::nullopt;
  }
  return cache.expire_time ? read_time(*cache.expire_time) : std::optional(now + hours(1));
}

}  // namespace

Answer Store::create_cache(const http::Request& request) {
  auto cache = json::decode_text<gemini::CachedContent>(request.body, json::trusted_limits());
  if (!cache) return bad_member("Invalid JSON payload received. " + cache.error().message());
  const auto now = now_();
  const auto model = cache->model.value_or("");
  if (find_model(model.substr(model.rfind('/') + 1)) == nullptr)
    return error_answer(404, "NOT_FOUND", fmt::format("{} is not found.", model));
  const auto end = end_of(*cache, now);
  if (!end || *end <= now) return bad_member("The cached content must expire in the future.");
  const auto contents = cache->contents.value_or(std::vector<gemini::Content>());
  auto of_files = count_file_tokens(contents);
  if (!of_files) return std::move(of_files.error());
  int tokens = count_tokens(contents) + *of_files;
  if (cache->system_instruction) tokens += count_tokens({*cache->system_instruction});
  if (tokens < 1024)
    return bad_member(fmt::format(
        "Cached content is too small. total_token_count={}, min_total_token_count=1024", tokens));
  cache->name = "cachedContents/" + next_id();
  cache->create_time = cache->update_time = to_iso8601(now);
  cache->expire_time = to_iso8601(*end);
  cache->ttl.reset();
  cache->usage_metadata.emplace().total_token_count = tokens;
  caches_[*cache->name] = *cache;
  cache_ends_[*cache->name] = *end;
  // What was put in is not given back.
  auto shown = *cache;
  shown.contents.reset();
  shown.system_instruction.reset();
  shown.tools.reset();
  return json_answer(pretty(json::encode_text(shown)));
}

Answer Store::change_cache(const http::Request& request, gemini::CachedContent& cache) {
  const auto change =
      json::decode_text<gemini::CachedContent>(request.body, json::trusted_limits());
  if (!change) return bad_member("Invalid JSON payload received. " + change.error().message());
  if (change->contents || change->system_instruction || change->tools)
    return bad_member("Only expiration can be updated.");
  const auto end = end_of(*change, now_());
  if (!end || *end <= now_()) return bad_member("The cached content must expire in the future.");
  cache.expire_time = to_iso8601(*end);
  cache.update_time = to_iso8601(now_());
  cache_ends_[*cache.name] = *end;
  auto shown = cache;
  shown.contents.reset();
  return json_answer(pretty(json::encode_text(shown)));
}

Answer Store::create_token(const http::Request& request) {
  const std::string body = request.body.empty() ? "{}" : request.body;
  auto wanted = json::decode_text<gemini::CreateAuthTokenRequest>(body, json::trusted_limits());
  if (!wanted) return bad_member("Invalid JSON payload received. " + wanted.error().message());
  const auto now = now_();
  Token token;
  const auto time = [&](const std::optional<std::string>& text, std::chrono::milliseconds usual) {
    return text ? read_time(*text) : std::optional(now + usual);
  };
  const auto expires = time(wanted->expire_time, minutes(30));
  const auto until = time(wanted->new_session_expire_time, minutes(1));
  if (!expires || !until) return bad_member("Invalid time; it must be as 2026-11-21T12:00:00Z.");
  if (*expires > now + hours(20))
    return bad_member("expire_time must be less than 20 hours ahead.");
  token.expires = *expires;
  token.new_sessions_until = *until;
  token.uses_left = wanted->uses.value_or(1);
  token.unlimited = wanted->uses == 0;
  token.wanted = std::move(*wanted);
  gemini::AuthToken made;
  made.name = "auth_tokens/" + next_id() + next_id();
  tokens_[made.name] = std::move(token);
  return json_answer(pretty(json::encode_text(made)));
}

Store::Token* Store::token(const std::string& name) {
  const auto found = tokens_.find(name);
  return found == tokens_.end() ? nullptr : &found->second;
}

}  // namespace parley::emulator::detail
