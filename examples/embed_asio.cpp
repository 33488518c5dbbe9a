// parley::ws over Boost.Asio callbacks of one's own: a server that says hello to each client, and
// closes when the client has said it back.     example_embed_asio PORT

#include <iostream>

#include <boost/asio.hpp>

#include "parley/http/parser.hpp"
#include "parley/ws/connection.hpp"

using namespace parley;
using boost::asio::ip::tcp;

struct Session : std::enable_shared_from_this<Session> {
  explicit Session(tcp::socket connected) : socket(std::move(connected)) {}
  void read() {
    socket.async_read_some(boost::asio::buffer(bytes),
                           [self = shared_from_this()](auto code, std::size_t size) {
                             if (!code) self->received({self->bytes.data(), size});
                           });
  }
  void received(MutableBytesView input) {
    if (!request.done()) {
      const auto used = request.receive(input);
      if (!used) return;
      if (!request.done()) return read();
      const auto answer = ws::accept(request.request());
      boost::asio::write(socket, boost::asio::buffer(http::serialize_head(answer.response)));
      if (!answer.accepted() || !connection.send_text("hello")) return;
      input = input.subspan(*used);
    }
    connection.receive(input, std::chrono::steady_clock::now());
    while (const auto event = connection.poll_event())
      if (event->kind == ws::Event::Kind::text && event->text() == "hello")
        (void)connection.close(1000, "", std::chrono::steady_clock::now());
    const auto output = connection.poll_output();
    boost::asio::write(socket, boost::asio::buffer(output.data(), output.size()));
    connection.consume_output(output.size());
    if (!connection.closed()) read();
  }
  tcp::socket socket;
  std::array<std::byte, 65536> bytes;
  http::RequestParser request;
  SeededRandom random{0};  // a server masks nothing
  ws::Connection connection{ws::Role::server, ws::Options(), random, {}};
};

int main(int, char** argv) {
  boost::asio::io_context loop;
  tcp::acceptor acceptor(loop, {tcp::v4(), static_cast<unsigned short>(std::stoi(argv[1]))});
  std::cout << acceptor.local_endpoint().port() << std::endl;
  const std::function<void()> accept_next = [&] {
    acceptor.async_accept([&](auto code, tcp::socket socket) {
      if (!code) std::make_shared<Session>(std::move(socket))->read();
      accept_next();
    });
  };
  accept_next();
  loop.run();
}
