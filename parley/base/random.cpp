#include "parley/base/random.hpp"

#include <fmt/format.h>

namespace parley {

std::uint64_t Random::below(std::uint64_t bound) {
  if (bound < 2) return 0;
  const std::uint64_t limit = -bound % bound;  // first multiple that keeps the choice uniform
  for (;;) {
    const std::uint64_t value = next();
    if (value >= limit) return value % bound;
  }
}

SeededRandom::SeededRandom(std::uint64_t seed) {
  for (auto& word : state_) {
    seed += 0x9e3779b97f4a7c15u;
    std::uint64_t mixed = seed;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
    word = mixed ^ (mixed >> 31);
  }
}

std::uint64_t SeededRandom::next() {
  const auto rotate = [](std::uint64_t x, int k) { return (x << k) | (x >> (64 - k)); };
  const std::uint64_t result = rotate(state_[1] * 5, 7) * 9;
  const std::uint64_t shifted = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = rotate(state_[3], 45);
  return result;
}

std::string make_uuid_v7(WallTime now, Random& random) {
  const auto ms = static_cast<std::uint64_t>(to_unix_ms(now)) & 0xffffffffffffu;
  const std::uint64_t a = random.next();
  const std::uint64_t b = random.next();
  return fmt::format("{:08x}-{:04x}-7{:03x}-{:04x}-{:012x}", ms >> 16, ms & 0xffff, a & 0xfff,
                     0x8000 | ((a >> 12) & 0x3fff), b & 0xffffffffffffu);
}

}  // namespace parley
