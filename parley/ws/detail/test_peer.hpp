#pragma once

// For tests only: one end of a WebSocket, with a clock that is moved by hand.

#include <string>
#include <vector>

#include "parley/ws/connection.hpp"

namespace parley::ws::testing {

struct Seen {
  Seen() = default;
  Event::Kind kind{};
  std::string data;
  std::uint16_t code = 0;
  bool first = true;
  bool last = true;
};

struct Peer {
  explicit Peer(Role role, const Options& options = Options(),
                const Agreement& agreement = Agreement())
      : random(5), connection(role, options, random, now, agreement) {}

  // Gives bytes in pieces of `piece`, as they would come from a socket.
  void receive(std::string bytes, std::size_t piece = std::string::npos) {
    for (std::size_t at = 0; at < bytes.size();) {
      const std::size_t size = std::min(piece, bytes.size() - at);
      std::string part = bytes.substr(at, size);
      connection.receive({reinterpret_cast<std::byte*>(part.data()), part.size()}, now);
      drain();
      at += size;
    }
  }
  void drain() {
    while (auto event = connection.poll_event()) {
      Seen& last = seen.emplace_back();
      last.kind = event->kind;
      last.data = event->text();
      last.code = event->code;
      last.first = event->first;
      last.last = event->last;
    }
  }
  void advance(Duration by) {
    now += by;
    connection.handle_timeout(now);
    drain();
  }
  std::string output() {
    const std::string bytes(as_text(connection.poll_output()));
    connection.consume_output(bytes.size());
    return bytes;
  }
  std::vector<std::string> texts() const {
    std::vector<std::string> all;
    for (const auto& event : seen)
      if (event.kind == Event::Kind::text) all.push_back(event.data);
    return all;
  }
  // The code of `closed`; 0 while open.
  int closed() const {
    return seen.empty() || seen.back().kind != Event::Kind::closed ? 0 : seen.back().code;
  }

  SeededRandom random;
  TimePoint now{std::chrono::hours(1)};
  Connection connection;
  std::vector<Seen> seen;
};

// A frame as a peer would write it: `first` is FIN, RSV and opcode.
inline std::string frame(unsigned char first, std::string payload, bool masked = true,
                         int length_bytes = -1) {
  std::string bytes(1, static_cast<char>(first));
  const std::size_t size = payload.size();
  if (length_bytes < 0) length_bytes = size < 126 ? 0 : size < 65536 ? 2 : 8;
  const char mask = static_cast<char>(masked ? 0x80 : 0);
  if (length_bytes == 0)
    bytes += static_cast<char>(mask | static_cast<char>(size));
  else
    bytes += static_cast<char>(mask | static_cast<char>(length_bytes == 2 ? 126 : 127));
  for (int i = length_bytes - 1; i >= 0; --i) bytes += static_cast<char>(size >> (8 * i) & 0xff);
  if (!masked) return bytes + payload;
  const std::string key = "\x37\xfa\x21\x3d";
  bytes += key;
  for (std::size_t i = 0; i < size; ++i) bytes += static_cast<char>(payload[i] ^ key[i % 4]);
  return bytes;
}

inline std::string close_payload(int code, std::string reason = "") {
  return std::string{static_cast<char>(code >> 8), static_cast<char>(code & 0xff)} + reason;
}

}  // namespace parley::ws::testing
