#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "parley/http/message.hpp"
#include "parley/ws/deflate.hpp"

namespace parley::ws::detail {

// One element of Sec-WebSocket-Extensions (RFC 6455, 9.1). Quoted values are unquoted.
struct Extension {
  Extension() = default;
  std::string name;
  std::vector<std::pair<std::string, std::optional<std::string>>> parameters;
};

bool is_token(std::string_view text);

// The elements of all fields of that name, in order; nullopt where one breaks the grammar.
std::optional<std::vector<Extension>> parse_extensions(const http::Headers& headers);

// "permessage-deflate; …", what a client offers (RFC 7692, 7).
std::string deflate_offer(const DeflateOptions& options);

struct DeflateAnswer {
  DeflateAnswer() = default;
  DeflateAgreement agreement;
  std::string field;  // the value of Sec-WebSocket-Extensions
};

// The server's choice: the first offer that can be taken (RFC 7692, 5.1); none: nullopt.
std::optional<DeflateAnswer> answer_deflate(const std::vector<Extension>& offers,
                                            const DeflateOptions& options);

// The client's check of the server's choice (RFC 7692, 7.1); nullopt: it does not fit the offer.
std::optional<DeflateAgreement> check_deflate(const Extension& answer,
                                              const DeflateOptions& options);

}  // namespace parley::ws::detail
