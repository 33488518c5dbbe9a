// How long after it was sent a chunk is in the hands of the program, in microseconds: through the
// client, and for comparison through a bare socket. GOOGLE_GEMINI_BASE_URL names a
// bench_gemini_server in its mode "clock". Argument: client or socket.
#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fmt/format.h>

#include "parley/gemini/client.hpp"

using namespace parley;

namespace {

void note(std::vector<double>& delays, std::string_view sent_at) {
  const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
  std::int64_t sent = 0;
  std::from_chars(sent_at.data(), sent_at.data() + sent_at.size(), sent);
  if (sent > 0) delays.push_back(static_cast<double>(now - sent) / 1000);
}

Task<int> through_client(std::vector<double>& delays) {
  auto client = gemini::Client::make();
  if (!client) co_return 2;
  auto request = gemini::prompt("go");
  auto stream = co_await client->models().stream_generate_content("bench", request);
  if (!stream) co_return 1;
  while (auto part = co_await stream->next()) note(delays, gemini::text_of(*part));
  co_return stream->outcome() ? 0 : 1;
}

int through_socket(std::vector<double>& delays) {
  const std::string url = std::getenv("GOOGLE_GEMINI_BASE_URL");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port =
      htons(static_cast<std::uint16_t>(std::atoi(url.substr(url.rfind(':') + 1).c_str())));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  if (::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return 1;
  constexpr std::string_view request = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n";
  if (::send(socket, request.data(), request.size(), 0) < 0) return 1;
  char buffer[64 * 1024];
  for (;;) {
    const auto got = ::recv(socket, buffer, sizeof buffer, 0);
    if (got <= 0) break;
    const std::string_view text(buffer, static_cast<std::size_t>(got));
    constexpr std::string_view mark = "\"text\": \"";
    for (auto at = text.find(mark); at != text.npos; at = text.find(mark, at + 1))
      note(delays, text.substr(at + mark.size(), 20));
  }
  ::close(socket);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<double> delays;
  const bool bare = argc > 1 && std::string_view(argv[1]) == "socket";
  if (const int failed = bare ? through_socket(delays) : run(through_client(delays))) return failed;
  if (delays.empty()) return 1;
  std::ranges::sort(delays);
  fmt::print("{} {:.1f} {:.1f}\n", delays.size(), delays[delays.size() / 2],
             delays[delays.size() * 99 / 100]);
}
