// How fast and how good is the resampler beside SpeexDSP and SoX's? Prints, for pairs of rates, the
// microseconds of processor time for a second of sound (median of rounds) and the ratio to ours,
// then the noise beside a 1 kHz tone, and what a tone above the lower rate's half leaves behind.
#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <soxr.h>
#include <speex/speex_resampler.h>
#include <vector>

#include <fmt/format.h>

#include "parley/audio/resampler.hpp"
#include "parley/audio/test_signal.hpp"

#include "bench/support.hpp"

namespace {

using namespace parley;
using audio::Samples;
using Convert = std::function<Samples(const Samples&)>;

constexpr int kPieceMs = 20;
constexpr double kAmplitude = 30'000;

template <class Step>
void in_pieces(const Samples& in, int from, Step step) {
  const auto piece = static_cast<std::size_t>(from) * kPieceMs / 1000;
  for (std::size_t at = 0; at < in.size(); at += piece)
    step(audio::SamplesView(in).subspan(at, std::min(piece, in.size() - at)));
}

Convert ours(int from, int to) {
  auto resampler = std::make_shared<audio::Resampler>(audio::Resampler::create(from, to).value());
  return [=](const Samples& in) {
    Samples out;
    resampler->clear();
    in_pieces(in, from, [&](audio::SamplesView piece) { resampler->process(piece, out); });
    return out;
  };
}

Convert speex(int from, int to, int quality) {
  int problem = 0;
  std::shared_ptr<SpeexResamplerState> state(
      speex_resampler_init(1, static_cast<unsigned>(from), static_cast<unsigned>(to), quality,
                           &problem),
      speex_resampler_destroy);
  if (problem != 0) std::abort();
  return [=](const Samples& in) {
    Samples out, some(static_cast<std::size_t>(to));
    in_pieces(in, from, [&](audio::SamplesView piece) {
      auto read = static_cast<spx_uint32_t>(piece.size());
      auto written = static_cast<spx_uint32_t>(some.size());
      speex_resampler_process_int(state.get(), 0, piece.data(), &read, some.data(), &written);
      out.insert(out.end(), some.begin(), some.begin() + written);
    });
    return out;
  };
}

Convert sox(int from, int to) {
  const auto types = soxr_io_spec(SOXR_INT16_I, SOXR_INT16_I);
  const auto quality = soxr_quality_spec(SOXR_HQ, 0);
  std::shared_ptr<soxr> state(soxr_create(from, to, 1, nullptr, &types, &quality, nullptr),
                              soxr_delete);
  if (!state) std::abort();
  return [=](const Samples& in) {
    Samples out, some(static_cast<std::size_t>(to));
    in_pieces(in, from, [&](audio::SamplesView piece) {
      std::size_t read = 0, written = 0;
      soxr_process(state.get(), piece.data(), piece.size(), &read, some.data(), some.size(),
                   &written);
      out.insert(out.end(), some.begin(), some.begin() + static_cast<std::ptrdiff_t>(written));
    });
    return out;
  };
}

double cpu_microseconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
}

// Of the middle of what a tone becomes.
Samples middle(const Convert& convert, double hertz, int from) {
  const auto out =
      convert(audio::test::sine(hertz, from, static_cast<std::size_t>(from), kAmplitude));
  const auto third = static_cast<std::ptrdiff_t>(out.size() / 3);
  return {out.begin() + third, out.end() - third};
}

void row(int from, int to) {
  const std::array<Convert, 4> all = {ours(from, to), speex(from, to, 7), speex(from, to, 10),
                                      sox(from, to)};
  std::array<std::vector<double>, 4> times;
  SeededRandom random(1);
  const auto sound = audio::test::noise(static_cast<std::size_t>(from), 20'000, random);
  std::size_t sum = 0;
  for (int round = 0; round < 41; ++round)
    for (std::size_t which = 0; which < all.size(); ++which) {
      const double begin = cpu_microseconds();
      sum += all[which](sound).size();
      times[which].push_back(cpu_microseconds() - begin);
    }
  if (sum == 0) std::abort();
  std::array<double, 4> took{}, noise{}, alias{};
  for (std::size_t which = 0; which < all.size(); ++which) {
    took[which] = bench::median(times[which]);
    const auto fit = audio::test::fit_sine(middle(all[which], 1000, from), 1000, to);
    noise[which] = audio::test::decibels(fit.signal / fit.rest);
    const double above = std::min(from, to) / 2.0 * 1.02;
    const auto left = audio::test::mean_power(middle(all[which], above, from));
    alias[which] = to < from ? audio::test::decibels(left / (kAmplitude * kAmplitude / 2)) : 0;
  }
  fmt::print("{:6} to {:6} {:8.0f} {:8.0f} {:8.0f} {:8.0f}  {:6.2f}x {:6.2f}x {:6.2f}x\n", from, to,
             took[0], took[1], took[2], took[3], took[1] / took[0], took[2] / took[0],
             took[3] / took[0]);
  fmt::print("  SNR, dB        {:8.1f} {:8.1f} {:8.1f} {:8.1f}\n", noise[0], noise[1], noise[2],
             noise[3]);
  if (to < from)
    fmt::print("  alias at +2 %  {:8.1f} {:8.1f} {:8.1f} {:8.1f}\n", alias[0], alias[1], alias[2],
               alias[3]);
}

}  // namespace

int main() {
  fmt::print("{:16} {:>8} {:>8} {:>8} {:>8}  {:>7} {:>7} {:>7}\n", "µs per second", "parley",
             "speex 7", "speex 10", "soxr HQ", "speex 7", "10", "soxr");
  for (const auto& [from, to] : {std::pair(16'000, 24'000),
                                 {24'000, 16'000},
                                 {48'000, 16'000},
                                 {24'000, 48'000},
                                 {44'100, 16'000},
                                 {24'000, 44'100},
                                 {8'000, 16'000}})
    row(from, to);
}
