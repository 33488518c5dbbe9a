#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "parley/audio/pcm.hpp"
#include "parley/base/error.hpp"
#include "parley/base/time.hpp"

namespace parley::audio {

// Changes the rate of a stream: a polyphase filter of a sinc under a Kaiser window. Flat to 90 % of
// what the lower of both rates can carry, and at least 90 dB down from there on, so that nothing
// audible is folded back. However the input is cut, the output is the same.
//
// The output is in time with the input: sample n of it is the input at n / to seconds. To know
// it, the filter must see latency() of what follows. Equal rates are passed through. Overdriven
// peaks are limited to 16 bits.
//
// Memory: a table of at most 4 MiB, some KiB for rates that are small multiples of each other (16
// to 24 kHz: 2 KiB); copies share it. One thread at a time.
class Resampler {
 public:
  // Samples per second, kLowestRate to kHighestRate. Errors (invalid_argument): a rate out of them.
  static Result<Resampler> create(int from, int to);

  int from() const { return from_; }
  int to() const { return to_; }
  // How far the output is behind the input, 64 to 80 samples of the lower rate.
  Duration latency() const;

  // Appends to `out` what can be told by now.
  void process(SamplesView in, Samples& out);
  // The end of the input: appends the rest, so that there are ⌈samples · to / from⌉ in all. Another
  // stream may follow.
  void finish(Samples& out);
  // Forgets the stream, as after an interruption.
  void clear();

 private:
  // Coefficients of each phase in a row. `exact`: a phase for each possible time between two
  // samples; otherwise there are `phases` of them and one more, and the two nearest are mixed.
  struct Filter {
    Filter() = default;
    std::size_t taps = 0;  // a multiple of 32
    std::size_t phases = 0;
    bool exact = true;
    std::vector<float> rows;
  };
  static std::shared_ptr<const Filter> design(std::uint64_t up, std::uint64_t down);

  Resampler(int from, int to, std::uint64_t up, std::uint64_t down);
  void compute(Samples& out, std::uint64_t most);
  float sum_at(const float* input) const;

  int from_, to_;
  std::uint64_t up_, down_;  // to : from in lowest terms
  std::shared_ptr<const Filter> filter_;
  std::vector<float> input_;  // begins at input sample first_
  std::int64_t first_ = 0;
  std::uint64_t received_ = 0, produced_ = 0;
  // Time of the next output: input sample index_ and phase_ / up_ of the next.
  std::int64_t index_ = 0;
  std::uint64_t phase_ = 0;
};

}  // namespace parley::audio
