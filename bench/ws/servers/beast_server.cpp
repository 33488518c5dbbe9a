// PORT echo|deflate|broadcast: the usual Beast server, one stream per connection, callbacks, no
// timeouts.

#include <cstdlib>
#include <deque>
#include <memory>
#include <set>
#include <string_view>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;

class Session;
bool broadcast = false, deflate = false;
std::set<Session*> sessions;

class Session : public std::enable_shared_from_this<Session> {
 public:
  explicit Session(tcp::socket socket) : stream_(std::move(socket)) {
    stream_.next_layer().set_option(tcp::no_delay(true));
    stream_.read_message_max(64 * 1024 * 1024);
    if (deflate) {
      beast::websocket::permessage_deflate options;
      options.server_enable = true;
      options.compLevel = 6;
      stream_.set_option(options);
    }
  }
  ~Session() { sessions.erase(this); }
  void start() {
    stream_.async_accept([self = shared_from_this()](beast::error_code code) {
      if (code) return;
      sessions.insert(self.get());
      self->read();
    });
  }
  void post(std::shared_ptr<const std::string> message) {
    queue_.push_back(std::move(message));
    if (queue_.size() == 1) write_next();
  }

 private:
  void read() {
    stream_.async_read(buffer_, [self = shared_from_this()](beast::error_code code, std::size_t) {
      if (code) return;
      if (broadcast) return self->to_all();
      self->stream_.text(self->stream_.got_text());
      self->stream_.async_write(self->buffer_.data(),
                                [self](beast::error_code failed, std::size_t) {
                                  if (failed) return;
                                  self->buffer_.consume(self->buffer_.size());
                                  self->read();
                                });
    });
  }
  void to_all() {
    const auto message =
        std::make_shared<const std::string>(beast::buffers_to_string(buffer_.data()));
    buffer_.consume(buffer_.size());
    for (auto* session : sessions) session->post(message);
    read();
  }
  void write_next() {
    stream_.text(true);
    stream_.async_write(asio::buffer(*queue_.front()),
                        [self = shared_from_this()](beast::error_code code, std::size_t) {
                          if (code) return;
                          self->queue_.pop_front();
                          if (!self->queue_.empty()) self->write_next();
                        });
  }
  beast::websocket::stream<tcp::socket> stream_;
  beast::flat_buffer buffer_;
  std::deque<std::shared_ptr<const std::string>> queue_;
};

void accept_next(tcp::acceptor& acceptor) {
  acceptor.async_accept([&acceptor](beast::error_code code, tcp::socket socket) {
    if (!code) std::make_shared<Session>(std::move(socket))->start();
    accept_next(acceptor);
  });
}

int main(int, char** argv) {
  broadcast = std::string_view(argv[2]) == "broadcast";
  deflate = std::string_view(argv[2]) == "deflate";
  asio::io_context loop(1);
  tcp::acceptor acceptor(
      loop, {asio::ip::address_v4::loopback(), static_cast<unsigned short>(std::atoi(argv[1]))});
  acceptor.listen(4096);
  accept_next(acceptor);
  loop.run();
}
