// parley::ws in an event loop of one's own: no Asio, no thread. Sends one text over a WebSocket on
// 127.0.0.1, prints the first two messages, and closes.     example_embed_poll PORT PATH TEXT

#include <arpa/inet.h>
#include <iostream>
#include <poll.h>
#include <random>
#include <sys/socket.h>
#include <unistd.h>

#include "parley/http/parser.hpp"
#include "parley/ws/connection.hpp"
#include "parley/ws/handshake.hpp"

using namespace parley;
int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in to{
      AF_INET, htons(static_cast<std::uint16_t>(std::stoi(argv[1]))), {htonl(INADDR_LOOPBACK)}, {}};
  if (connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) return 1;
  const auto url = http::parse_url(std::string("ws://127.0.0.1:") + argv[1] + argv[2]);
  SeededRandom random(std::random_device{}());  // on a public network: a secure source
  const auto key = ws::make_key(random);
  std::string out = http::serialize_head(*ws::make_request(*url, ws::ClientOffer(), key));
  http::ResponseParser answer;
  ws::Connection connection(ws::Role::client, ws::Options(), random,
                            std::chrono::steady_clock::now());
  std::byte buffer[65536];
  for (int messages = 0; !connection.closed() || !connection.poll_output().empty();) {
    if (const auto more = connection.poll_output(); !more.empty() && answer.header_done()) {
      out += as_text(more);
      connection.consume_output(more.size());
    }
    pollfd wait{fd, static_cast<short>(out.empty() ? POLLIN : POLLIN | POLLOUT), 0};
    poll(&wait, 1, -1);
    if (wait.revents & POLLOUT)
      out.erase(0, static_cast<std::size_t>(write(fd, out.data(), out.size())));
    if (!(wait.revents & (POLLIN | POLLHUP))) continue;
    const auto got = read(fd, buffer, sizeof buffer);
    MutableBytesView input(buffer, got > 0 ? static_cast<std::size_t>(got) : 0);
    if (got <= 0) break;
    if (!answer.header_done()) {
      const auto used = answer.receive(input);
      if (!used) return 1;
      if (!answer.header_done()) continue;
      if (!ws::check_response(answer.response(), ws::ClientOffer(), key)) return 1;
      if (!connection.send_text(argv[3])) return 1;
      input = input.subspan(*used);
    }
    connection.receive(input, std::chrono::steady_clock::now());
    while (const auto event = connection.poll_event()) {
      if (event->kind != ws::Event::Kind::text) continue;
      std::cout << event->text() << "\n";
      if (++messages == 2) (void)connection.close(1000, "", std::chrono::steady_clock::now());
    }
  }
  close(fd);
  return connection.close_code() == 1000 ? 0 : 1;
}
