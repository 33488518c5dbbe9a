#include "parley/audio/detail/dot.hpp"

#include <cstring>

namespace parley::audio::detail {

// Four sums side by side hide the time that one addition takes.
float dot_plain(const float* a, const float* b, std::size_t size) {
  using Lanes = float __attribute__((vector_size(16)));
  Lanes sums[4] = {};
  for (std::size_t i = 0; i < size; i += 16)
    for (std::size_t k = 0; k < 4; ++k) {
      Lanes x, y;
      std::memcpy(&x, a + i + 4 * k, sizeof x);
      std::memcpy(&y, b + i + 4 * k, sizeof y);
      sums[k] += x * y;
    }
  const Lanes all = (sums[0] + sums[1]) + (sums[2] + sums[3]);
  return (all[0] + all[1]) + (all[2] + all[3]);
}

#if defined(__x86_64__)
namespace {

using WideLanes = float __attribute__((vector_size(32)));

__attribute__((target("avx2,fma"))) float dot_avx2(const float* a, const float* b,
                                                   std::size_t size) {
  WideLanes even = {}, odd = {};
  for (std::size_t i = 0; i < size; i += 16) {
    WideLanes x, y;
    std::memcpy(&x, a + i, sizeof x);
    std::memcpy(&y, b + i, sizeof y);
    even += x * y;
    std::memcpy(&x, a + i + 8, sizeof x);
    std::memcpy(&y, b + i + 8, sizeof y);
    odd += x * y;
  }
  const WideLanes all = even + odd;
  return ((all[0] + all[1]) + (all[2] + all[3])) + ((all[4] + all[5]) + (all[6] + all[7]));
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
