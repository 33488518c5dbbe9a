#include "parley/ws/detail/mask.hpp"

#include <cstdint>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace parley::ws::detail {
namespace {

#if defined(__x86_64__)
// Both return how many bytes they have done, a multiple of four.
__attribute__((target("avx2"))) std::size_t mask_avx2(std::byte* data, std::size_t size,
                                                      std::uint32_t key) {
  const __m256i keys = _mm256_set1_epi32(static_cast<int>(key));
  std::size_t at = 0;
  for (; at + 128 <= size; at += 128) {
    auto* blocks = reinterpret_cast<__m256i*>(data + at);
    for (int i = 0; i < 4; ++i)
      _mm256_storeu_si256(blocks + i, _mm256_xor_si256(_mm256_loadu_si256(blocks + i), keys));
  }
  return at;
}

__attribute__((target("avx512f"))) std::size_t mask_avx512(std::byte* data, std::size_t size,
                                                           std::uint32_t key) {
  const __m512i keys = _mm512_set1_epi32(static_cast<int>(key));
  std::size_t at = 0;
  for (; at + 256 <= size; at += 256)
    for (std::size_t i = 0; i < 256; i += 64)
      _mm512_storeu_si512(data + at + i, _mm512_xor_si512(_mm512_loadu_si512(data + at + i), keys));
  return at;
}

std::size_t mask_wide(std::byte* data, std::size_t size, std::uint32_t key) {
  static const bool has_avx512 = __builtin_cpu_supports("avx512f");
  static const bool has_avx2 = __builtin_cpu_supports("avx2");
  if (has_avx512) return mask_avx512(data, size, key);
  return has_avx2 ? mask_avx2(data, size, key) : 0;
}
#else
std::size_t mask_wide(std::byte*, std::size_t, std::uint32_t) {
  return 0;
}
#endif

constexpr std::size_t kWide = 256;  // shorter data is done before a wide loop has begun

}  // namespace

void apply_mask(MutableBytesView data, const MaskKey& key, std::size_t phase) {
  MaskKey turned;
  for (std::size_t i = 0; i < 4; ++i) turned[i] = key[(phase + i) % 4];
  std::uint32_t half = 0;
  std::memcpy(&half, turned.data(), 4);
  const std::uint64_t word = std::uint64_t{half} << 32 | half;
  const std::size_t wide =
      data.size() >= kWide ? mask_wide(data.data(), data.size(), half) : std::size_t{0};
  std::byte* at = data.data() + wide;
  std::size_t left = data.size() - wide;
  for (; left >= 8; at += 8, left -= 8) {
    std::uint64_t part = 0;
    std::memcpy(&part, at, 8);
    part ^= word;
    std::memcpy(at, &part, 8);
  }
  for (std::size_t i = 0; i < left; ++i) at[i] ^= turned[i % 4];
}

}  // namespace parley::ws::detail
