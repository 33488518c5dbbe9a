// What conversations cost: the silence that a hand-over adds, and many spoken ones at once. The
// emulator runs on core 0, the client on core 1.
//   bench_live handover [ROUNDS]
//   bench_live sessions [COUNT] [SECONDS] [CHUNK_MS]
#include <array>
#include <cstring>
#include <fstream>
#include <string>
#include <sys/resource.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "parley/emulator/server.hpp"
#include "parley/gemini/continuity/conversation.hpp"

#include "bench/support.hpp"

using namespace parley;
using namespace std::chrono_literals;
using std::chrono::steady_clock;

namespace {

double ms_since(steady_clock::time_point begun) {
  return std::chrono::duration<double, std::milli>(steady_clock::now() - begun).count();
}

Task<void> serve(int pipe, bool spoken) {
  emulator::ServerOptions options;
  options.live.pace = 10ms;
  if (spoken)
    // Each spoken turn is answered by 2.3 s of speech.
    options.live.hears.assign(100, "repeat: I heard you say something to me");
  else
    options.live.playback = 0;
  options.service.journal_size = 0;
  emulator::Server server(co_await boost::asio::this_coro::executor, std::move(options));
  const auto port = server.start();
  if (!port || ::write(pipe, &*port, sizeof *port) != sizeof *port) co_return;
  co_await sleep_for(1h);
}

gemini::ConversationOptions options_for(std::uint16_t port) {
  gemini::LiveOptions live("gemini-2.5-flash-native-audio-latest");
  live.base_url = fmt::format("http://127.0.0.1:{}", port);
  live.key = Secret("any");
  gemini::ConversationOptions options(std::move(live));
  options.policy = gemini::ContinuityPolicy::durable();
  return options;
}

// Milliseconds from the question to the first sound of its answer; negative: there was none.
Task<double> ask(gemini::Conversation& conversation) {
  const auto begun = steady_clock::now();
  double first = -1;
  auto sent = co_await conversation.say("repeat: one two three");
  while (sent) {
    auto event = co_await conversation.next();
    if (!event) break;
    const auto* told = std::get_if<gemini::LiveEvent>(&*event);
    if (told == nullptr) continue;
    if (std::holds_alternative<gemini::LiveAudio>(*told) && first < 0) first = ms_since(begun);
    if (std::holds_alternative<gemini::LiveTurnComplete>(*told)) break;
  }
  co_return first;
}

Task<int> measure_handover(std::uint16_t port, int rounds) {
  auto conversation = co_await gemini::Conversation::open(options_for(port));
  if (!conversation) co_return 1;
  std::vector<double> usual, moving;
  for (int round = 0; round < 2 * rounds; ++round) {
    co_await sleep_for(20ms);
    if (round % 2 == 1) conversation->hand_over();
    const double first = co_await ask(*conversation);
    if (first < 0) co_return 1;
    (round % 2 == 1 ? moving : usual).push_back(first);
  }
  fmt::print("{} hand-overs while a question was asked, {} losses\n",
             conversation->counters().hand_overs, conversation->counters().losses);
  fmt::print(
      "first sound after {:.1f} ms, with a hand-over {:.1f} ms: {:+.1f} ms (worst {:+.1f})\n",
      bench::median(usual), bench::median(moving), bench::median(moving) - bench::median(usual),
      bench::percentile(moving, 1) - bench::median(usual));
  co_return 0;
}

struct Totals {
  bool over = false;
  std::size_t open = 0, failed = 0, sent = 0, answers = 0, heard_bytes = 0;
};

Task<void> read_all(gemini::Conversation& conversation, Totals& totals) {
  while (auto event = co_await conversation.next()) {
    const auto* told = std::get_if<gemini::LiveEvent>(&*event);
    if (told == nullptr) continue;
    if (const auto* sound = std::get_if<gemini::LiveAudio>(told))
      totals.heard_bytes += sound->pcm.size();
    totals.answers += std::holds_alternative<gemini::LiveTurnComplete>(*told);
  }
}

// Speaks for one second of each five.
Task<void> talk(std::uint16_t port, std::size_t number, std::chrono::milliseconds chunk,
                Totals& totals) {
  const auto executor = co_await boost::asio::this_coro::executor;
  auto conversation = co_await gemini::Conversation::open(options_for(port));
  if (!conversation) {
    ++totals.failed;
    co_return;
  }
  ++totals.open;
  boost::asio::co_spawn(executor, read_all(*conversation, totals), boost::asio::detached);
  const auto bytes = static_cast<std::size_t>(chunk.count()) * 32;
  Bytes loud(bytes), silent(bytes);
  for (std::size_t i = 0; i < bytes; i += 2) loud[i + 1] = std::byte((i / 32) % 2 ? 0x20 : 0xe0);
  boost::asio::steady_timer timer(executor, steady_clock::now() + chunk * (number % 100) / 100);
  for (std::size_t at = number * 7; !totals.over; ++at) {
    co_await timer.async_wait(boost::asio::use_awaitable);
    timer.expires_at(timer.expiry() + chunk);
    const bool speaks = (at * static_cast<std::size_t>(chunk.count())) % 5000 < 1000;
    Bytes chunk_of = speaks ? loud : silent;
    auto sent = co_await conversation->send_audio(std::move(chunk_of));
    if (!sent) break;
    ++totals.sent;
  }
  conversation->close();
  while (!conversation->is_over()) co_await sleep_for(20ms);
}

double cpu_of_this_process() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double resident_kib() {
  std::ifstream file("/proc/self/statm");
  double size = 0, resident = 0;
  file >> size >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1024;
}

Task<int> measure_sessions(std::uint16_t port, std::size_t count, std::chrono::seconds time,
                           std::chrono::milliseconds chunk, const bench::Child& service) {
  const auto executor = co_await boost::asio::this_coro::executor;
  Totals totals;
  const double before = resident_kib();
  for (std::size_t number = 0; number < count; ++number) {
    boost::asio::co_spawn(executor, talk(port, number, chunk, totals), boost::asio::detached);
    if (number % 50 == 49) co_await sleep_for(100ms);
  }
  while (totals.open + totals.failed < count) co_await sleep_for(50ms);
  const double own = cpu_of_this_process(), others = service.cpu_seconds();
  const auto sent = totals.sent, heard = totals.heard_bytes;
  const auto begun = steady_clock::now();
  co_await sleep_for(time);
  const double seconds = ms_since(begun) / 1000;
  fmt::print(
      "{} sessions ({} failed), chunks of {} ms: client {:.0f} %, emulator {:.0f} % of a "
      "core; {:.1f} KiB each in the client\n",
      totals.open, totals.failed, chunk.count(), (cpu_of_this_process() - own) / seconds * 100,
      (service.cpu_seconds() - others) / seconds * 100,
      (resident_kib() - before) / static_cast<double>(count));
  fmt::print("{:.0f} messages a second up ({:.0f} wanted), {:.1f} MB a second down, {} answers\n",
             static_cast<double>(totals.sent - sent) / seconds,
             static_cast<double>(totals.open) * 1000 / static_cast<double>(chunk.count()),
             static_cast<double>(totals.heard_bytes - heard) / seconds / 1e6, totals.answers);
  totals.over = true;
  co_return totals.failed == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc > 1 ? argv[1] : "handover";
  const auto number = [&](int at, int otherwise) {
    return argc > at ? std::atoi(argv[at]) : otherwise;
  };
  rlimit files{8192, 8192};
  (void)setrlimit(RLIMIT_NOFILE, &files);
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) return 1;
  const bench::Child service([&] { run(serve(ends[1], mode == "sessions")); });
  bench::pin_to_core(1);
  std::uint16_t port = 0;
  if (::read(ends[0], &port, sizeof port) != sizeof port) return 1;
  if (mode == "handover") return run(measure_handover(port, number(2, 50)));
  if (mode == "sessions")
    return run(measure_sessions(port, static_cast<std::size_t>(number(2, 1000)),
                                std::chrono::seconds(number(3, 10)),
                                std::chrono::milliseconds(number(4, 100)), service));
  fmt::print(stderr,
             "usage: bench_live handover [ROUNDS] | sessions [COUNT] [SECONDS] [CHUNK_MS]\n");
  return 2;
}
