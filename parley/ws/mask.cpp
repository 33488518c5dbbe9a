#include "parley/ws/detail/mask.hpp"

#include <cstdint>
#include <cstring>

namespace parley::ws::detail {

void apply_mask(MutableBytesView data, const MaskKey& key, std::size_t phase) {
  MaskKey turned;
  for (std::size_t i = 0; i < 4; ++i) turned[i] = key[(phase + i) % 4];
  std::uint32_t half = 0;
  std::memcpy(&half, turned.data(), 4);
  const std::uint64_t word = std::uint64_t{half} << 32 | half;
  std::byte* at = data.data();
  std::size_t left = data.size();
  for (; left >= 32; at += 32, left -= 32) {
    std::uint64_t block[4];
    std::memcpy(block, at, 32);
    for (auto& part : block) part ^= word;
    std::memcpy(at, block, 32);
  }
  for (; left >= 8; at += 8, left -= 8) {
    std::uint64_t part = 0;
    std::memcpy(&part, at, 8);
    part ^= word;
    std::memcpy(at, &part, 8);
  }
  for (std::size_t i = 0; i < left; ++i) at[i] ^= turned[i % 4];
}

}  // namespace parley::ws::detail
