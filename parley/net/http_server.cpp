#include "parley/net/http_server.hpp"

#include <algorithm>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "parley/net/detail/deadline.hpp"
#include "parley/net/detail/exchange_state.hpp"
#include "parley/net/detail/transports.hpp"

namespace parley::net {
namespace detail {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

Task<void> handshake_and_serve(std::shared_ptr<ServerState> server, Tcp::socket socket) {
  auto transport =
      std::make_shared<TlsTransport>(std::move(socket), server->options.tls->context(), true);
  Result<void> secured;
  {
    Deadline deadline(server->executor, server->options.header_timeout,
                      [&transport] { transport->close(); });
    secured = co_await transport->handshake();
  }
  if (secured) co_await serve(std::move(server), std::move(transport));
}

// accept() fails for a moment when the process has no descriptor left; trying at once would spin.
Task<void> accept_loop(std::shared_ptr<ServerState> server,
                       std::shared_ptr<Tcp::acceptor> acceptor) {
  while (!server->stopping) {
    error_code code;
    Tcp::socket socket = co_await acceptor->async_accept(
        server->executor, asio::redirect_error(asio::use_awaitable, code));
    if (code == asio::error::operation_aborted || server->stopping) break;
    if (code) {
      co_await sleep_for(std::chrono::milliseconds(100));
      continue;
    }
    if (server->entries.size() >= server->options.max_connections) continue;
    if (server->options.tls)
      asio::co_spawn(server->executor, handshake_and_serve(server, std::move(socket)),
                     asio::detached);
    else
      asio::co_spawn(server->executor,
                     serve(server, std::make_shared<TcpTransport>(std::move(socket))),
                     asio::detached);
  }
}

}  // namespace
}  // namespace detail

HttpServer::HttpServer(Executor executor, HttpServerOptions options, Handler handler)
    : state_(std::make_shared<detail::ServerState>(std::move(executor), std::move(options),
                                                   std::move(handler))) {}

HttpServer::~HttpServer() {
  state_->stopping = true;
  if (state_->close_acceptor) state_->close_acceptor();
  for (auto* entry : state_->entries)
    if (auto transport = entry->transport.lock()) transport->close();
}

Result<std::uint16_t> HttpServer::listen() {
  namespace asio = boost::asio;
  using detail::Tcp;
  const auto& options = state_->options;
  boost::system::error_code code;
  const auto refuse = [&](std::string_view verb) {
    return fail(ErrorKind::connect_failed,
                fmt::format("cannot {} {} port {}: {}", verb, options.address, options.port,
                            code.message()));
  };
  const auto address = asio::ip::make_address(options.address, code);
  if (code) return refuse("use the address");
  auto acceptor = std::make_shared<Tcp::acceptor>(state_->executor);
  const Tcp::endpoint endpoint(address, options.port);
  acceptor->open(endpoint.protocol(), code);
  if (!code) acceptor->set_option(Tcp::acceptor::reuse_address(true), code);
  if (!code) acceptor->bind(endpoint, code);
  if (!code) acceptor->listen(asio::socket_base::max_listen_connections, code);
  if (code) return refuse("listen on");
  state_->close_acceptor = [acceptor] {
    boost::system::error_code ignored;
    acceptor->close(ignored);
  };
  asio::co_spawn(state_->executor, detail::accept_loop(state_, acceptor), asio::detached);
  return acceptor->local_endpoint().port();
}

Task<void> HttpServer::stop(std::chrono::milliseconds grace) {
  auto state = state_;
  state->stopping = true;
  if (state->close_acceptor) state->close_acceptor();
  for (auto* entry : state->entries)
    if (auto transport = entry->transport.lock(); transport && entry->idle) transport->close();
  boost::system::error_code ignored;
  for (const auto limit : {grace, std::chrono::milliseconds(1000)}) {
    if (state->entries.empty()) break;
    state->all_gone.expires_after(limit);
    co_await state->all_gone.async_wait(
        boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
    for (auto* entry : state->entries)
      if (auto transport = entry->transport.lock()) transport->close();
  }
}

std::size_t HttpServer::connections() const {
  return state_->entries.size();
}

}  // namespace parley::net
