#include "parley/ws/handshake.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include <fmt/format.h>
#include <openssl/sha.h>

#include "parley/base/bytes.hpp"
#include "parley/base/text.hpp"
#include "parley/ws/detail/extensions.hpp"

namespace parley::ws {
namespace {

using detail::is_token;

constexpr std::string_view kGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";  // RFC 6455, 1.3
constexpr std::array<std::string_view, 9> kReserved = {"Host",
                                                       "Upgrade",
                                                       "Connection",
                                                       "Content-Length",
                                                       "Transfer-Encoding",
                                                       "Sec-WebSocket-Key",
                                                       "Sec-WebSocket-Version",
                                                       "Sec-WebSocket-Protocol",
                                                       "Sec-WebSocket-Extensions"};

std::string accept_value(std::string_view key) {
  const std::string text = std::string(key) + std::string(kGuid);
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest;
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return to_base64(as_bytes({reinterpret_cast<const char*>(digest.data()), digest.size()}));
}

bool is_key(std::string_view key) {
  if (key.size() != 24 || !key.ends_with("==") || key.find_first_of("-_") != std::string_view::npos)
    return false;
  const auto bytes = from_base64(key);
  return bytes && bytes->size() == 16;
}

// Where the header announces one: bytes behind it would be taken for frames.
bool has_body(const http::Request& request) {
  const auto length = request.headers.find("Content-Length");
  return !request.body.empty() || request.headers.find("Transfer-Encoding") ||
         (length && length->find_first_not_of('0') != std::string_view::npos);
}

std::unexpected<Error> broken(std::string message) {
  return fail(Error(ErrorKind::protocol_violation, std::move(message))
                  .with_stage(Stage::upgrade)
                  .with_http_status(101));
}

Acceptance refuse(int status, std::string why) {
  Acceptance refusal;
  refusal.response.status = status;
  refusal.response.headers.set("Content-Type", "text/plain; charset=utf-8");
  refusal.response.body = std::move(why);
  if (status == 405) refusal.response.headers.set("Allow", "GET");
  if (status == 426) {
    refusal.response.headers.set("Upgrade", "websocket");
    refusal.response.headers.set("Sec-WebSocket-Version", "13");
  }
  return refusal;
}

// The subprotocols a client offers, in its order; nullopt where the field is malformed.
std::optional<std::vector<std::string>> offered_protocols(const http::Headers& headers) {
  std::vector<std::string> offered;
  for (const auto& field : headers.all()) {
    if (!iequals_ascii(field.name, "Sec-WebSocket-Protocol")) continue;
    for (const auto part : split(field.value, ',')) {
      const auto name = trim(part);
      if (!is_token(name)) return std::nullopt;
      offered.emplace_back(name);
    }
  }
  return offered;
}

}  // namespace

std::string make_key(Random& random) {
  std::array<std::uint64_t, 2> bits = {random.next(), random.next()};
  return to_base64(as_bytes({reinterpret_cast<const char*>(bits.data()), sizeof bits}));
}

Result<http::Request> make_request(const http::Url& url, const ClientOffer& offer,
                                   std::string_view key) {
  http::Request request("GET", url.target);
  request.headers.set("Host", url.authority());
  request.headers.set("Upgrade", "websocket");
  request.headers.set("Connection", "Upgrade");
  request.headers.set("Sec-WebSocket-Key", key);
  request.headers.set("Sec-WebSocket-Version", "13");
  std::set<std::string_view> seen;
  std::string list;
  for (const auto& name : offer.subprotocols) {
    if (!is_token(name) || !seen.insert(name).second)
      return fail(ErrorKind::invalid_argument,
                  // Not its text: some services take the key as a subprotocol.
                  fmt::format("subprotocol {} of the offer is no token, or stands there twice",
                              &name - offer.subprotocols.data() + 1));
    list += (list.empty() ? "" : ", ") + name;
  }
  if (!list.empty()) request.headers.set("Sec-WebSocket-Protocol", list);
  if (offer.deflate)
    request.headers.set("Sec-WebSocket-Extensions", detail::deflate_offer(*offer.deflate));
  for (const auto& header : offer.headers.all()) {
    if (std::ranges::any_of(kReserved, [&](auto name) { return iequals_ascii(name, header.name); }))
      return fail(ErrorKind::invalid_argument,
                  fmt::format("the header {} is set by the handshake itself", header.name));
    request.headers.add(header.name, header.value);
  }
  return request;
}

Result<Agreement> check_response(const http::Response& response, const ClientOffer& offer,
                                 std::string_view key) {
  const auto& headers = response.headers;
  if (response.status != 101) {
    Error refused(ErrorKind::upgrade_refused,
                  fmt::format("the server answered the WebSocket upgrade with {} {}",
                              response.status, http::reason_phrase(response.status)));
    refused = std::move(refused).with_http_status(response.status).with_stage(Stage::upgrade);
    // Seconds, as services send it with 429 and 503; a date is left to the caller.
    const auto wait = headers.find("Retry-After").value_or("");
    int seconds = 0;
    if (std::from_chars(wait.data(), wait.data() + wait.size(), seconds).ptr ==
            wait.data() + wait.size() &&
        !wait.empty() && seconds >= 0)
      refused = std::move(refused).with_retry_after(std::chrono::seconds(seconds));
    for (const auto& header : headers.all())
      refused =
          std::move(refused).with_detail("header " + to_lower_ascii(header.name), header.value);
    return fail(
        std::move(refused).with_detail("body", to_valid_utf8(response.body.substr(0, 4096))));
  }
  if (!headers.has_token("Upgrade", "websocket") || !headers.has_token("Connection", "Upgrade"))
    return broken("the server's 101 does not upgrade to a WebSocket");
  const auto accept = headers.find("Sec-WebSocket-Accept");
  if (!accept || headers.count("Sec-WebSocket-Accept") != 1 || *accept != accept_value(key))
    return broken("the server's Sec-WebSocket-Accept does not fit our key");
  Agreement agreement;
  const auto extensions = detail::parse_extensions(headers);
  if (!extensions) return broken("the server's Sec-WebSocket-Extensions is malformed");
  if (!extensions->empty()) {
    if (!offer.deflate || extensions->size() > 1 ||
        extensions->front().name != "permessage-deflate")
      return broken("the server uses an extension that was not offered");
    agreement.deflate = detail::check_deflate(extensions->front(), *offer.deflate);
    if (!agreement.deflate)
      return broken("the server's parameters of permessage-deflate do not fit the offer");
  }
  if (const auto chosen = headers.find("Sec-WebSocket-Protocol")) {
    if (headers.count("Sec-WebSocket-Protocol") != 1 ||
        std::ranges::find(offer.subprotocols, *chosen) == offer.subprotocols.end())
      return broken("the server chose a subprotocol that was not offered");
    agreement.subprotocol = *chosen;
  }
  return agreement;
}

bool is_upgrade(const http::Request& request) {
  return request.headers.has_token("Upgrade", "websocket");
}

Acceptance accept(const http::Request& request, const ServerPolicy& policy) {
  const auto& headers = request.headers;
  if (request.method != "GET") return refuse(405, "A WebSocket is opened with GET.\n");
  if (request.version != 11) return refuse(505, "A WebSocket is opened over HTTP/1.1.\n");
  if (!is_upgrade(request) || !headers.has_token("Connection", "Upgrade")) {
    auto refusal = refuse(426, "This is a WebSocket endpoint: send Upgrade: websocket.\n");
    refusal.response.headers.set("Connection", "Upgrade");
    return refusal;
  }
  if (headers.count("Sec-WebSocket-Version") > 1)
    return refuse(400, "More than one Sec-WebSocket-Version.\n");
  if (headers.find("Sec-WebSocket-Version") != "13")
    return refuse(426, "Only version 13 is spoken (RFC 6455).\n");
  const auto key = headers.find("Sec-WebSocket-Key");
  if (!key || headers.count("Sec-WebSocket-Key") != 1 || !is_key(*key))
    return refuse(400, "Sec-WebSocket-Key must stand once and be 16 bytes in base64.\n");
  const auto offered = offered_protocols(headers);
  if (!offered) return refuse(400, "Sec-WebSocket-Protocol must be a list of tokens.\n");
  const auto extensions = detail::parse_extensions(headers);
  if (!extensions) return refuse(400, "Sec-WebSocket-Extensions is malformed (RFC 6455, 9.1).\n");
  if (has_body(request)) return refuse(400, "An upgrade request has no body.\n");
  const auto origin = headers.find("Origin");
  const auto same_origin = [&](const std::string& ours) { return iequals_ascii(ours, *origin); };
  if (!policy.origins.empty() && origin &&
      (headers.count("Origin") > 1 || std::ranges::none_of(policy.origins, same_origin)))
    return refuse(403, "This origin may not connect.\n");
  Acceptance acceptance;
  acceptance.response.status = 101;
  auto& out = acceptance.response.headers;
  out.set("Upgrade", "websocket");
  out.set("Connection", "Upgrade");
  out.set("Sec-WebSocket-Accept", accept_value(*key));
  if (policy.deflate) {
    if (auto answer = detail::answer_deflate(*extensions, *policy.deflate)) {
      acceptance.agreement.deflate = answer->agreement;
      out.set("Sec-WebSocket-Extensions", answer->field);
    }
  }
  for (const auto& ours : policy.subprotocols) {
    if (std::ranges::find(*offered, ours) == offered->end()) continue;
    acceptance.agreement.subprotocol = ours;
    out.set("Sec-WebSocket-Protocol", ours);
    break;
  }
  return acceptance;
}

}  // namespace parley::ws
