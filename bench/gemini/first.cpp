// How long a program waits, in microseconds, median and 99th percentile of ROUNDS (the argument):
// for a Live connection that is set up, for the first text over it, for the first text of a
// streamed REST call on a new connection, and on one that is open. GOOGLE_GEMINI_BASE_URL names an
// emulator that answers at once (--pace 0).
#include <algorithm>
#include <chrono>
#include <cstdlib>

#include <fmt/format.h>

#include "parley/gemini/client.hpp"
#include "parley/gemini/live.hpp"

using namespace parley;

namespace {

using std::chrono::steady_clock;
constexpr const char* kLive = "gemini-live-2.5-flash-preview";
constexpr const char* kModel = "gemini-2.5-flash";

struct Waits {
  std::vector<double> connect, live_text, cold_text, warm_text;
};

double since(steady_clock::time_point begin) {
  return std::chrono::duration<double, std::micro>(steady_clock::now() - begin).count();
}

Task<bool> over_live(Waits& waits) {
  gemini::LiveOptions options(kLive);
  options.answer_in(gemini::Modality::text);
  auto begin = steady_clock::now();
  auto live = co_await gemini::Live::connect(std::move(options));
  if (!live) co_return false;
  waits.connect.push_back(since(begin));
  begin = steady_clock::now();
  auto said = co_await live->say("repeat: one two three");
  if (!said) co_return false;
  for (;;) {
    auto event = co_await live->next();
    if (!event) co_return false;
    if (std::holds_alternative<gemini::LiveText>(*event)) break;
  }
  waits.live_text.push_back(since(begin));
  (void)co_await live->close();
  co_return true;
}

Task<bool> first_text(const gemini::Client& client, std::vector<double>& waits) {
  auto request = gemini::prompt("repeat: one two three");
  const auto begin = steady_clock::now();
  const auto models = client.models();
  auto stream = co_await models.stream_generate_content(kModel, request);
  if (!stream) co_return false;
  auto part = co_await stream->next();
  if (!part) co_return false;
  waits.push_back(since(begin));
  while (part) part = co_await stream->next();
  co_return stream->outcome().has_value();
}

Task<int> measure(int rounds, Waits& waits) {
  auto warm = gemini::Client::make();
  if (!warm) co_return 2;
  for (int round = 0; round < rounds; ++round) {
    bool good = co_await over_live(waits);
    if (!good) co_return 1;
    auto cold = gemini::Client::make();
    if (!cold) co_return 2;
    good = co_await first_text(*cold, waits.cold_text);
    if (!good) co_return 1;
    good = co_await first_text(*warm, waits.warm_text);
    if (!good) co_return 1;
  }
  co_return 0;
}

void tell(std::string_view what, std::vector<double> waits) {
  std::ranges::sort(waits);
  const auto at = [&](double share) {
    return waits[static_cast<std::size_t>(share * static_cast<double>(waits.size() - 1))];
  };
  fmt::print("{:<34} {:>7.0f} {:>7.0f}\n", what, at(0.5), at(0.99));
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 200;
  if (rounds < 1) return 2;
  Waits waits;
  if (const int code = run(measure(rounds, waits)); code != 0) {
    fmt::print(stderr, "the service does not answer\n");
    return code;
  }
  tell("Live: connected and set up", waits.connect);
  tell("Live: first text", waits.live_text);
  tell("REST: first text, new connection", waits.cold_text);
  tell("REST: first text, open connection", waits.warm_text);
  return 0;
}
