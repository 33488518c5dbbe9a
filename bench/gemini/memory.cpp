// Reads one stream of a bench_gemini_server in its mode "bulk" and prints the resident set of this
// process at its beginning, in its middle and at its end. Argument: MiB that will come.
// GOOGLE_GEMINI_BASE_URL names the service.
#include <cstdlib>
#include <fstream>
#include <unistd.h>

#include <fmt/format.h>

#include "parley/gemini/client.hpp"

using namespace parley;

namespace {

long resident_kib() {
  std::ifstream file("/proc/self/statm");
  long size = 0, resident = 0;
  file >> size >> resident;
  return resident * (::sysconf(_SC_PAGESIZE) / 1024);
}

Task<int> read_all(std::size_t expected) {
  auto client = gemini::Client::make();
  if (!client) co_return 2;
  auto request = gemini::prompt("go");
  auto stream = co_await client->models().stream_generate_content("bench", request);
  if (!stream) co_return 1;
  std::size_t bytes = 0, told = 0;
  const auto tell = [&](std::size_t from) {
    if (bytes < from || told > from) return;
    told = from + 1;
    fmt::print("{:5} MiB read: {} KiB resident\n", bytes >> 20, resident_kib());
  };
  while (auto part = co_await stream->next()) {
    bytes += gemini::text_of(*part).size();
    for (const std::size_t from : {std::size_t{1} << 20, expected / 2}) tell(from);
  }
  fmt::print("{:5} MiB read: {} KiB resident, the end\n", bytes >> 20, resident_kib());
  co_return stream->outcome() && bytes == expected ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  return run(read_all((argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 1024) << 20));
}
