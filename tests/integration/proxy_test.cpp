// One setting, and REST and Live both go through the proxy.
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>

#include "parley/gemini/live.hpp"

#include "house.hpp"

namespace parley {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using testing::House;
using testing::in_house;

// Tunnels to any port of this machine.
struct Tunnels {
  explicit Tunnels(const Executor& executor)
      : acceptor(executor, {asio::ip::address_v4::loopback(), 0}) {}
  tcp::acceptor acceptor;
  std::vector<std::string> asked;
};
using Socket = std::shared_ptr<tcp::socket>;

Task<void> carry(Socket from, Socket to) {
  boost::system::error_code code;
  std::string buffer(16 * 1024, '\0');
  while (!code) {
    const auto got = co_await from->async_read_some(
        asio::buffer(buffer), asio::redirect_error(asio::use_awaitable, code));
    if (code) break;
    co_await asio::async_write(*to, asio::buffer(buffer, got),
                               asio::redirect_error(asio::use_awaitable, code));
  }
  to->shutdown(tcp::socket::shutdown_send, code);
}

Task<void> tunnel(std::shared_ptr<Tunnels> tunnels, Socket client) {
  std::string header;
  co_await asio::async_read_until(*client, asio::dynamic_buffer(header), "\r\n\r\n",
                                  asio::use_awaitable);
  tunnels->asked.push_back(header.substr(0, header.find("\r\n")));
  const auto at = header.find(':') + 1;
  const auto port = static_cast<std::uint16_t>(std::stoi(header.substr(at)));
  auto server = std::make_shared<tcp::socket>(client->get_executor());
  co_await server->async_connect({asio::ip::address_v4::loopback(), port}, asio::use_awaitable);
  const std::string_view open = "HTTP/1.1 200 Connection established\r\n\r\n";
  co_await asio::async_write(*client, asio::buffer(open), asio::use_awaitable);
  asio::co_spawn(client->get_executor(), carry(server, client), asio::detached);
  co_await carry(client, server);
}

Task<void> serve(std::shared_ptr<Tunnels> tunnels) {
  boost::system::error_code code;
  while (!code) {
    auto client = std::make_shared<tcp::socket>(tunnels->acceptor.get_executor());
    co_await tunnels->acceptor.async_accept(*client,
                                            asio::redirect_error(asio::use_awaitable, code));
    if (!code)
      asio::co_spawn(tunnels->acceptor.get_executor(), tunnel(tunnels, client), asio::detached);
  }
}

TEST(Proxies_W9, RestAndLiveGoThroughTheSameProxy) {
  in_house([](House& house) -> Task<void> {
    const auto tunnels = std::make_shared<Tunnels>(house.executor);
    asio::co_spawn(house.executor, serve(tunnels), asio::detached);
    net::ProxySettings proxies;
    proxies.http = "http://127.0.0.1:" + std::to_string(tunnels->acceptor.local_endpoint().port());

    gemini::ClientOptions options;
    options.api_key = Secret("k");
    options.base_url = house.emulator.base_url();
    options.http.dial.proxies = proxies;
    const auto client = *gemini::Client::make(options);
    const auto request = gemini::prompt("repeat: by proxy");
    const auto answer = co_await client.models().generate_content("gemini-2.5-flash", request);
    EXPECT_TRUE(answer) << answer.error().describe();
    if (answer) {
      EXPECT_EQ(gemini::text_of(*answer), "by proxy");
    }

    gemini::LiveOptions talk("gemini-live-2.5-flash-preview");
    talk.answer_in(gemini::Modality::text);
    talk.key = Secret("k");
    talk.base_url = house.emulator.base_url();
    talk.connect.dial.proxies = proxies;
    auto live = co_await gemini::Live::connect(std::move(talk));
    EXPECT_TRUE(live) << live.error().describe();
    if (live) {
      auto closed = co_await live->close();
      EXPECT_TRUE(closed);
    }
    const auto where = house.emulator.base_url().substr(7);
    EXPECT_EQ(tunnels->asked, (std::vector<std::string>(2, "CONNECT " + where + " HTTP/1.1")));
    tunnels->acceptor.close();
  });
}

}  // namespace
}  // namespace parley
