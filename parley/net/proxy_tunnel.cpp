#include "parley/net/detail/proxy_tunnel.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/http/message.hpp"
#include "parley/http/parser.hpp"

namespace parley::net::detail {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using Socket = asio::ip::tcp::socket;

std::unexpected<Error> refused(const Proxy& proxy, std::string_view why,
                               ErrorKind kind = ErrorKind::connect_failed, int status = 0) {
  return fail(Error(kind, fmt::format("the proxy {} {}", proxy.address(), why))
                  .with_stage(Stage::proxy)
                  .with_http_status(status));
}

Task<Result<void>> write_all(Socket& socket, std::string bytes, const Proxy& proxy) {
  error_code code;
  co_await asio::async_write(socket, asio::buffer(bytes),
                             asio::redirect_error(asio::use_awaitable, code));
  if (code) co_return refused(proxy, "broke the connection off: " + code.message());
  co_return Result<void>();
}

Task<Result<std::string>> read_exactly(Socket& socket, std::size_t size, const Proxy& proxy) {
  std::string bytes(size, '\0');
  error_code code;
  co_await asio::async_read(socket, asio::buffer(bytes),
                            asio::redirect_error(asio::use_awaitable, code));
  if (code) co_return refused(proxy, "broke the connection off: " + code.message());
  co_return bytes;
}

std::string host_and_port(const http::Url& url) {
  const bool six = url.host.find(':') != std::string::npos;
  return six ? fmt::format("[{}]:{}", url.host, url.port)
             : fmt::format("{}:{}", url.host, url.port);
}

// Byte by byte: what follows the answer's header belongs to the tunnel.
Task<Result<void>> connect_by_http(Socket& socket, const http::Url& url, const Proxy& proxy) {
  http::Request request("CONNECT", host_and_port(url));
  request.headers.set("Host", host_and_port(url));
  if (!proxy.user.empty())
    request.headers.set("Proxy-Authorization",
                        "Basic " + to_base64(as_bytes(proxy.user + ":" + proxy.password.reveal())));
  auto sent = co_await write_all(socket, http::serialize_head(request), proxy);
  if (!sent) co_return sent;
  http::ResponseParser parser;
  while (!parser.header_done()) {
    auto byte = co_await read_exactly(socket, 1, proxy);
    if (!byte) co_return fail(std::move(byte.error()));
    const auto used = parser.receive(as_bytes(*byte));
    if (!used) co_return refused(proxy, "answers no HTTP: " + used.error().message());
  }
  const int status = parser.response().status;
  if (status / 100 == 2) co_return Result<void>();
  const auto why = fmt::format("answered CONNECT {} with {} {}", host_and_port(url), status,
                               http::reason_phrase(status));
  if (status == 407) co_return refused(proxy, why, ErrorKind::permission_denied, status);
  co_return refused(proxy, why, ErrorKind::connect_failed, status);
}

std::string_view socks_reason(unsigned char code) {
  static constexpr std::string_view words[] = {
      "succeeded",           "general failure",       "connection not allowed by ruleset",
      "network unreachable", "host unreachable",      "connection refused",
      "TTL expired",         "command not supported", "address type not supported"};
  return code < std::size(words) ? words[code] : "unknown reply";
}

// RFC 1929.
Task<Result<void>> log_in(Socket& socket, const Proxy& proxy) {
  const std::string& password = proxy.password.reveal();
  if (proxy.user.size() > 255 || password.size() > 255)
    co_return refused(proxy, "takes user name and password of at most 255 bytes",
                      ErrorKind::invalid_argument);
  std::string login = "\x01";
  login += static_cast<char>(proxy.user.size());
  login += proxy.user;
  login += static_cast<char>(password.size());
  login += password;
  auto sent = co_await write_all(socket, std::move(login), proxy);
  if (!sent) co_return sent;
  auto answer = co_await read_exactly(socket, 2, proxy);
  if (!answer) co_return fail(std::move(answer.error()));
  if ((*answer)[1] != 0)
    co_return refused(proxy, "refused user name and password", ErrorKind::permission_denied);
  co_return Result<void>();
}

// RFC 1928; the host goes as a name, an IP address as its text would be resolved by the proxy.
Task<Result<void>> connect_by_socks(Socket& socket, const http::Url& url, const Proxy& proxy) {
  if (url.host.size() > 255)
    co_return refused(proxy, "takes host names of at most 255 bytes", ErrorKind::invalid_argument);
  std::string greeting = "\x05\x01";
  greeting += static_cast<char>(proxy.user.empty() ? 0 : 2);
  auto sent = co_await write_all(socket, std::move(greeting), proxy);
  if (!sent) co_return sent;
  auto method = co_await read_exactly(socket, 2, proxy);
  if (!method) co_return fail(std::move(method.error()));
  if ((*method)[0] != 5) co_return refused(proxy, "does not speak SOCKS5");
  if ((*method)[1] == 2) {
    auto logged_in = co_await log_in(socket, proxy);
    if (!logged_in) co_return logged_in;
  } else if ((*method)[1] != 0) {
    co_return refused(proxy, "wants another authentication", ErrorKind::permission_denied);
  }
  error_code not_an_address;
  const auto address = asio::ip::make_address(url.host, not_an_address);
  std::string request("\x05\x01\x00", 3);
  if (not_an_address) {
    request += '\x03';
    request += static_cast<char>(url.host.size());
    request += url.host;
  } else if (address.is_v4()) {
    request += '\x01';
    for (const auto byte : address.to_v4().to_bytes()) request += static_cast<char>(byte);
  } else {
    request += '\x04';
    for (const auto byte : address.to_v6().to_bytes()) request += static_cast<char>(byte);
  }
  request += static_cast<char>(url.port >> 8);
  request += static_cast<char>(url.port & 0xFF);
  sent = co_await write_all(socket, std::move(request), proxy);
  if (!sent) co_return sent;
  auto answer = co_await read_exactly(socket, 5, proxy);
  if (!answer) co_return fail(std::move(answer.error()));
  const auto code = static_cast<unsigned char>((*answer)[1]);
  if (code != 0)
    co_return refused(proxy,
                      fmt::format("cannot reach {}: {}", host_and_port(url), socks_reason(code)));
  const auto length = static_cast<unsigned char>((*answer)[4]);
  const std::size_t rest = (*answer)[3] == 1 ? 3u : (*answer)[3] == 4 ? 15u : length;
  auto bound = co_await read_exactly(socket, rest + 2, proxy);
  if (!bound) co_return fail(std::move(bound.error()));
  co_return Result<void>();
}

}  // namespace

Task<Result<void>> open_tunnel(Socket& socket, const http::Url& url, const Proxy& proxy) {
  if (proxy.kind == Proxy::Kind::socks5) return connect_by_socks(socket, url, proxy);
  return connect_by_http(socket, url, proxy);
}

}  // namespace parley::net::detail
