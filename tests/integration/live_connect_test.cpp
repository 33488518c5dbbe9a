// Wherever the way to a Live session goes silent, connecting ends and says where.
#include <boost/asio/ip/tcp.hpp>
#include <gtest/gtest.h>

#include "parley/gemini/live.hpp"

#include "house.hpp"

namespace parley {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using std::chrono::milliseconds;
using testing::House;
using testing::in_house;

// Takes connections, as the system's queue does, and says nothing.
struct Silence {
  explicit Silence(const Executor& executor)
      : acceptor(executor, {asio::ip::address_v4::loopback(), 0}) {}
  std::string address(const std::string& scheme) const {
    return scheme + "://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port());
  }
  tcp::acceptor acceptor;
};

gemini::LiveOptions impatient(std::string base_url) {
  gemini::LiveOptions options("gemini-live-2.5-flash-preview");
  options.answer_in(gemini::Modality::text);
  options.key = Secret("secret-key");
  options.base_url = std::move(base_url);
  options.step_timeout = milliseconds(500);
  return options;
}

Task<void> expect_end(gemini::LiveOptions options, Stage stage, ErrorKind kind) {
  const auto live = co_await gemini::Live::connect(std::move(options));
  EXPECT_FALSE(live) << to_string(stage);
  if (live) co_return;
  EXPECT_EQ(live.error().stage(), stage) << live.error().describe();
  EXPECT_EQ(live.error().kind(), kind) << live.error().describe();
  EXPECT_EQ(live.error().describe().find("secret-key"), std::string::npos);
}

TEST(Live_W6, ConnectingEndsWhereverTheWayGoesSilentAndNamesTheStage) {
  in_house([](House& house) -> Task<void> {
    const Silence silence(house.executor);
    auto nowhere = impatient("http://no-such-host.invalid");
    nowhere.step_timeout = std::chrono::seconds(30);
    co_await expect_end(std::move(nowhere), Stage::resolve, ErrorKind::resolve_failed);
    auto closed = impatient("http://127.0.0.1:1");
    co_await expect_end(std::move(closed), Stage::connect, ErrorKind::connect_failed);
    auto proxied = impatient(house.emulator.base_url());
    proxied.connect.dial.proxies.http = silence.address("http");
    co_await expect_end(std::move(proxied), Stage::proxy, ErrorKind::timeout);
    auto secure = impatient(silence.address("https"));
    co_await expect_end(std::move(secure), Stage::tls, ErrorKind::timeout);
    auto upgraded = impatient(silence.address("http"));
    co_await expect_end(std::move(upgraded), Stage::upgrade, ErrorKind::timeout);
    auto set_up = impatient(house.emulator.base_url());
    set_up.connect.offer.headers.set("x-parley-live-fault", "after=0; silence");
    co_await expect_end(std::move(set_up), Stage::setup, ErrorKind::timeout);
  });
}

}  // namespace
}  // namespace parley
