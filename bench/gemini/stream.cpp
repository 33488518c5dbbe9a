// Reads streamed answers of a Gemini service and prints how many messages it took per second of
// processor time. Arguments: how many answers. GOOGLE_GEMINI_BASE_URL names the service.
#include <sys/resource.h>

#include <cstdlib>

#include <fmt/format.h>

#include "parley/gemini/client.hpp"

using namespace parley;

namespace {

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

Task<int> read_all(int answers) {
  auto client = gemini::Client::make();
  if (!client) co_return 2;
  std::size_t messages = 0, bytes = 0;
  const double begin = cpu_seconds();
  for (int i = 0; i < answers; ++i) {
    auto request = gemini::prompt("write 20000 words about rivers");
    auto stream = co_await client->models().stream_generate_content("gemini-2.5-flash", request);
    if (!stream) co_return 1;
    while (auto part = co_await stream->next()) {
      ++messages;
      bytes += gemini::text_of(*part).size();
    }
    if (!stream->outcome()) co_return 1;
  }
  const double spent = cpu_seconds() - begin;
  fmt::print("{} {} {:.3f} {:.0f}\n", messages, bytes, spent,
             static_cast<double>(messages) / spent);
  co_return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return run(read_all(argc > 1 ? std::atoi(argv[1]) : 5));
}
