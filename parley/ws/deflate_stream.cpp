#include "parley/ws/detail/deflate_stream.hpp"

#include <algorithm>
#include <limits>
#include <new>
#include <utility>
#include <zlib.h>

namespace parley::ws::detail {
namespace {

constexpr std::size_t kTail = 4;  // 00 00 FF FF, the end of an empty stored block
constexpr unsigned char kTailBytes[kTail] = {0x00, 0x00, 0xFF, 0xFF};
constexpr std::size_t kMaxPiece = std::numeric_limits<uInt>::max() / 2;

// zlib reads through a pointer to mutable bytes, and does not write through it.
Bytef* input_of(BytesView data) {
  return const_cast<Bytef*>(reinterpret_cast<const Bytef*>(data.data()));
}

// Makes room for at least `more` bytes and returns how much there is, within `limit`.
std::size_t grow(std::string& out, std::size_t more, std::size_t limit) {
  const std::size_t size = out.size();
  const std::size_t wanted = std::max({size + more, size * 2, out.capacity()});
  out.resize(std::min(wanted, std::max(limit, size)));
  return std::min(out.size() - size, kMaxPiece);
}

}  // namespace

void StreamDeleter::operator()(z_stream_s* stream) const {
  if (inflating)
    inflateEnd(stream);
  else
    deflateEnd(stream);
  delete stream;
}

// zlib refuses a raw window of 256 bytes. Its window of 512 never refers back further than
// 512 - 262 = 250 bytes (MAX_DIST), which is within 256: what it writes fits both.
Deflater::Deflater(int window_bits, int level, int memory_level)
    : window_bits_(window_bits),
      level_(level),
      memory_level_(memory_level),
      stream_(new z_stream(), StreamDeleter{false}) {
  if (deflateInit2(stream_.get(), level, Z_DEFLATED, -std::max(9, window_bits), memory_level,
                   Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::bad_alloc();
}

void Deflater::append(std::string& out, BytesView data, bool last) {
  z_stream& stream = *stream_;
  const std::size_t start = out.size();
  std::size_t filled = start;
  do {
    const auto piece = data.first(std::min(data.size(), kMaxPiece));
    data = data.subspan(piece.size());
    stream.next_in = input_of(piece);
    stream.avail_in = static_cast<uInt>(piece.size());
    do {
      const std::size_t room = grow(out, piece.size() / 2 + 64, std::string::npos / 2);
      stream.next_out = reinterpret_cast<Bytef*>(out.data() + filled);
      stream.avail_out = static_cast<uInt>(room);
      deflate(&stream, data.empty() ? Z_SYNC_FLUSH : Z_NO_FLUSH);
      filled += room - stream.avail_out;
      out.resize(filled);
    } while (stream.avail_out == 0);
  } while (!data.empty());
  if (!last) return;
  // Nothing new since the last flush: zlib writes nothing then, and an empty block stands for it.
  if (filled - start >= kTail)
    out.resize(filled - kTail);
  else
    out.replace(start, std::string::npos, 1, '\0');
}

void Deflater::reset() {
  deflateReset(stream_.get());
}

// Old versions of zlib answer a request for 8 with 9: a window of 512 reads both.
Inflater::Inflater(int window_bits)
    : window_bits_(window_bits), stream_(new z_stream(), StreamDeleter{true}) {
  if (inflateInit2(stream_.get(), -std::max(9, window_bits)) != Z_OK) throw std::bad_alloc();
}

Inflater::Outcome Inflater::append(std::string& out, BytesView data, std::size_t limit) {
  while (data.size() > kMaxPiece) {
    const auto outcome = append(out, data.first(kMaxPiece), limit);
    if (outcome != Outcome::good) return outcome;
    data = data.subspan(kMaxPiece);
  }
  z_stream& stream = *stream_;
  stream.next_in = input_of(data);
  stream.avail_in = static_cast<uInt>(data.size());
  if (!data.empty()) ended_ = false;
  for (;;) {
    const std::size_t size = out.size();
    std::size_t room =
        grow(out, std::min<std::size_t>(stream.avail_in * std::size_t{4} + 64, 65536), limit);
    // At the limit one more byte tells a message that ends here from one that goes on.
    Bytef over = 0;
    const bool full = room == 0;
    stream.next_out = full ? &over : reinterpret_cast<Bytef*>(out.data() + size);
    stream.avail_out = full ? 1 : static_cast<uInt>(room);
    const int result = inflate(&stream, Z_SYNC_FLUSH);
    const bool over_limit = full && stream.avail_out == 0;
    out.resize(full ? size : size + room - stream.avail_out);
    if (over_limit) return Outcome::too_big;
    // A block with BFINAL ends a stream, not the message (RFC 7692, 7.2.3.4): the window stays.
    if (result == Z_STREAM_END) {
      inflateResetKeep(&stream);
      ended_ = stream.avail_in == 0;
    } else if (result != Z_OK && result != Z_BUF_ERROR) {
      return Outcome::corrupt;
    }
    if (stream.avail_in == 0 && stream.avail_out != 0) return Outcome::good;
  }
}

Inflater::Outcome Inflater::finish(std::string& out, std::size_t limit) {
  // A peer that ends its stream and adds no empty block after it is understood as well.
  if (std::exchange(ended_, false)) return Outcome::good;
  const auto tail = std::as_bytes(std::span(kTailBytes));
  const auto outcome = append(out, tail, limit);
  if (outcome != Outcome::good) return outcome;
  // The data must end where a block could begin, with no bit left (zlib.h, inflate: data_type).
  const bool between_blocks = (stream_->data_type & 128) != 0 && (stream_->data_type & 7) == 0;
  return between_blocks ? Outcome::good : Outcome::corrupt;
}

void Inflater::reset() {
  ended_ = false;
  inflateReset(stream_.get());
}

}  // namespace parley::ws::detail
