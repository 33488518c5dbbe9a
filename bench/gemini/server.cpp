// A service for measurements: whatever is asked, it answers with server-sent events of
// generateContent.
//   bench_gemini_server PORT clock COUNT MICROSECONDS   each event's text is the time it was sent
//   at,
//                                                       nanoseconds of CLOCK_MONOTONIC
//   bench_gemini_server PORT bulk MEBIBYTES             events of 16 KiB of text, as fast as they
//   are read
#include <arpa/inet.h>
#include <chrono>
#include <cstdlib>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

#include <fmt/format.h>

namespace {

bool send_all(int socket, std::string_view text) {
  while (!text.empty()) {
    const auto sent = ::send(socket, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

std::string chunk(std::string_view text, std::string_view finish) {
  const auto event = fmt::format(
      "data: {{\"candidates\": [{{\"content\": {{\"parts\": [{{\"text\": \"{}\"}}],\"role\": "
      "\"model\"}}{},\"index\": 0}}],\"usageMetadata\": {{\"promptTokenCount\": 2,"
      "\"totalTokenCount\": 2}},\"modelVersion\": \"bench\",\"responseId\": \"bench\"}}\r\n\r\n",
      text, finish);
  return fmt::format("{:x}\r\n{}\r\n", event.size(), event);
}

void read_request(int socket) {
  std::string request;
  char buffer[4096];
  std::size_t whole = 0;
  while (whole == 0 || request.size() < whole) {
    const auto got = ::recv(socket, buffer, sizeof buffer, 0);
    if (got <= 0) return;
    request.append(buffer, static_cast<std::size_t>(got));
    const auto head = request.find("\r\n\r\n");
    if (head == std::string::npos) continue;
    const auto length = request.find("ontent-");  // Content-Length, in either case
    const auto at = request.find("ength: ", length);
    whole = head + 4;
    if (at != std::string::npos && at < head) whole += std::strtoul(&request[at + 7], nullptr, 10);
  }
}

void answer(int socket, bool clock, long count, long pause) {
  read_request(socket);
  send_all(socket,
           "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: "
           "chunked\r\nConnection: close\r\n\r\n");
  auto next = std::chrono::steady_clock::now();
  const std::string words(16 * 1024, 'w');
  for (long i = 0; i < count; ++i) {
    if (clock) {
      next += std::chrono::microseconds(pause);
      std::this_thread::sleep_until(next);
    }
    const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
    if (!send_all(socket, chunk(clock ? std::to_string(now) : words, ""))) break;
  }
  send_all(socket, chunk("", ",\"finishReason\": \"STOP\"") + "0\r\n\r\n");
  ::close(socket);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  const bool clock = std::string_view(argv[2]) == "clock";
  const long count = std::atol(argv[3]) * (clock ? 1 : 64);
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  const int on = 1;
  ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(argv[1])));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return 1;
  ::listen(listener, 8);
  for (;;) {
    const int socket = ::accept(listener, nullptr, nullptr);
    if (socket < 0) return 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    answer(socket, clock, count, argc > 4 ? std::atol(argv[4]) : 0);
  }
}
