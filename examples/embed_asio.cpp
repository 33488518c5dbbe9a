// parley::ws over Boost.Asio callbacks of one's own: a server that greets, and answers in upper
// case.
//     example_embed_asio PORT

#include <iostream>
#include <random>

#include <boost/asio.hpp>

#include "parley/http/parser.hpp"
#include "parley/ws/connection.hpp"

using namespace parley;
using boost::asio::ip::tcp;

struct Session : std::enable_shared_from_this<Session> {
  explicit Session(tcp::socket connected) : socket(std::move(connected)) {}
  void read() {
    socket.async_read_some(boost::asio::buffer(buffer),
                           [self = shared_from_this()](auto code, auto size) {
                             if (!code) self->received({self->buffer.data(), size});
                           });
  }
  void received(MutableBytesView input) {
    if (!connection) {
      const auto used = request.receive(input);
      if (used && !request.done()) return read();
      const auto answer = ws::accept(request.request());
      if (!used || !answer.accepted()) return;
      boost::asio::write(socket, boost::asio::buffer(http::serialize_head(answer.response)));
      connection.emplace(ws::Role::server, ws::Options(), random, now(), answer.agreement);
      (void)connection->send_text("Hello!");
      input = input.subspan(*used);
    }
    connection->receive(input, now());
    while (const auto event = connection->poll_event())
      if (event->kind == ws::Event::Kind::text) {
        std::string text(event->text());
        for (auto& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
        (void)connection->send_text(text);
      }
    const auto output = connection->poll_output();
    boost::system::error_code lost;
    boost::asio::write(socket, boost::asio::buffer(output.data(), output.size()), lost);
    connection->consume_output(output.size());
    if (!lost && !connection->closed()) read();
  }
  static TimePoint now() { return std::chrono::steady_clock::now(); }

  tcp::socket socket;
  std::array<std::byte, 65536> buffer;
  http::RequestParser request;
  SeededRandom random{std::random_device{}()};
  std::optional<ws::Connection> connection;
};

void accept_next(tcp::acceptor& acceptor) {
  acceptor.async_accept([&acceptor](auto code, tcp::socket socket) {
    if (!code) std::make_shared<Session>(std::move(socket))->read();
    accept_next(acceptor);
  });
}

int main(int, char** argv) {
  boost::asio::io_context loop;
  tcp::acceptor acceptor(loop, {tcp::v4(), static_cast<unsigned short>(std::stoi(argv[1]))});
  accept_next(acceptor);
  loop.run();
}
