// How fast are masking and UTF-8 validation, beside memcpy? One buffer of 64 KiB, in GB/s, medians.

#include <cstring>

#include <fmt/format.h>

#include "parley/base/random.hpp"
#include "parley/base/text.hpp"
#include "parley/ws/connection.hpp"

#include "bench/support.hpp"
#include "bench/ws/load.hpp"

namespace {

using namespace parley;

constexpr std::size_t kSize = 64 * 1024;
constexpr int kTurns = 20'000;

template <class F>
double gigabytes_per_second(F work) {
  std::vector<double> rates;
  for (int round = 0; round < 7; ++round) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < kTurns; ++i) work();
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    rates.push_back(static_cast<double>(kSize) * kTurns / taken.count() / 1e9);
  }
  return bench::median(rates);
}

// Unmasks and takes a whole binary message, as a server does: masking is nearly all of it.
double receive_rate() {
  SeededRandom random(1);
  ws::Connection server(ws::Role::server, ws::Options(), random, TimePoint());
  std::string frame = bench::client_frame(std::string(kSize, 'x'), false);
  std::size_t seen = 0;
  return gigabytes_per_second([&] {
    server.receive({reinterpret_cast<std::byte*>(frame.data()), frame.size()}, TimePoint());
    while (auto event = server.poll_event()) seen += event->data.size();
  });
}

}  // namespace

int main() {
  bench::pin_to_core(1);
  std::string from(kSize, 'a'), to(kSize, 'b');
  const double copy = gigabytes_per_second([&] {
    std::memcpy(to.data(), from.data(), kSize);
    asm volatile("" : : "r"(to.data()) : "memory");
  });
  const double masking = receive_rate();
  const std::string ascii = bench::ascii_text(kSize), world = bench::world_text(kSize);
  bool valid = true;
  const auto check = [&valid](const std::string& text) {
    return gigabytes_per_second([&] { valid &= is_valid_utf8(text); });
  };
  const double ascii_rate = check(ascii), world_rate = check(world);
  fmt::print("| kernel, 64 KiB | GB/s | ÷ memcpy |\n|---|---|---|\n");
  fmt::print("| memcpy | {:.1f} | 1.00 |\n", copy);
  fmt::print("| receive a masked message | {:.1f} | {:.2f} |\n", masking, masking / copy);
  fmt::print("| UTF-8, ASCII text | {:.1f} | {:.2f} |\n", ascii_rate, ascii_rate / copy);
  fmt::print("| UTF-8, mixed text | {:.1f} | {:.2f} |\n", world_rate, world_rate / copy);
  return valid ? 0 : 1;
}
