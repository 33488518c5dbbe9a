#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "parley/ws/connection.hpp"

using namespace parley;

namespace {

ws::Agreement deflating(int bits) {
  ws::Agreement agreement;
  agreement.deflate = ws::DeflateAgreement();
  agreement.deflate->server_max_window_bits = agreement.deflate->client_max_window_bits = bits;
  agreement.deflate->min_size = 0;
  return agreement;
}

ws::Options limited() {
  ws::Options options;
  options.max_message = 100'000;
  return options;
}

// What a client reads from a server's bytes, or the code with which it gives up.
std::string read(ws::Connection& client, std::string wire, std::size_t piece) {
  std::string all;
  for (std::size_t at = 0; at < wire.size(); at += piece) {
    const std::size_t size = std::min(piece, wire.size() - at);
    client.receive({reinterpret_cast<std::byte*>(wire.data()) + at, size}, TimePoint());
    while (auto event = client.poll_event()) {
      if (event->data.size() > limited().max_message) std::abort();
      all += std::to_string(event->code) + "=" + std::string(event->text());
    }
  }
  return all;
}

// One compressed binary frame around foreign data.
std::string frame(std::string_view payload) {
  std::string bytes = "\xc2\x7f";
  for (int shift = 56; shift >= 0; shift -= 8)
    bytes += static_cast<char>(static_cast<std::uint64_t>(payload.size()) >> shift & 0xff);
  if (payload.size() < 126)
    bytes = {'\xc2', static_cast<char>(payload.size())};
  else if (payload.size() < 65536)
    bytes = {'\xc2', 126, static_cast<char>(payload.size() >> 8),
             static_cast<char>(payload.size() & 0xff)};
  return bytes.append(payload);
}

}  // namespace

// Foreign data inflates to the same however it is cut, and never to more than the limit; what we
// deflate inflates to itself in every window.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  SeededRandom random(1);
  const auto foreign = [&](std::size_t piece) {
    ws::Connection client(ws::Role::client, limited(), random, TimePoint(), deflating(15));
    return read(client, frame(bytes), piece);
  };
  if (foreign(size + 20) != foreign(3)) std::abort();
  if (size > limited().max_message) return 0;
  const auto agreement = deflating(8 + static_cast<int>(size % 8));
  ws::Connection server(ws::Role::server, limited(), random, TimePoint(), agreement);
  ws::Connection client(ws::Role::client, limited(), random, TimePoint(), agreement);
  for (int message = 0; message < 3; ++message) {
    if (message < 2 && !server.send_binary(as_bytes(bytes), ws::Compress::always)) std::abort();
    if (message == 2 &&
        !(server.send_part(ws::MessageKind::binary, as_bytes(bytes.substr(0, size / 2)), false) &&
          server.send_part(ws::MessageKind::binary, as_bytes(bytes.substr(size / 2)), true)))
      std::abort();
    const std::string wire(as_text(server.poll_output()));
    server.consume_output(wire.size());
    if (read(client, wire, 7) != "0=" + std::string(bytes)) std::abort();
  }
  return 0;
}
