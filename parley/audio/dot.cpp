#include "parley/audio/detail/dot.hpp"

#include <cstring>

namespace parley::audio::detail {

namespace {

template <class Lanes>
inline __attribute__((always_inline)) Lanes lanes_at(const float* at) {
  Lanes lanes;
  std::memcpy(&lanes, at, sizeof lanes);
  return lanes;
}

}  // namespace

// Four sums beside each other hide the time that one addition takes.
float dot_plain(const float* a, const float* b, std::size_t size) {
  using Lanes = float __attribute__((vector_size(16)));
  Lanes first = {}, second = {}, third = {}, fourth = {};
  for (const float* end = a + size; a < end; a += 16, b += 16) {
    first += lanes_at<Lanes>(a) * lanes_at<Lanes>(b);
    second += lanes_at<Lanes>(a + 4) * lanes_at<Lanes>(b + 4);
    third += lanes_at<Lanes>(a + 8) * lanes_at<Lanes>(b + 8);
    fourth += lanes_at<Lanes>(a + 12) * lanes_at<Lanes>(b + 12);
  }
  const Lanes all = (first + second) + (third + fourth);
  return (all[0] + all[1]) + (all[2] + all[3]);
}

#if defined(__x86_64__)
namespace {

__attribute__((target("avx2,fma"))) float dot_avx2(const float* a, const float* b,
                                                   std::size_t size) {
  using Lanes = float __attribute__((vector_size(32)));
  using Half = float __attribute__((vector_size(16)));
  Lanes first = {}, second = {}, third = {}, fourth = {}, x, y;
  for (const float* end = a + size; a < end; a += 32, b += 32) {
    std::memcpy(&x, a, sizeof x), std::memcpy(&y, b, sizeof y);
    first += x * y;
    std::memcpy(&x, a + 8, sizeof x), std::memcpy(&y, b + 8, sizeof y);
    second += x * y;
    std::memcpy(&x, a + 16, sizeof x), std::memcpy(&y, b + 16, sizeof y);
    third += x * y;
    std::memcpy(&x, a + 24, sizeof x), std::memcpy(&y, b + 24, sizeof y);
    fourth += x * y;
  }
  const Lanes all = (first + second) + (third + fourth);
  Half low, high;
  std::memcpy(&low, &all, sizeof low);
  std::memcpy(&high, reinterpret_cast<const char*>(&all) + sizeof low, sizeof high);
  const Half sum = low + high;
  return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

}  // namespace
#endif

float dot(const float* a, const float* b, std::size_t size) {
#if defined(__x86_64__)
  static const bool wide =
      __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0;
  if (wide) return dot_avx2(a, b, size);
#endif
  return dot_plain(a, b, size);
}

}  // namespace parley::audio::detail
