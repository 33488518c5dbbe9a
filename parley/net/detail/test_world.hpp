#pragma once

// For tests only: a server and clients on one loop over loopback sockets.

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>

#include "parley/net/http_client.hpp"
#include "parley/net/http_server.hpp"

namespace parley::net::testing {

// Runs a coroutine that tests something; an exception in it fails the test.
inline void drive(Task<void> task) {
  run(std::move(task));
}

inline http::Url url_of(std::uint16_t port, std::string target = "/", std::string scheme = "http") {
  http::Url url;
  url.scheme = std::move(scheme);
  url.host = "127.0.0.1";
  url.port = port;
  url.target = std::move(target);
  return url;
}

// A listening server on a free port.
struct TestServer {
  TestServer(Executor executor, Router& router, HttpServerOptions options = HttpServerOptions())
      : server(std::move(executor), std::move(options),
               [&router](Exchange& exchange) { return router.handle(exchange); }) {
    const auto bound = server.listen();
    if (!bound) throw std::runtime_error(bound.error().describe());
    port = *bound;
  }
  http::Url url(std::string target = "/", std::string scheme = "http") const {
    return url_of(port, std::move(target), std::move(scheme));
  }
  HttpServer server;
  std::uint16_t port = 0;
};

// A client that writes what it likes and reads until the server closes.
class RawClient {
 public:
  explicit RawClient(Executor executor) : socket_(std::move(executor)) {}

  Task<void> connect(std::uint16_t port) {
    co_await socket_.async_connect({boost::asio::ip::address_v4::loopback(), port},
                                   boost::asio::use_awaitable);
  }
  Task<void> write(std::string bytes) {
    co_await boost::asio::async_write(socket_, boost::asio::buffer(bytes),
                                      boost::asio::use_awaitable);
  }
  Task<std::string> read_until(std::string mark) {
    std::string text;
    while (text.find(mark) == std::string::npos) {
      const auto piece = co_await read_some();
      if (piece.empty()) break;
      text += piece;
    }
    co_return text;
  }
  Task<std::string> read_to_end() {
    std::string text;
    for (;;) {
      const auto piece = co_await read_some();
      if (piece.empty()) co_return text;
      text += piece;
    }
  }
  void close() { socket_.close(); }
  void reset() {
    socket_.set_option(boost::asio::socket_base::linger(true, 0));
    socket_.close();
  }

 private:
  Task<std::string> read_some() {
    std::string buffer(4096, '\0');
    boost::system::error_code code;
    const auto got = co_await socket_.async_read_some(
        boost::asio::buffer(buffer), boost::asio::redirect_error(boost::asio::use_awaitable, code));
    buffer.resize(code ? 0 : got);
    co_return buffer;
  }
  boost::asio::ip::tcp::socket socket_;
};

}  // namespace parley::net::testing
