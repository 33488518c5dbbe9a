#pragma once

#include <cstdint>
#include <string>

#include "parley/base/time.hpp"

namespace parley {

// A source of random bits, passed in by main() and by tests. One thread at a time.
class Random {
 public:
  virtual ~Random() = default;
  virtual std::uint64_t next() = 0;

  // Uniform in [0, bound); bound 0 gives 0.
  std::uint64_t below(std::uint64_t bound);
};

// xoshiro256** seeded through splitmix64: the same seed gives the same numbers on every machine.
// Not for secrets or masking keys that face the public network.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed);
  std::uint64_t next() override;

 private:
  std::uint64_t state_[4];
};

// A UUID version 7 (RFC 9562, 5.7) in lower case: sorts by time, 74 random bits.
std::string make_uuid_v7(WallTime now, Random& random);

}  // namespace parley
