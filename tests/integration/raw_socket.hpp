#pragma once

// A client that upgrades and then writes the bytes it likes.

#include <string>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "house.hpp"

namespace parley::testing {

class RawSocket {
 public:
  explicit RawSocket(const House& house) : socket_(house.executor), port_(house.port) {}

  Task<void> connect() {
    co_await socket_.async_connect({boost::asio::ip::address_v4::loopback(), port_},
                                   boost::asio::use_awaitable);
  }
  Task<void> upgrade() {
    co_await connect();
    co_await write("GET /ws HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port_) +
                   "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                   "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n");
  }
  Task<void> write(std::string bytes) {
    boost::system::error_code ignored;
    co_await boost::asio::async_write(
        socket_, boost::asio::buffer(bytes),
        boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
  }
  // A masked frame; the mask is zero, so that the payload stands in it as it is.
  Task<void> frame(unsigned char first, std::string payload) {
    std::string bytes(1, static_cast<char>(first));
    if (payload.size() < 126) {
      bytes += static_cast<char>(0x80 | payload.size());
    } else {
      bytes += static_cast<char>(0x80 | 127);
      for (int shift = 56; shift >= 0; shift -= 8)
        bytes += static_cast<char>(payload.size() >> shift & 0xff);
    }
    co_await write(bytes + std::string(4, '\0') + payload);
  }
  // Reads to the end; gives the code of the close frame that came last, 0 where there is none.
  Task<int> close_code() {
    std::string all = co_await read_to_end();
    const auto head = all.find("\r\n\r\n");
    std::size_t at = head == std::string::npos ? all.size() : head + 4;
    int code = 0;
    while (at + 2 <= all.size()) {
      std::size_t size = all[at + 1] & 0x7f, header = 2;
      if (size == 126 || size == 127) {
        header = size == 126 ? 4 : 10;
        size = 0;
        for (std::size_t i = 2; i < header; ++i)
          size = size << 8 | static_cast<unsigned char>(all[at + i]);
      }
      if ((all[at] & 0x0f) == 8 && size >= 2)
        code = static_cast<unsigned char>(all[at + header]) << 8 |
               static_cast<unsigned char>(all[at + header + 1]);
      at += header + size;
    }
    co_return code;
  }
  Task<std::string> read_to_end() {
    std::string all;
    for (;;) {
      std::string buffer(65536, '\0');
      boost::system::error_code code;
      const auto got = co_await socket_.async_read_some(
          boost::asio::buffer(buffer),
          boost::asio::redirect_error(boost::asio::use_awaitable, code));
      if (code) co_return all;
      all += buffer.substr(0, got);
    }
  }
  boost::asio::ip::tcp::socket& socket() { return socket_; }

 private:
  boost::asio::ip::tcp::socket socket_;
  std::uint16_t port_;
};

}  // namespace parley::testing
