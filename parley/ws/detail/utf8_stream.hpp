#pragma once

#include <cstdint>
#include <string_view>

namespace parley::ws::detail {

// Checks UTF-8 that comes in pieces cut anywhere, and fails at the first piece that cannot become
// valid any more (RFC 6455, 8.1; RFC 3629).
class Utf8Stream {
 public:
  // False: malformed; the stream is then of no further use.
  bool feed(std::string_view piece);
  // True where no code point is left unfinished.
  bool complete() const { return needed_ == 0; }
  void reset() { *this = Utf8Stream(); }

 private:
  bool step(unsigned char byte);

  std::uint8_t needed_ = 0;  // continuation bytes still to come
  std::uint8_t low_ = 0x80;  // range of the next continuation byte
  std::uint8_t high_ = 0xBF;
};

}  // namespace parley::ws::detail
