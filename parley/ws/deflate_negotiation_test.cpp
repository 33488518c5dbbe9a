#include <gtest/gtest.h>

#include "parley/ws/detail/extensions.hpp"
#include "parley/ws/handshake.hpp"

namespace parley::ws {
namespace {

constexpr std::string_view kKey = "dGhlIHNhbXBsZSBub25jZQ==";

http::Request upgrade(std::string_view extensions) {
  http::Request request("GET", "/ws");
  request.headers.set("Host", "h");
  request.headers.set("Upgrade", "websocket");
  request.headers.set("Connection", "Upgrade");
  request.headers.set("Sec-WebSocket-Key", kKey);
  request.headers.set("Sec-WebSocket-Version", "13");
  if (!extensions.empty()) request.headers.set("Sec-WebSocket-Extensions", extensions);
  return request;
}

ServerPolicy compressing(const DeflateOptions& options = DeflateOptions()) {
  ServerPolicy policy;
  policy.deflate = options;
  return policy;
}

// What a server answers to the offer; "-": no extension, "400": refused.
std::string answer(std::string_view offer, const DeflateOptions& options = DeflateOptions()) {
  const auto acceptance = accept(upgrade(offer), compressing(options));
  if (!acceptance.accepted()) return std::to_string(acceptance.response.status);
  return std::string(acceptance.response.headers.find("Sec-WebSocket-Extensions").value_or("-"));
}

http::Response with_extensions(std::string_view value) {
  auto response = accept(upgrade("")).response;
  response.headers.set("Sec-WebSocket-Extensions", value);
  return response;
}

TEST(Rfc7692_7_1, EachParameterIsAgreedOn) {
  EXPECT_EQ(answer(""), "-");
  EXPECT_EQ(answer("permessage-deflate"), "permessage-deflate");
  EXPECT_EQ(answer("permessage-deflate; server_no_context_takeover"),
            "permessage-deflate; server_no_context_takeover");
  EXPECT_EQ(answer("permessage-deflate; client_no_context_takeover"),
            "permessage-deflate; client_no_context_takeover");
  for (int bits = 8; bits < 15; ++bits) {
    const std::string value = "_max_window_bits=" + std::to_string(bits);
    EXPECT_EQ(answer("permessage-deflate; server" + value), "permessage-deflate; server" + value);
    EXPECT_EQ(answer("permessage-deflate; client" + value), "permessage-deflate; client" + value);
  }
  EXPECT_EQ(answer("permessage-deflate; client_max_window_bits"), "permessage-deflate");
  EXPECT_EQ(answer("permessage-deflate ; server_max_window_bits = \"10\" "),
            "permessage-deflate; server_max_window_bits=10");
  EXPECT_EQ(
      accept(upgrade("permessage-deflate")).response.headers.count("Sec-WebSocket-Extensions"), 0u)
      << "a server without compression declines";
}

TEST(Rfc7692_7_1, TheServersOwnLimitsHold) {
  DeflateOptions options;
  options.server_no_context_takeover = options.client_no_context_takeover = true;
  options.server_max_window_bits = options.client_max_window_bits = 10;
  EXPECT_EQ(answer("permessage-deflate", options),
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover; "
            "server_max_window_bits=10")
      << "a client that does not offer client_max_window_bits cannot be limited";
  EXPECT_EQ(
      answer("permessage-deflate; client_max_window_bits; server_max_window_bits=12", options),
      "permessage-deflate; server_no_context_takeover; client_no_context_takeover; "
      "server_max_window_bits=10; client_max_window_bits=10");
  EXPECT_EQ(
      answer("permessage-deflate; client_max_window_bits=9; server_max_window_bits=9", options),
      "permessage-deflate; server_no_context_takeover; client_no_context_takeover; "
      "server_max_window_bits=9; client_max_window_bits=9");
}

TEST(Rfc7692_7_1, AnOfferThatCannotBeTakenIsDeclinedAndTheNextTried) {
  for (const std::string bad :
       {"permessage-deflate; unknown", "permessage-deflate; server_max_window_bits",
        "permessage-deflate; server_max_window_bits=7",
        "permessage-deflate; server_max_window_bits=16",
        "permessage-deflate; server_max_window_bits=010",
        "permessage-deflate; server_max_window_bits=+9",
        "permessage-deflate; client_max_window_bits=0",
        "permessage-deflate; server_no_context_takeover=1",
        "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
        "permessage-deflate; client_max_window_bits; client_max_window_bits=10", "permessage-bzip2",
        "x-webkit-deflate-frame", "Permessage-Deflate"}) {
    EXPECT_EQ(answer(bad), "-") << bad;
    EXPECT_EQ(answer(bad + ", permessage-deflate; server_max_window_bits=11"),
              "permessage-deflate; server_max_window_bits=11")
        << bad;
  }
  EXPECT_EQ(answer("permessage-deflate; server_max_window_bits=9, permessage-deflate"),
            "permessage-deflate; server_max_window_bits=9")
      << "the first offer that can be taken";
}

TEST(Rfc6455_9_1, AMalformedListIsRefused) {
  for (const auto* bad : {"permessage-deflate;", "permessage-deflate; =1", "permessage-deflate; a=",
                          ";", "a b", "permessage-deflate; a=\"", "permessage-deflate; a=\"x y\"",
                          "permessage-deflate; a=\"\"", "permess@ge", "a; b=c d", "a;;b", ","})
    EXPECT_EQ(answer(bad), "400") << bad;
  EXPECT_EQ(answer("foo, , permessage-deflate ,"), "permessage-deflate");
  auto two_fields = upgrade("foo; bar=1");
  two_fields.headers.add("Sec-WebSocket-Extensions", "permessage-deflate");
  EXPECT_TRUE(accept(two_fields, compressing()).agreement.deflate);
}

TEST(Rfc7692_7_1, AClientOffersWhatItsOptionsSay) {
  DeflateOptions options;
  EXPECT_EQ(detail::deflate_offer(options), "permessage-deflate; client_max_window_bits");
  options.server_no_context_takeover = options.client_no_context_takeover = true;
  options.server_max_window_bits = 9;
  options.client_max_window_bits = 10;
  ClientOffer offer;
  offer.deflate = options;
  const auto request = make_request(*http::parse_url("ws://h/"), offer, kKey);
  EXPECT_EQ(request->headers.find("Sec-WebSocket-Extensions").value_or(""),
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover; "
            "server_max_window_bits=9; client_max_window_bits=10");
}

TEST(Rfc7692_7_1, AClientTakesOnlyWhatFitsItsOffer) {
  ClientOffer offer;
  offer.deflate = DeflateOptions();
  offer.deflate->server_max_window_bits = 12;
  offer.deflate->client_max_window_bits = 12;
  const auto agreed =
      check_response(with_extensions("permessage-deflate; server_max_window_bits=11; "
                                     "client_max_window_bits=10; client_no_context_takeover"),
                     offer, kKey);
  ASSERT_TRUE(agreed && agreed->deflate);
  EXPECT_EQ(agreed->deflate->server_max_window_bits, 11);
  EXPECT_EQ(agreed->deflate->client_max_window_bits, 10);
  EXPECT_TRUE(agreed->deflate->client_no_context_takeover);
  EXPECT_FALSE(agreed->deflate->server_no_context_takeover);
  for (const auto* bad :
       {"permessage-deflate", "permessage-deflate; server_max_window_bits=13",
        "permessage-deflate; server_max_window_bits=12; client_max_window_bits=13",
        "permessage-deflate; server_max_window_bits=12; client_max_window_bits",
        "permessage-deflate; server_max_window_bits=12; unknown",
        "permessage-deflate; server_max_window_bits=12; server_max_window_bits=12",
        "permessage-deflate; server_max_window_bits=12, permessage-deflate", "foo",
        "permessage-deflate; server_max_window_bits=12;"})
    EXPECT_EQ(check_response(with_extensions(bad), offer, kKey).error().kind(),
              ErrorKind::protocol_violation)
        << bad;
  EXPECT_FALSE(check_response(with_extensions("permessage-deflate"), ClientOffer(), kKey));
  EXPECT_FALSE(check_response(accept(upgrade("")).response, offer, kKey)->deflate)
      << "a server may decline";
  offer.deflate = DeflateOptions();
  offer.deflate->server_no_context_takeover = true;
  EXPECT_FALSE(check_response(with_extensions("permessage-deflate"), offer, kKey));
}

}  // namespace
}  // namespace parley::ws
