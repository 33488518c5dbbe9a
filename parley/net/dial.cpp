#include "parley/net/dial.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "parley/net/detail/deadline.hpp"
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

std::shared_ptr<asio::ssl::context> make_context(asio::ssl::context::method method) {
  auto context = std::make_shared<asio::ssl::context>(method);
  context->set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_sslv2 |
                       asio::ssl::context::no_sslv3 | asio::ssl::context::no_tlsv1 |
                       asio::ssl::context::no_tlsv1_1);
  return context;
}

Task<Result<Tcp::resolver::results_type>> resolve(const http::Url& url,
                                                  const DialOptions& options) {
  Tcp::resolver resolver(co_await asio::this_coro::executor);
  Deadline deadline(resolver.get_executor(), options.resolve_timeout, [&] { resolver.cancel(); });
  error_code code;
  auto found = co_await resolver.async_resolve(url.host, std::to_string(url.port),
                                               asio::redirect_error(asio::use_awaitable, code));
  if (deadline.expired())
    co_return fail(timed_out(Stage::resolve, "resolving " + url.host, options.resolve_timeout));
  if (code == asio::error::operation_aborted)
    co_return fail(detail::to_error(code, Stage::resolve));
  if (code)
    co_return fail(
        Error(ErrorKind::resolve_failed,
              fmt::format("the host \"{}\" has no address: {}", url.host, code.message()))
            .with_stage(Stage::resolve));
  co_return found;
}

Task<Result<Tcp::socket>> connect(const http::Url& url,
                                  const Tcp::resolver::results_type& addresses,
                                  const DialOptions& options) {
  Tcp::socket socket(co_await asio::this_coro::executor);
  Deadline deadline(socket.get_executor(), options.connect_timeout, [&socket] {
    error_code ignored;
    socket.close(ignored);
  });
  error_code code = asio::error::host_not_found;
  for (const auto& address : addresses) {
    error_code ignored;
    socket.close(ignored);
    co_await socket.async_connect(address.endpoint(),
                                  asio::redirect_error(asio::use_awaitable, code));
    if (deadline.expired())
      co_return fail(timed_out(Stage::connect, fmt::format("connecting to {}", url.authority()),
                               options.connect_timeout));
    if (code == asio::error::operation_aborted)
      co_return fail(detail::to_error(code, Stage::connect));
    if (!code) co_return socket;
  }
  co_return fail(Error(ErrorKind::connect_failed,
                       fmt::format("no connection to {}: {}", url.authority(), code.message()))
                     .with_stage(Stage::connect));
}

Task<Result<std::unique_ptr<Transport>>> secure(const http::Url& url, Tcp::socket socket,
                                                const DialOptions& options) {
  auto transport =
      std::make_unique<detail::TlsTransport>(std::move(socket), options.trust.context());
  auto& stream = transport->stream();
  error_code not_an_address;
  asio::ip::make_address(url.host, not_an_address);
  if (not_an_address) SSL_set_tlsext_host_name(stream.native_handle(), url.host.c_str());
  stream.set_verify_mode(asio::ssl::verify_peer);
  stream.set_verify_callback(asio::ssl::host_name_verification(url.host));
  Deadline deadline(stream.get_executor(), options.tls_timeout,
                    [&transport] { transport->close(); });
  error_code code;
  co_await stream.async_handshake(asio::ssl::stream_base::client,
                                  asio::redirect_error(asio::use_awaitable, code));
  if (deadline.expired())
    co_return fail(
        timed_out(Stage::tls, "the TLS handshake with " + url.authority(), options.tls_timeout));
  if (code == asio::error::operation_aborted) co_return fail(detail::to_error(code, Stage::tls));
  if (code)
    co_return fail(Error(ErrorKind::tls_failed,
                         fmt::format("no TLS session with {}: {}", url.authority(), code.message()))
                       .with_stage(Stage::tls));
  co_return std::unique_ptr<Transport>(std::move(transport));
}

}  // namespace

TlsTrust::TlsTrust() : context_(make_context(asio::ssl::context::tls_client)) {
  error_code ignored;  // a machine without authorities fails at the handshake, with a reason
  context_->set_default_verify_paths(ignored);
}

Result<TlsTrust> TlsTrust::from_pem(std::string_view pem) {
  TlsTrust trust;
  trust.context_ = make_context(asio::ssl::context::tls_client);
  error_code code;
  trust.context_->add_certificate_authority(asio::buffer(pem.data(), pem.size()), code);
  if (code) return fail(ErrorKind::tls_failed, "no certificate in the PEM text: " + code.message());
  return trust;
}

Result<TlsIdentity> TlsIdentity::from_files(const std::string& chain, const std::string& key) {
  TlsIdentity identity;
  identity.context_ = make_context(asio::ssl::context::tls_server);
  error_code code;
  identity.context_->use_certificate_chain_file(chain, code);
  if (code)
    return fail(ErrorKind::tls_failed,
                fmt::format("no certificate chain in {}: {}", chain, code.message()));
  identity.context_->use_private_key_file(key, asio::ssl::context::pem, code);
  if (code)
    return fail(ErrorKind::tls_failed,
                fmt::format("no private key in {}: {}", key, code.message()));
  return identity;
}

Result<TlsIdentity> TlsIdentity::from_pem(std::string_view chain, std::string_view key) {
  TlsIdentity identity;
  identity.context_ = make_context(asio::ssl::context::tls_server);
  error_code code;
  identity.context_->use_certificate_chain(asio::buffer(chain.data(), chain.size()), code);
  if (!code)
    identity.context_->use_private_key(asio::buffer(key.data(), key.size()),
                                       asio::ssl::context::pem, code);
  if (code)
    return fail(ErrorKind::tls_failed, "no certificate and key in the PEM text: " + code.message());
  return identity;
}

Task<Result<std::unique_ptr<Transport>>> dial(http::Url url, DialOptions options) {
  auto addresses = co_await resolve(url, options);
  if (!addresses) co_return fail(std::move(addresses.error()));
  auto socket = co_await connect(url, *addresses, options);
  if (!socket) co_return fail(std::move(socket.error()));
  if (url.secure()) co_return co_await secure(url, std::move(*socket), options);
  co_return std::unique_ptr<Transport>(std::make_unique<detail::TcpTransport>(std::move(*socket)));
}

}  // namespace parley::net
