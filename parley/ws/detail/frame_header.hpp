#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "parley/base/bytes.hpp"
#include "parley/ws/detail/mask.hpp"
#include "parley/ws/rfc6455.hpp"

namespace parley::ws::detail {

inline constexpr std::size_t kMaxHeader = 14;           // bytes of a frame's header at most
inline constexpr std::size_t kMaxControlPayload = 125;  // RFC 6455, 5.5
inline constexpr std::uint8_t kRsv1 = 4;                // a compressed message (RFC 7692, 6)

// RFC 6455, 5.2.
struct FrameHeader {
  bool fin = true;
  std::uint8_t rsv = 0;  // RSV1 is bit 2, RSV3 bit 0
  Opcode opcode = Opcode::text;
  bool masked = false;
  MaskKey key{};
  std::uint64_t length = 0;

  bool control() const { return (static_cast<std::uint8_t>(opcode) & 0x8) != 0; }
};

// How reading a header went.
struct HeaderRead {
  std::size_t size = 0;      // bytes of the header; 0: more are needed, or it is broken
  std::string_view mistake;  // not empty: the peer broke the protocol, and how
};

// Reads the header at the start of `bytes`. Lengths must be minimal and below 2^63; opcodes known.
HeaderRead read_header(BytesView bytes, FrameHeader& header);

// Appends the header to `out`.
void write_header(std::string& out, const FrameHeader& header);

}  // namespace parley::ws::detail
