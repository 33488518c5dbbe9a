// How many WebSocket messages does a server echo per second of its processor time, beside
// Boost.Beast? Servers run on core 0, the load on core 1, rounds interleaved; medians and ratios.
// Usage: bench_echo [ROUNDS]  (default 5)

#include <arpa/inet.h>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>
#include <fmt/format.h>

#include "parley/net/websocket_server.hpp"

#include "bench/support.hpp"

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using namespace parley;
using asio::ip::tcp;

struct Echo final : net::SocketHandler {
  void on_message(net::ServerSocket& socket, const ws::Event& message) override {
    if (!socket.send(message)) socket.abort();
  }
};

void serve_parley(std::uint16_t port) {
  asio::io_context loop(1);
  Echo echo;
  net::WebSocketServerOptions options;
  options.port = port;
  net::WebSocketServer server(loop.get_executor(), options, echo);
  if (!server.listen()) std::abort();
  loop.run();
}

// The usual Beast server: one stream per connection, callbacks, no timeouts.
class BeastSession : public std::enable_shared_from_this<BeastSession> {
 public:
  explicit BeastSession(tcp::socket socket) : stream_(std::move(socket)) {
    stream_.next_layer().set_option(tcp::no_delay(true));
    stream_.read_message_max(64 * 1024 * 1024);
  }
  void start() {
    stream_.async_accept([self = shared_from_this()](beast::error_code code) {
      if (!code) self->read();
    });
  }

 private:
  void read() {
    stream_.async_read(buffer_, [self = shared_from_this()](beast::error_code code, std::size_t) {
      if (code) return;
      self->stream_.text(self->stream_.got_text());
      self->stream_.async_write(self->buffer_.data(),
                                [self](beast::error_code failed, std::size_t) {
                                  if (failed) return;
                                  self->buffer_.consume(self->buffer_.size());
                                  self->read();
                                });
    });
  }
  beast::websocket::stream<tcp::socket> stream_;
  beast::flat_buffer buffer_;
};

void accept_beast(tcp::acceptor& acceptor) {
  acceptor.async_accept([&acceptor](beast::error_code code, tcp::socket socket) {
    if (!code) std::make_shared<BeastSession>(std::move(socket))->start();
    accept_beast(acceptor);
  });
}

void serve_beast(std::uint16_t port) {
  asio::io_context loop(1);
  tcp::acceptor acceptor(loop, {asio::ip::address_v4::loopback(), port});
  accept_beast(acceptor);
  loop.run();
}

struct Scenario {
  const char* name;
  std::size_t size;
  int connections;
  int depth;  // messages under way per connection
};

// One masked text frame of `size` ASCII bytes; the mask is zero, which servers cannot know.
std::string client_frame(std::size_t size) {
  std::string frame = "\x81";
  if (size < 126) {
    frame += static_cast<char>(0x80 | size);
  } else if (size < 65536) {
    frame += "\xFE";
    frame += static_cast<char>(size >> 8);
    frame += static_cast<char>(size & 0xff);
  } else {
    frame += "\xFF";
    for (int shift = 56; shift >= 0; shift -= 8) frame += static_cast<char>(size >> shift & 0xff);
  }
  return frame + std::string("\x12\x34\x56\x78", 4) + std::string(size, '\x41');
}

std::size_t reply_size(std::size_t size) {
  return size + (size < 126 ? 2 : size < 65536 ? 4 : 10);
}

int open_socket(std::uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  for (int tries = 0; connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0;)
    if (++tries > 500)
      std::abort();
    else
      usleep(10'000);
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const char request[] =
      "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
  if (write(fd, request, sizeof request - 1) < 0) std::abort();
  std::string answer;
  while (!answer.ends_with("\r\n\r\n")) {
    char byte;
    if (read(fd, &byte, 1) != 1) std::abort();
    answer += byte;
  }
  return fd;
}

void write_all(int fd, const std::string& bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    const auto sent = write(fd, bytes.data() + at, bytes.size() - at);
    if (sent <= 0) std::abort();
    at += static_cast<std::size_t>(sent);
  }
}

// Drives the server for `seconds`; returns messages per second of the server's processor time.
double measure(const parley::bench::Child& server, std::uint16_t port, const Scenario& scenario,
               double seconds) {
  const int epoll = epoll_create1(0);
  std::vector<std::size_t> received(static_cast<std::size_t>(scenario.connections));
  std::vector<int> sockets;
  std::string burst;
  for (int i = 0; i < scenario.depth; ++i) burst += client_frame(scenario.size);
  const std::size_t expected = reply_size(scenario.size) * static_cast<std::size_t>(scenario.depth);
  for (int i = 0; i < scenario.connections; ++i) {
    sockets.push_back(open_socket(port));
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u32 = static_cast<std::uint32_t>(i);
    epoll_ctl(epoll, EPOLL_CTL_ADD, sockets.back(), &event);
  }
  const double cpu_before = server.cpu_seconds();
  for (const int fd : sockets) write_all(fd, burst);
  std::size_t messages = 0;
  std::vector<char> buffer(256 * 1024);
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  while (std::chrono::steady_clock::now() < end) {
    epoll_event events[128];
    const int ready = epoll_wait(epoll, events, 128, 1000);
    for (int i = 0; i < ready; ++i) {
      const auto index = events[i].data.u32;
      const auto got = read(sockets[index], buffer.data(), buffer.size());
      if (got <= 0) std::abort();
      received[index] += static_cast<std::size_t>(got);
      if (received[index] < expected) continue;
      received[index] = 0;
      messages += static_cast<std::size_t>(scenario.depth);
      write_all(sockets[index], burst);
    }
  }
  const double cpu = server.cpu_seconds() - cpu_before;
  for (const int fd : sockets) close(fd);
  close(epoll);
  return static_cast<double>(messages) / cpu;
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 5;
  constexpr Scenario scenarios[] = {
      {"echo 20 B, 100 connections", 20, 100, 1},
      {"echo 1 KiB text, 100 connections", 1024, 100, 1},
      {"echo 64 KiB text, 10 connections", 65536, 10, 1},
      {"pipelined 16 x 20 B, 100 connections", 20, 100, 16},
      {"pipelined 16 x 1 KiB, 100 connections", 1024, 100, 16},
  };
  signal(SIGPIPE, SIG_IGN);
  fmt::print("Messages echoed per second of server CPU; {} interleaved rounds, medians\n\n",
             rounds);
  fmt::print(
      "| scenario | Parley | Boost.Beast | Parley / Beast (CPU per message) "
      "|\n|---|---|---|---|\n");
  for (const auto& scenario : scenarios) {
    parley::bench::Child ours([] { serve_parley(18471); });
    parley::bench::Child beast_server([] { serve_beast(18472); });
    parley::bench::pin_to_core(1);
    std::vector<double> our_rates, beast_rates;
    for (int round = 0; round < rounds; ++round) {
      our_rates.push_back(measure(ours, 18471, scenario, 1.0));
      beast_rates.push_back(measure(beast_server, 18472, scenario, 1.0));
    }
    const double a = parley::bench::median(our_rates), b = parley::bench::median(beast_rates);
    fmt::print("| {} | {:.0f} | {:.0f} | {:.2f} |\n", scenario.name, a, b, b / a);
    std::fflush(stdout);
  }
}
