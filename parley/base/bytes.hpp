#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace parley {

using Bytes = std::vector<std::byte>;
// A view of bytes that somebody else owns; valid as long as the owner says.
using BytesView = std::span<const std::byte>;
using MutableBytesView = std::span<std::byte>;

inline BytesView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}
inline std::string_view as_text(BytesView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace parley
