#include "parley/ws/detail/frame_header.hpp"

#include <algorithm>

namespace parley::ws::detail {
namespace {

bool is_known(std::uint8_t opcode) {
  return opcode <= 0x2 || (opcode >= 0x8 && opcode <= 0xA);
}

std::uint64_t read_big_endian(BytesView bytes) {
  std::uint64_t value = 0;
  for (const auto byte : bytes) value = value << 8 | std::to_integer<std::uint64_t>(byte);
  return value;
}

}  // namespace

HeaderRead read_header(BytesView bytes, FrameHeader& header) {
  HeaderRead read;
  if (bytes.empty()) return read;
  const auto first = std::to_integer<std::uint8_t>(bytes[0]);
  header.fin = (first & 0x80) != 0;
  header.rsv = first >> 4 & 7;
  header.opcode = static_cast<Opcode>(first & 0xF);
  if (!is_known(first & 0xF)) {
    read.mistake = "a frame with an unknown opcode";
    return read;
  }
  if (bytes.size() < 2) return read;
  const auto second = std::to_integer<std::uint8_t>(bytes[1]);
  header.masked = (second & 0x80) != 0;
  header.length = second & 0x7F;
  if (header.control() && (!header.fin || header.length > kMaxControlPayload)) {
    read.mistake = header.fin ? "a control frame over 125 bytes" : "a fragmented control frame";
    return read;
  }
  const std::size_t extended = header.length == 126 ? 2 : header.length == 127 ? 8 : 0;
  const std::size_t size = 2 + extended + (header.masked ? 4 : 0);
  if (bytes.size() < 2 + extended) return read;
  if (extended != 0) {
    header.length = read_big_endian(bytes.subspan(2, extended));
    const bool minimal = extended == 2 ? header.length > 125 : header.length > 0xFFFF;
    if (!minimal || header.length >> 63 != 0) {
      read.mistake = minimal ? "a frame length with its highest bit set"
                             : "a frame length that is not in its shortest form";
      return read;
    }
  }
  if (bytes.size() < size) return read;
  if (header.masked)
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(size - 4), 4, header.key.begin());
  read.size = size;
  return read;
}

void write_header(std::string& out, const FrameHeader& header) {
  char bytes[kMaxHeader];
  std::size_t size = 2;
  bytes[0] = static_cast<char>((header.fin ? 0x80 : 0) | header.rsv << 4 |
                               static_cast<int>(header.opcode));
  const int mask_bit = header.masked ? 0x80 : 0;
  const auto put = [&](int count) {
    for (int shift = (count - 1) * 8; shift >= 0; shift -= 8)
      bytes[size++] = static_cast<char>(header.length >> shift & 0xFF);
  };
  if (header.length < 126) {
    bytes[1] = static_cast<char>(mask_bit | static_cast<int>(header.length));
  } else {
    const bool small = header.length <= 0xFFFF;
    bytes[1] = static_cast<char>(mask_bit | (small ? 126 : 127));
    put(small ? 2 : 8);
  }
  if (header.masked)
    for (const auto byte : header.key) bytes[size++] = static_cast<char>(byte);
  out.append(bytes, size);
}

}  // namespace parley::ws::detail
