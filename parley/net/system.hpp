#pragma once

#include <array>
#include <cstddef>

#include "parley/base/random.hpp"
#include "parley/base/time.hpp"

namespace parley::net {

// The machine's clocks. Thread-safe.
class SystemClock final : public Clock {
 public:
  TimePoint now() const override { return std::chrono::steady_clock::now(); }
  WallTime wall_now() const override {
    return std::chrono::time_point_cast<std::chrono::milliseconds>(
        std::chrono::system_clock::now());
  }
};

// The steady clock, for what needs no virtual time. Thread-safe.
inline TimePoint now() {
  return std::chrono::steady_clock::now();
}

// Unpredictable bits from the system's generator (OpenSSL RAND_bytes), drawn 512 bytes at a time.
// One thread at a time; system_random() gives each thread its own.
class SystemRandom final : public Random {
 public:
  std::uint64_t next() override;

 private:
  std::array<std::uint64_t, 64> pool_{};
  std::size_t left_ = 0;
};

SystemRandom& system_random();

}  // namespace parley::net
