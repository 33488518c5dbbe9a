#pragma once

#include <cstddef>
#include <cstdint>

#include "parley/base/bytes.hpp"

namespace parley::audio::detail {

inline std::uint32_t little_endian(const std::byte* at, std::size_t size) {
  std::uint32_t value = 0;
  for (std::size_t i = size; i-- > 0;) value = value << 8 | static_cast<std::uint32_t>(at[i]);
  return value;
}

inline void append_little_endian(Bytes& out, std::uint32_t value, std::size_t size) {
  for (; size > 0; --size, value >>= 8) out.push_back(static_cast<std::byte>(value & 0xff));
}

// Format tags of the chunk "fmt ".
inline constexpr std::uint32_t kWavPcm = 1, kWavFloat = 3, kWavExtensible = 0xfffe;
inline constexpr std::uint32_t kWavUnknownSize = 0xffff'ffff;

}  // namespace parley::audio::detail
