#pragma once

#include <cstddef>
#include <cstdint>

namespace parley::json::detail {

// Finds where plain text of a string ends: at a quote, a backslash or a control character. It looks
// at 64 bytes at once and keeps what it found there, because most strings are short. It remembers
// whether any byte was no ASCII: only then must the text be checked for malformed UTF-8.
class Scanner {
 public:
  Scanner() = default;
  Scanner(const char* begin, const char* end) : begin_(begin), end_(end) {}

  // The first such byte from `at` on, or the end of the text. `at` never goes back.
  const char* end_of_plain(const char* at) {
    const std::size_t offset = static_cast<std::size_t>(at - begin_) - block_;
    if (offset < block_size) {
      const std::uint64_t left = ends_ >> offset;
      if (left != 0) return at + __builtin_ctzll(left);
      const std::size_t rest = block_size - offset;
      at = static_cast<std::size_t>(end_ - at) < rest ? end_ : at + rest;
    }
    return next_block(at);
  }
  bool saw_other_than_ascii() const { return saw_other_; }

 private:
  static constexpr std::size_t block_size = 64;
  const char* next_block(const char* at);
  void look(const char* at);
  const char* skip_plain(const char* at);

  const char* begin_ = nullptr;
  const char* end_ = nullptr;
  std::size_t block_ = std::size_t(-1) - block_size;  // where the block stands: behind any text
  std::uint64_t ends_ = 0;  // a bit for each byte of the block that ends plain text
  bool saw_other_ = false;
};

// Writes one Unicode scalar value; at most four bytes.
inline char* put_utf8(char32_t scalar, char* out) {
  const auto put = [&out](char32_t byte) { *out++ = static_cast<char>(byte); };
  if (scalar < 0x80) {
    put(scalar);
  } else if (scalar < 0x800) {
    put(0xc0 | scalar >> 6);
    put(0x80 | (scalar & 0x3f));
  } else if (scalar < 0x10000) {
    put(0xe0 | scalar >> 12);
    put(0x80 | (scalar >> 6 & 0x3f));
    put(0x80 | (scalar & 0x3f));
  } else {
    put(0xf0 | scalar >> 18);
    put(0x80 | (scalar >> 12 & 0x3f));
    put(0x80 | (scalar >> 6 & 0x3f));
    put(0x80 | (scalar & 0x3f));
  }
  return out;
}

}  // namespace parley::json::detail
