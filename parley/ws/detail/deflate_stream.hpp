#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "parley/base/bytes.hpp"

struct z_stream_s;  // zlib.h's own: its macros reach far

namespace parley::ws::detail {

struct StreamDeleter {
  bool inflating = false;
  void operator()(z_stream_s* stream) const;
};
using StreamPointer = std::unique_ptr<z_stream_s, StreamDeleter>;

// Compresses the payloads of messages (RFC 7692, 7.2.1). About 2^(bits+2) + 2^(memory_level+9)
// bytes.
class Deflater {
 public:
  Deflater(int window_bits, int level, int memory_level);

  // Appends the compressed form of `data` to `out`; the last part of a message loses its 00 00 FF
  // FF.
  void append(std::string& out, BytesView data, bool last);
  // Forgets what came before: the next message refers to nothing older.
  void reset();

  int window_bits() const { return window_bits_; }
  int level() const { return level_; }
  int memory_level() const { return memory_level_; }

 private:
  int window_bits_;
  int level_;
  int memory_level_;
  StreamPointer stream_;
};

// Decompresses them (RFC 7692, 7.2.2). About 2^bits + 7 KiB.
class Inflater {
 public:
  explicit Inflater(int window_bits);

  enum class Outcome { good, corrupt, too_big };

  // Appends what `data` stands for to `out`, which never grows beyond `limit` bytes.
  Outcome append(std::string& out, BytesView data, std::size_t limit);
  // Ends a message: corrupt where the data breaks off in the middle.
  Outcome finish(std::string& out, std::size_t limit);
  void reset();

  int window_bits() const { return window_bits_; }

 private:
  int window_bits_;
  bool ended_ = false;  // the data so far ended with a final block
  StreamPointer stream_;
};

}  // namespace parley::ws::detail
