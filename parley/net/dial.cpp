#include "parley/net/dial.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "parley/net/detail/connect_race.hpp"
#include "parley/net/detail/deadline.hpp"
#include "parley/net/detail/proxy_tunnel.hpp"
#include "parley/net/detail/transports.hpp"

namespace parley::net {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using detail::Deadline;
using detail::Tcp;

Error timed_out(Stage stage, std::string_view what, std::chrono::milliseconds limit) {
  return Error(ErrorKind::timeout, fmt::format("{} took longer than {} ms", what, limit.count()))
      .with_stage(stage);
}

Task<Result<std::vector<Tcp::endpoint>>> resolve(std::string host, std::uint16_t port,
                                                 const DialOptions& options) {
  Tcp::resolver resolver(co_await asio::this_coro::executor);
  Deadline deadline(resolver.get_executor(), options.resolve_timeout, [&] { resolver.cancel(); });
  error_code code;
  auto found = co_await resolver.async_resolve(host, std::to_string(port),
                                               asio::redirect_error(asio::use_awaitable, code));
  if (deadline.expired())
    co_return fail(timed_out(Stage::resolve, "resolving " + host, options.resolve_timeout));
  if (code == asio::error::operation_aborted)
    co_return fail(detail::to_error(code, Stage::resolve));
  if (code)
    co_return fail(Error(ErrorKind::resolve_failed,
                         fmt::format("the host \"{}\" has no address: {}", host, code.message()))
                       .with_stage(Stage::resolve));
  std::vector<Tcp::endpoint> endpoints;
  for (const auto& entry : found) endpoints.push_back(entry.endpoint());
  co_return endpoints;
}

Task<Result<Tcp::socket>> connect(std::string host, std::uint16_t port,
                                  const DialOptions& options) {
  auto endpoints = co_await resolve(host, port, options);
  if (!endpoints) co_return fail(std::move(endpoints.error()));
  const std::string where = fmt::format("{}:{}", host, port);
  auto race = detail::ConnectRace::start(co_await asio::this_coro::executor,
                                         detail::interleave_families(std::move(*endpoints)),
                                         options.attempt_delay);
  const detail::RaceGuard guard(race);
  bool late = false;
  Deadline deadline(race->executor(), options.connect_timeout, [&] {
    late = true;
    race->stop();
  });
  co_await detail::ConnectRace::wait(race);
  if (race->winner()) co_return std::move(*race->winner());
  if (late)
    co_return fail(timed_out(Stage::connect, "connecting to " + where, options.connect_timeout));
  co_return fail(Error(ErrorKind::connect_failed,
                       fmt::format("no connection to {}: {}", where, race->error().message()))
                     .with_stage(Stage::connect));
}

Task<Result<std::unique_ptr<Transport>>> secure(const http::Url& url, Tcp::socket socket,
                                                const DialOptions& options) {
  auto transport =
      std::make_unique<detail::TlsTransport>(std::move(socket), options.trust.context(), false);
  transport->session().expect_host(url.host);
  Deadline deadline(transport->executor(), options.tls_timeout,
                    [&transport] { transport->close(); });
  auto secured = co_await transport->handshake();
  if (deadline.expired())
    co_return fail(
        timed_out(Stage::tls, "the TLS handshake with " + url.authority(), options.tls_timeout));
  if (!secured && secured.error().kind() == ErrorKind::cancelled)
    co_return fail(std::move(secured.error()));
  if (!secured)
    co_return fail(
        Error(ErrorKind::tls_failed,
              fmt::format("no TLS session with {}: {}", url.authority(), secured.error().message()))
            .with_stage(Stage::tls));
  co_return std::unique_ptr<Transport>(std::move(transport));
}

// Asks the proxy for a way to the host (RFC 9110, 9.3.6; RFC 1928).
Task<Result<void>> tunnel(Tcp::socket& socket, const http::Url& url, const Proxy& proxy,
                          const DialOptions& options) {
  Deadline deadline(socket.get_executor(), options.proxy_timeout, [&socket] {
    error_code ignored;
    socket.close(ignored);
  });
  auto opened = co_await detail::open_tunnel(socket, url, proxy);
  if (deadline.expired())
    co_return fail(timed_out(Stage::proxy, "the proxy " + proxy.address(), options.proxy_timeout));
  co_return opened;
}

}  // namespace

Task<Result<std::unique_ptr<Transport>>> dial(http::Url url, DialOptions options) {
  auto proxy = choose_proxy(url, options.proxies);
  if (!proxy) co_return fail(std::move(proxy.error()));
  const bool direct = !proxy->has_value();
  std::string host = url.host;
  std::uint16_t port = url.port;
  if (!direct) {
    host = (*proxy)->host;
    port = (*proxy)->port;
  }
  auto socket = co_await connect(std::move(host), port, options);
  if (!socket && !direct)
    co_return fail(Error(socket.error().kind(), "no way to the proxy " + (*proxy)->address())
                       .with_stage(Stage::proxy)
                       .with_cause(socket.error()));
  if (!socket) co_return fail(std::move(socket.error()));
  detail::prepare_socket(*socket);
  if (!direct) {
    auto opened = co_await tunnel(*socket, url, **proxy, options);
    if (!opened) co_return fail(std::move(opened.error()));
  }
  if (url.secure()) co_return co_await secure(url, std::move(*socket), options);
  co_return std::unique_ptr<Transport>(std::make_unique<detail::TcpTransport>(std::move(*socket)));
}

}  // namespace parley::net
