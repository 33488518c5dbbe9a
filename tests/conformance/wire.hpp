#pragma once

// Talks bytes with an echo server or client of ours over a socket, as a conformance suite does.

#include <string>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>

#include "parley/net/websocket.hpp"
#include "parley/net/websocket_server.hpp"

namespace parley::testing {

using boost::asio::ip::tcp;

struct Frame {
  Frame() = default;
  Frame(int first_byte, std::string bytes) : first(first_byte), payload(std::move(bytes)) {}
  int first = 0;  // FIN, RSV and opcode
  std::string payload;
  bool operator==(const Frame&) const = default;
};
void PrintTo(const Frame& frame, std::ostream* out);

// A frame's bytes; masked ones have a key that is not zero.
std::string encode(const Frame& frame, bool masked);

std::string close_payload(int code, std::string reason = "");

// What the other side of a connection said until it ended its side.
struct Heard {
  Heard() = default;
  std::vector<Frame> frames;
  bool ended_first = false;  // it ended the TCP connection before we did
  std::vector<Frame> messages() const;
  int close_code() const;  // 0: no close frame; 1005: one without a code
};

enum class Side { server, client };  // ours

struct Script {
  Script() = default;
  explicit Script(std::vector<Frame> to_send) : frames(std::move(to_send)) {}
  std::vector<Frame> frames;
  std::string raw;             // instead of frames
  std::size_t piece = 0;       // bytes of one write; 0: all at once
  bool end_with_close = true;  // a close frame 1000 behind them
  std::string extensions;      // of the handshake, as the peer offers or answers them
};

// Runs our echo server or client against the script.
Heard run_script(Side side, const Script& script);

}  // namespace parley::testing
