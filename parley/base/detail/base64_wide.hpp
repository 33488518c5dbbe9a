#pragma once

#include <cstddef>

namespace parley::detail {

// Decodes groups of four letters of base64, of both alphabets, with the widest instructions that
// this processor has. Returns how many letters it has done: a multiple of four that stops before
// the first block with a letter that is none, and before `room` bytes are exceeded; the rest is
// the caller's. 0 on processors without them.
std::size_t decode_base64_wide(const char* text, std::size_t size, std::byte* out,
                               std::size_t room);

}  // namespace parley::detail
