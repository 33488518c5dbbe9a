#include "parley/base/detail/base64_wide.hpp"

#include <array>
#include <cstdint>
#include <string_view>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace parley::detail {

#if defined(__x86_64__)
namespace {

using Row = std::array<std::uint8_t, 16>;

constexpr std::string_view letters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_";

constexpr std::uint8_t value_of(std::size_t at) {
  return static_cast<std::uint8_t>(at < 64 ? at : at - 2);
}

// By the low half of a letter, which high halves (0 to 7) make a letter with it.
constexpr Row high_halves = [] {
  Row row{};
  for (const char c : letters) row[c & 15] = static_cast<std::uint8_t>(row[c & 15] | 1 << (c >> 4));
  return row;
}();
constexpr Row bit_of = {1, 2, 4, 8, 16, 32, 64, 128};
// By the high half, what makes a letter its value; '/', '-' and '_' are put right afterwards.
constexpr Row distance = [] {
  Row row{};
  for (const char c : {'+', '0', 'A', 'P', 'a', 'p'})
    row[static_cast<std::size_t>(c >> 4)] =
        static_cast<std::uint8_t>(value_of(letters.find(c)) - static_cast<std::uint8_t>(c));
  return row;
}();
constexpr std::uint8_t distance_of(char c) {
  return static_cast<std::uint8_t>(value_of(letters.find(c)) - static_cast<std::uint8_t>(c) -
                                   distance[static_cast<std::size_t>(c >> 4)]);
}

__attribute__((target("avx2"))) inline __m256i both_lanes(const Row& row) {
  return _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(row.data())));
}

__attribute__((target("avx2"))) inline __m256i put_right(__m256i in, char letter) {
  return _mm256_and_si256(_mm256_cmpeq_epi8(in, _mm256_set1_epi8(letter)),
                          _mm256_set1_epi8(static_cast<char>(distance_of(letter))));
}

// 32 letters into 24 bytes; stores 32.
__attribute__((target("avx2"))) std::size_t decode_avx2(const char* text, std::size_t size,
                                                        std::byte* out, std::size_t room) {
  const __m256i halves = both_lanes(high_halves), bits = both_lanes(bit_of),
                distances = both_lanes(distance), low = _mm256_set1_epi8(15);
  const __m256i order = _mm256_broadcastsi128_si256(
      _mm_setr_epi8(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1));
  std::size_t at = 0;
  for (; at + 32 <= size && at / 4 * 3 + 32 <= room; at += 32) {
    const __m256i in = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text + at));
    const __m256i high = _mm256_and_si256(_mm256_srli_epi16(in, 4), low);
    const __m256i known = _mm256_and_si256(_mm256_shuffle_epi8(halves, _mm256_and_si256(in, low)),
                                           _mm256_shuffle_epi8(bits, high));
    if (_mm256_movemask_epi8(_mm256_cmpeq_epi8(known, _mm256_setzero_si256()))) break;
    __m256i value = _mm256_add_epi8(in, _mm256_shuffle_epi8(distances, high));
    value = _mm256_add_epi8(value, put_right(in, '/'));
    value = _mm256_add_epi8(value, _mm256_or_si256(put_right(in, '-'), put_right(in, '_')));
    // Four times six bits: pairs to twelve, fours to twenty-four, then without the gaps.
    const __m256i pairs = _mm256_maddubs_epi16(value, _mm256_set1_epi32(0x01400140));
    const __m256i fours = _mm256_madd_epi16(pairs, _mm256_set1_epi32(0x00011000));
    const __m256i packed = _mm256_permutevar8x32_epi32(_mm256_shuffle_epi8(fours, order),
                                                       _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 6, 6));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + at / 4 * 3), packed);
  }
  return at;
}

constexpr std::uint8_t none = 0x80;
// The values of the 128 ASCII characters.
constexpr auto values = [] {
  std::array<std::uint8_t, 128> table{};
  table.fill(none);
  for (std::size_t i = 0; i < letters.size(); ++i)
    table[static_cast<std::size_t>(letters[i])] = value_of(i);
  return table;
}();
constexpr auto packed_order = [] {
  std::array<std::uint8_t, 64> order{};
  for (std::size_t i = 0; i < 48; ++i) order[i] = static_cast<std::uint8_t>(i / 3 * 4 + 2 - i % 3);
  return order;
}();

// 64 letters into 48 bytes: the table of values fits into two registers.
__attribute__((target("avx512f,avx512bw,avx512vbmi"))) std::size_t decode_vbmi(const char* text,
                                                                               std::size_t size,
                                                                               std::byte* out,
                                                                               std::size_t room) {
  const __m512i first = _mm512_loadu_si512(values.data()),
                second = _mm512_loadu_si512(values.data() + 64),
                order = _mm512_loadu_si512(packed_order.data());
  std::size_t at = 0;
  for (; at + 64 <= size && at / 4 * 3 + 48 <= room; at += 64) {
    const __m512i in = _mm512_loadu_si512(text + at);
    const __m512i value = _mm512_permutex2var_epi8(first, in, second);
    if (_mm512_movepi8_mask(_mm512_or_si512(value, in))) break;
    const __m512i pairs = _mm512_maddubs_epi16(value, _mm512_set1_epi32(0x01400140));
    const __m512i fours = _mm512_madd_epi16(pairs, _mm512_set1_epi32(0x00011000));
    _mm512_mask_storeu_epi8(out + at / 4 * 3, 0xffff'ffff'ffff,
                            _mm512_permutexvar_epi8(order, fours));
  }
  return at;
}

}  // namespace

std::size_t decode_base64_wide(const char* text, std::size_t size, std::byte* out,
                               std::size_t room) {
  static const bool has_vbmi =
      __builtin_cpu_supports("avx512vbmi") != 0 && __builtin_cpu_supports("avx512bw") != 0;
  static const bool has_avx2 = __builtin_cpu_supports("avx2") != 0;
  if (!has_avx2 || size < 64) return 0;
  const std::size_t done = has_vbmi ? decode_vbmi(text, size, out, room) : 0;
  return done + decode_avx2(text + done, size - done, out + done / 4 * 3, room - done / 4 * 3);
}
#else
std::size_t decode_base64_wide(const char*, std::size_t, std::byte*, std::size_t) {
  return 0;
}
#endif

}  // namespace parley::detail
