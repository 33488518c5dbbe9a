#include "parley/json/detail/scan.hpp"

#include <algorithm>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace parley::json::detail {

#if defined(__x86_64__)
void Scanner::look(const char* at) {
  const __m128i limit = _mm_set1_epi8(0x1f), quote = _mm_set1_epi8('"'),
                backslash = _mm_set1_epi8('\\');
  __m128i seen = _mm_setzero_si128();
  ends_ = 0;
  for (std::size_t i = 0; i < block_size; i += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at + i));
    seen = _mm_or_si128(seen, bytes);
    // A control character is what stays itself when it is limited to 0x1f.
    const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, limit), bytes);
    const __m128i mark =
        _mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash));
    const auto found = static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(control, mark)));
    ends_ |= std::uint64_t{found} << i;
  }
  saw_other_ |= _mm_movemask_epi8(seen) != 0;
}

namespace {

__attribute__((target("avx2"))) const char* skip_avx2(const char* at, const char* end,
                                                      bool& saw_other) {
  const __m256i limit = _mm256_set1_epi8(0x1f), quote = _mm256_set1_epi8('"'),
                backslash = _mm256_set1_epi8('\\');
  __m256i seen = _mm256_setzero_si256();
  for (; end - at >= 64; at += 64) {
    const auto* from = reinterpret_cast<const __m256i*>(at);
    const __m256i low = _mm256_loadu_si256(from), high = _mm256_loadu_si256(from + 1);
    const __m256i control = _mm256_or_si256(_mm256_cmpeq_epi8(_mm256_min_epu8(low, limit), low),
                                            _mm256_cmpeq_epi8(_mm256_min_epu8(high, limit), high));
    const __m256i quotes =
        _mm256_or_si256(_mm256_cmpeq_epi8(low, quote), _mm256_cmpeq_epi8(high, quote));
    const __m256i backslashes =
        _mm256_or_si256(_mm256_cmpeq_epi8(low, backslash), _mm256_cmpeq_epi8(high, backslash));
    const __m256i any = _mm256_or_si256(control, _mm256_or_si256(quotes, backslashes));
    if (!_mm256_testz_si256(any, any)) break;
    seen = _mm256_or_si256(seen, _mm256_or_si256(low, high));
  }
  saw_other |= _mm256_movemask_epi8(seen) != 0;
  return at;
}

}  // namespace

// Whole blocks without an end, of a long string.
const char* Scanner::skip_plain(const char* at) {
  static const bool has_avx2 = __builtin_cpu_supports("avx2");
  return has_avx2 ? skip_avx2(at, end_, saw_other_) : at;
}
#else
void Scanner::look(const char* at) {
  ends_ = 0;
  for (std::size_t i = 0; i < block_size; ++i) {
    const auto byte = static_cast<unsigned char>(at[i]);
    saw_other_ |= byte >= 0x80;
    ends_ |= std::uint64_t{byte < 0x20 || byte == '"' || byte == '\\'} << i;
  }
}
const char* Scanner::skip_plain(const char* at) {
  return at;
}
#endif

const char* Scanner::next_block(const char* at) {
  for (int blocks = 0;; ++blocks) {
    if (blocks == 2) at = skip_plain(at);
    const auto left = static_cast<std::size_t>(end_ - at);
    if (left == 0) return end_;
    block_ = static_cast<std::size_t>(at - begin_);
    if (left >= block_size) {
      look(at);
    } else {
      char rest[block_size];
      std::memset(rest, ' ', sizeof rest);
      std::memcpy(rest, at, left);
      look(rest);
    }
    if (ends_ != 0) return at + __builtin_ctzll(ends_);
    at += std::min(left, block_size);
  }
}

}  // namespace parley::json::detail
