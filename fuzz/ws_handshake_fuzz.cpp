#include <cstdint>
#include <cstdlib>

#include "parley/http/parser.hpp"
#include "parley/ws/handshake.hpp"

using namespace parley;

// Upgrade requests and their answers from a foreign peer.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const BytesView bytes = std::as_bytes(std::span(data, size));
  http::RequestParser request;
  ws::ServerPolicy policy;
  policy.subprotocols = {"parley.v1", "chat"};
  policy.deflate = ws::DeflateOptions();
  ws::ClientOffer offer;
  offer.deflate = ws::DeflateOptions();
  if (request.receive(bytes) && request.header_done()) {
    const auto answer = ws::accept(request.request(), policy);
    if (answer.accepted() && !ws::is_upgrade(request.request())) std::abort();
    (void)http::serialize_head(answer.response);
  }
  http::ResponseParser response;
  if (response.receive(bytes) && response.header_done())
    (void)ws::check_response(response.response(), offer, "dGhlIHNhbXBsZSBub25jZQ==");
  return 0;
}
