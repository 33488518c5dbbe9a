#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "parley/net/detail/test_sockets.hpp"
#include "parley/net/websocket.hpp"

namespace parley::net {
namespace {

using testing::drive;
using testing::TestServer;

struct Pem {
  Pem() = default;
  std::string certificate;
  std::string key;
};

std::string drain(BIO* bio) {
  char* data = nullptr;
  const auto size = BIO_get_mem_data(bio, &data);
  std::string text(data, static_cast<std::size_t>(size));
  BIO_free(bio);
  return text;
}

// A self-signed certificate for one name, valid for a day.
Pem make_certificate(const char* alternative_name) {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 86'400);
  X509_set_pubkey(certificate, key);
  X509_NAME* name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
  X509_set_issuer_name(certificate, name);
  X509_EXTENSION* extension =
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, alternative_name);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
  X509_sign(certificate, key, EVP_sha256());
  BIO* certificate_text = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(certificate_text, certificate);
  BIO* key_text = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(key_text, key, nullptr, nullptr, 0, nullptr, nullptr);
  X509_free(certificate);
  EVP_PKEY_free(key);
  Pem pem;
  pem.certificate = drain(certificate_text);
  pem.key = drain(key_text);
  return pem;
}

Task<void> answer(Exchange& exchange) {
  if (ws::is_upgrade(exchange.request())) {
    auto socket = co_await exchange.upgrade(ws::ServerPolicy(), ws::Options());
    while (auto message = co_await socket->next()) co_await socket->send_text(message->data);
    co_return;
  }
  http::Response response;
  response.body = exchange.secure() ? "secret" : "open";
  co_await exchange.respond(std::move(response));
}

Task<void> over_tls() {
  const auto pem = make_certificate("IP:127.0.0.1");
  Router router;
  router.add("GET", "/", answer);
  HttpServerOptions options;
  options.tls = *TlsIdentity::from_pem(pem.certificate, pem.key);
  TestServer server(co_await boost::asio::this_coro::executor, router, options);
  HttpClientOptions trusting;
  trusting.dial.trust = *TlsTrust::from_pem(pem.certificate);
  HttpClient client(trusting);
  auto response = co_await client.send(server.url("/", "https"), http::Request());
  EXPECT_TRUE(response.has_value()) << response.error().describe();
  EXPECT_EQ(response->body, "secret");

  ConnectOptions connect;
  connect.dial = trusting.dial;
  auto socket = co_await connect_websocket(server.url("/", "wss"), connect);
  EXPECT_TRUE(socket.has_value()) << socket.error().describe();
  const std::string large(2'000'000, 'y');
  EXPECT_TRUE(co_await socket->send_text(large));
  const auto back = co_await socket->next();
  EXPECT_TRUE(back && back->data == large);
  socket->close();
  EXPECT_EQ(co_await socket->next(), std::nullopt);
  EXPECT_TRUE(socket->outcome());
}
TEST(Tls, HttpAndWebSocketsRunOverIt) {
  drive(over_tls());
}

Task<void> distrust() {
  const auto ours = make_certificate("IP:127.0.0.1");
  const auto other_name = make_certificate("DNS:elsewhere.example");
  for (const auto& [identity, trusted] :
       {std::pair(ours, std::string()), std::pair(other_name, other_name.certificate)}) {
    Router router;
    router.add("GET", "/", answer);
    HttpServerOptions options;
    options.tls = *TlsIdentity::from_pem(identity.certificate, identity.key);
    TestServer server(co_await boost::asio::this_coro::executor, router, options);
    HttpClientOptions client_options;
    if (!trusted.empty()) client_options.dial.trust = *TlsTrust::from_pem(trusted);
    HttpClient client(client_options);
    auto response = co_await client.send(server.url("/", "https"), http::Request());
    EXPECT_FALSE(response);
    EXPECT_EQ(response.error().kind(), ErrorKind::tls_failed);
    EXPECT_EQ(response.error().stage(), Stage::tls);
  }
}
TEST(Tls, AnUnknownAuthorityOrAnotherNameIsRefused) {
  drive(distrust());
}

// Mutual TLS, on a server whose sockets are driven from the epoll set.
Task<void> client_certificates() {
  const auto executor = co_await boost::asio::this_coro::executor;
  const auto server_pem = make_certificate("IP:127.0.0.1");
  const auto client_pem = make_certificate("DNS:client.example");
  WebSocketServerOptions options;
  options.tls = *TlsIdentity::from_pem(server_pem.certificate, server_pem.key);
  EXPECT_TRUE(options.tls->require_clients(client_pem.certificate));
  testing::World world(executor, options);
  auto url = world.url();
  url.scheme = "wss";
  ConnectOptions connect;
  connect.dial.trust = *TlsTrust::from_pem(server_pem.certificate);
  const auto stranger = co_await connect_websocket(url, connect);
  EXPECT_FALSE(stranger.has_value());
  EXPECT_TRUE(connect.dial.trust.present(client_pem.certificate, client_pem.key));
  auto socket = co_await connect_websocket(url, connect);
  EXPECT_TRUE(socket.has_value()) << socket.error().describe();
  for (const std::size_t size : {5u, 20'000u, 3'000'000u}) {
    EXPECT_TRUE(co_await socket->send_text(std::string(size, 't')));
    EXPECT_EQ((co_await socket->next())->data, std::string(size, 't'));
  }
  socket->close(1000, "done");
  EXPECT_EQ(co_await socket->next(), std::nullopt);
  EXPECT_TRUE(socket->outcome());
  co_await testing::until([&] { return world.handler.closed.size() == 1; });
  EXPECT_EQ(world.handler.closed[0], std::pair(1000, std::string("done")));
  EXPECT_FALSE(connect.dial.trust.present(client_pem.certificate, server_pem.key));
}
TEST(Tls, AServerMayAskForTheClientsCertificate) {
  drive(client_certificates());
}

TEST(Tls, AFileThatIsNoCertificateIsNamed) {
  const auto identity = TlsIdentity::from_files("/nonexistent/chain.pem", "/nonexistent/key.pem");
  ASSERT_FALSE(identity);
  EXPECT_NE(identity.error().message().find("/nonexistent/chain.pem"), std::string::npos);
  EXPECT_FALSE(TlsTrust::from_pem("no certificate"));
}

}  // namespace
}  // namespace parley::net
