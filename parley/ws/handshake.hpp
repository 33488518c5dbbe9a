#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/base/error.hpp"
#include "parley/base/random.hpp"
#include "parley/http/message.hpp"
#include "parley/http/url.hpp"
#include "parley/ws/deflate.hpp"

namespace parley::ws {

// What both sides agreed on in the opening handshake.
struct Agreement {
  Agreement() = default;
  std::string subprotocol;                  // empty: none
  std::optional<DeflateAgreement> deflate;  // empty: messages are not compressed
};

// The client's side (RFC 6455, 4.1).
struct ClientOffer {
  ClientOffer() = default;
  std::vector<std::string> subprotocols;  // in order of preference
  http::Headers headers;                  // further fields: Origin, Authorization …
  std::optional<DeflateOptions> deflate;  // empty: compression is not offered
};

// A fresh Sec-WebSocket-Key: base64 of 16 random bytes.
std::string make_key(Random& random);

// The upgrade request. Errors (invalid_argument): a subprotocol that is no token or stands twice; a
// header of the offer that the handshake itself sets.
Result<http::Request> make_request(const http::Url& url, const ClientOffer& offer,
                                   std::string_view key);

// Checks the answer to make_request(). Any other status than 101 is upgrade_refused with the
// status, and up to 4 KiB of the body in detail "body"; a broken 101 is protocol_violation.
Result<Agreement> check_response(const http::Response& response, const ClientOffer& offer,
                                 std::string_view key);

// The server's side (RFC 6455, 4.2).
struct ServerPolicy {
  ServerPolicy() = default;
  std::vector<std::string> subprotocols;  // the first of these that the client offers is chosen
  std::optional<DeflateOptions> deflate;  // empty: offers of compression are declined
  // The web origins that may connect ("https://example.org"), against cross-site use (RFC 6455,
  // 10.2). Requests without Origin come from no browser and are let in. Empty: every origin may.
  std::vector<std::string> origins;
};

// True where the request asks to become a WebSocket at all (Upgrade: websocket); accept() tells
// whether it does so correctly.
bool is_upgrade(const http::Request& request);

struct Acceptance {
  Acceptance() = default;
  http::Response response;  // 101, or the refusal to send
  Agreement agreement;
  bool accepted() const { return response.status == 101; }
};

// Answers an upgrade request: 101, or 400 (missing or malformed key, malformed list), 403 (origin),
// 405 (not GET), 426 with Sec-WebSocket-Version: 13 (no upgrade asked for, no or another version),
// 505 (HTTP/1.0). The refusal's body says why.
Acceptance accept(const http::Request& request, const ServerPolicy& policy = ServerPolicy());

}  // namespace parley::ws
