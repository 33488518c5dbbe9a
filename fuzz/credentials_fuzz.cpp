#include <cstdint>
#include <cstdlib>

#include "parley/api/access_token.hpp"
#include "parley/api/google_key.hpp"

using namespace parley;

// Files with credentials and answers of token servers: an error says something, and what was taken
// has what it needs.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto key = api::read_google_key(text);
  if (!key && key.error().message().empty()) std::abort();
  if (key) {
    (void)key->project();
    (void)key->quota_project();
    if (const auto* account = std::get_if<api::ServiceAccountKey>(&key->kind);
        account && (account->client_email.empty() || account->private_key.empty()))
      std::abort();
    if (const auto* account = std::get_if<api::ImpersonatedAccount>(&key->kind);
        account && !account->source)
      std::abort();
  }
  for (const int status : {200, 400, 503}) {
    const auto token = api::read_token_answer(status, text);
    if (status != 200 && token) std::abort();
    if (token && token->value.empty()) std::abort();
    if (token && token->life && token->life->count() <= 0) std::abort();
    if (!token && token.error().message().empty()) std::abort();
  }
  return 0;
}
