// Whatever happens to a request, a stream, a socket or a session: its start has exactly one end.
#include <map>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <gtest/gtest.h>

#include "parley/api/stream_control.hpp"
#include "parley/gemini/live_generation.hpp"
#include "parley/net/reconnect.hpp"
#include "parley/net/system.hpp"
#include "parley/telemetry/metrics.hpp"

#include "house.hpp"

namespace parley {
namespace {

using std::chrono::milliseconds;
using testing::House;
using testing::HouseOptions;
using testing::in_house;

class Pairs {
 public:
  EventSink sink() {
    return [this](const Event& event) { note(event); };
  }
  // Operations that have begun and not ended.
  std::size_t open() const { return open_.size(); }
  std::size_t starts(const std::string& name) const {
    const auto found = starts_.find(name);
    return found == starts_.end() ? 0 : found->second;
  }
  std::size_t ends(const std::string& name) const {
    const auto found = ends_.find(name);
    return found == ends_.end() ? 0 : found->second;
  }

 private:
  void note(const Event& event) {
    const std::string id(event.field("id"));
    for (const auto& [key, value] : event.fields)
      EXPECT_EQ(value.find("secret-key"), std::string::npos) << event.name << ": " << key;
    if (event.name.ends_with("_start")) {
      const auto name = event.name.substr(0, event.name.size() - 6);
      EXPECT_FALSE(id.empty()) << event.name;
      EXPECT_TRUE(open_.emplace(id, name).second) << event.name << " with a used id";
      ++starts_[name];
      return;
    }
    const bool stop = event.name.ends_with("_stop"), wrong = event.name.ends_with("_exception");
    if (!stop && !wrong) return;
    const auto name = event.name.substr(0, event.name.rfind('_'));
    const auto found = open_.find(id);
    EXPECT_TRUE(found != open_.end()) << event.name << " without its start";
    if (found == open_.end()) return;
    EXPECT_EQ(found->second, name);
    if (wrong) {
      EXPECT_FALSE(event.field("kind").empty()) << event.name;
    }
    ++ends_[event.name];
    open_.erase(found);
  }
  std::map<std::string, std::string> open_;
  std::map<std::string, std::size_t> starts_, ends_;
};

gemini::Client client_of(const House& house, Pairs& pairs) {
  gemini::ClientOptions options;
  options.api_key = Secret("secret-key");
  options.base_url = house.emulator.base_url();
  options.http.events = options.calls.events = pairs.sink();
  options.calls.retry = limit::RetryPolicy(limit::RetryRule(1, milliseconds(1), milliseconds(1)));
  return *gemini::Client::make(options);
}

Task<void> read_for_ever(gemini::Client client) {
  auto request = gemini::prompt("write 5000 words about boats");
  auto stream = co_await client.models().stream_generate_content("gemini-2.5-flash", request);
  while (co_await stream->next()) {
  }
}

Task<void> http_paths(House& house, Pairs& pairs) {
  const auto client = client_of(house, pairs);
  auto request = gemini::prompt("write 300 words about boats");
  EXPECT_TRUE(co_await client.models().generate_content("gemini-2.5-flash", request));
  auto whole = co_await client.models().stream_generate_content("gemini-2.5-flash", request);
  while (co_await whole->next()) {
  }
  for (const int status : {400, 503}) {
    emulator::Fault fault;
    fault.status = status;
    house.emulator.service().inject(fault);
    (void)co_await client.models().stream_generate_content("gemini-2.5-flash", request);
  }
  emulator::Fault fault;
  fault.cut = 400;
  house.emulator.service().inject(fault);
  auto cut = co_await client.models().stream_generate_content("gemini-2.5-flash", request);
  if (cut)
    while (co_await cut->next()) {
    }
  {
    auto dropped = co_await client.models().stream_generate_content("gemini-2.5-flash", request);
    EXPECT_TRUE(co_await dropped->next());
  }
  boost::asio::cancellation_signal stop;
  bool ended = false;
  boost::asio::co_spawn(house.executor, read_for_ever(client),
                        boost::asio::bind_cancellation_slot(
                            stop.slot(), [&ended](std::exception_ptr) { ended = true; }));
  while (house.emulator.streaming() == 0) co_await sleep_for(milliseconds(1));
  stop.emit(boost::asio::cancellation_type::terminal);
  while (!ended) co_await sleep_for(milliseconds(1));
  gemini::ClientOptions nowhere;
  nowhere.api_key = Secret("secret-key");
  nowhere.base_url = "http://127.0.0.1:1";
  nowhere.http.events = pairs.sink();
  EXPECT_FALSE(co_await gemini::Client::make(nowhere)->models().get("x"));
}

TEST(Telemetry_B47_B49, EachRequestAndStreamHasOneStartAndOneEnd) {
  HouseOptions options;
  options.emulator.service.pace = milliseconds(5);
  in_house(
      [](House& house) -> Task<void> {
        Pairs pairs;
        co_await http_paths(house, pairs);
        EXPECT_EQ(pairs.open(), 0u);
        EXPECT_GT(pairs.starts("net.http_request"), 8u);
        EXPECT_GT(pairs.ends("net.http_request_exception"), 0u);
        EXPECT_GT(pairs.ends("net.http_stream_stop"), 0u);
        EXPECT_GT(pairs.ends("net.http_stream_exception"), 1u) << "cut, dropped, cancelled";
        EXPECT_GT(pairs.starts("api.attempt"), pairs.starts("api.call"));
        EXPECT_GT(pairs.ends("api.call_stop"), 0u);
        EXPECT_GT(pairs.ends("api.call_exception"), 0u);
      },
      options);
}

Task<void> socket_paths(House& house, Pairs& pairs) {
  net::ConnectOptions options;
  options.events = pairs.sink();
  const auto url = house.url("/ws", "ws");
  {
    auto socket = co_await net::connect_websocket(url, options);
    EXPECT_TRUE(co_await socket->next());
    socket->close();
    while (co_await socket->next()) {
    }
    socket->close();  // already closed
  }
  {
    auto dropped = co_await net::connect_websocket(url, options);
    EXPECT_TRUE(dropped);
  }
  {
    auto closing = co_await net::connect_websocket(url, options);
    closing->close();  // and nobody waits for it
  }
  const auto no_socket = house.url("/health", "ws");
  EXPECT_FALSE(co_await net::connect_websocket(no_socket, options));
  const auto nobody = *http::parse_url("ws://127.0.0.1:1/");
  EXPECT_FALSE(co_await net::connect_websocket(nobody, options));
  // A session that is connected again, and in vain.
  net::ReconnectPolicy policy;
  policy.max_attempts = 2;
  policy.first_delay = milliseconds(1);
  EXPECT_FALSE(co_await net::ReconnectingWebSocket::connect(nobody, options, policy, pairs.sink()));
}

TEST(Telemetry_B45_B49, EachSocketHasOneStartAndOneEnd) {
  in_house([](House& house) -> Task<void> {
    Pairs pairs;
    co_await socket_paths(house, pairs);
    while (pairs.open() > 0) co_await sleep_for(milliseconds(1));
    EXPECT_EQ(pairs.starts("net.ws_connect"), 8u);
    EXPECT_EQ(pairs.ends("net.ws_connect_stop"), 3u);
    EXPECT_EQ(pairs.starts("net.ws_session"), 3u);
    EXPECT_EQ(pairs.starts("net.ws_close"), 3u);
    EXPECT_EQ(pairs.ends("net.reconnect_exception"), 2u);
  });
}

Task<void> session_paths(House& house, Pairs& pairs) {
  const auto client = client_of(house, pairs);
  gemini::WebSocketConfig config;
  config.events = pairs.sink();
  const std::string model = "gemini-live-2.5-flash-preview";
  auto request = gemini::prompt("write 300 words about boats");
  EXPECT_TRUE(co_await gemini::generate_over_websocket(client, model, request, config));
  {
    auto dropped = co_await gemini::stream_over_websocket(client, model, request, config);
    EXPECT_TRUE(co_await dropped->next());
  }
  emulator::LiveFault fault;
  fault.kind = emulator::LiveFault::Kind::close;
  fault.code = 1011;
  fault.after = 2;
  house.emulator.service().inject_live(fault);
  auto cut = co_await gemini::stream_over_websocket(client, model, request, config);
  if (cut)
    while (co_await cut->next()) {
    }
  auto source = co_await gemini::stream_over_websocket(client, model, request, config);
  api::StreamOptions options;
  options.events = pairs.sink();
  auto stream = co_await api::control_stream(std::move(*source), options);
  EXPECT_TRUE(co_await stream->next());
  EXPECT_TRUE(stream->control().cancel());
  co_await stream->wait_released();
}

TEST(Telemetry_B46_B49, EachSessionAndControlledStreamHasOneStartAndOneEnd) {
  HouseOptions options;
  options.emulator.live.pace = milliseconds(1);
  in_house(
      [](House& house) -> Task<void> {
        Pairs pairs;
        co_await session_paths(house, pairs);
        while (pairs.open() > 0) co_await sleep_for(milliseconds(1));
        EXPECT_EQ(pairs.starts("api.session"), 4u);
        EXPECT_GT(pairs.ends("api.session_exception"), 0u);
        EXPECT_EQ(pairs.ends("api.stream_exception"), 1u);
      },
      options);
}

TEST(Telemetry_B49, ALoopThatIsDestroyedEndsWhatWasUnderWay) {
  Pairs pairs;
  {
    boost::asio::io_context loop(1);
    emulator::ServerOptions options;
    options.service.pace = milliseconds(50);
    emulator::Server server(loop.get_executor(), options);
    ASSERT_TRUE(server.start());
    gemini::ClientOptions with;
    with.api_key = Secret("secret-key");
    with.base_url = server.base_url();
    with.http.events = with.calls.events = pairs.sink();
    boost::asio::co_spawn(loop, read_for_ever(*gemini::Client::make(with)), boost::asio::detached);
    while (server.streaming() == 0) loop.run_one();
    EXPECT_GT(pairs.open(), 0u);
  }
  EXPECT_EQ(pairs.open(), 0u);
}

TEST(GeminiTelemetry_D34, RequestsErrorsAndTokensAreCountedByModelAndProvider) {
  in_house([](House& house) -> Task<void> {
    const net::SystemClock clock;
    telemetry::Metrics metrics(clock);
    gemini::ClientOptions options;
    options.api_key = Secret("secret-key");
    options.base_url = house.emulator.base_url();
    options.calls.events = metrics.sink();
    const auto client = *gemini::Client::make(options);
    const auto request = gemini::prompt("repeat: 12345678");
    const auto answer =
        co_await client.models().generate_content("models/gemini-2.5-flash", request);
    EXPECT_TRUE(answer);
    auto stream = co_await client.models().stream_generate_content("gemini-2.5-flash", request);
    while (co_await stream->next()) {
    }
    emulator::Fault fault;
    fault.status = 429;
    house.emulator.service().inject(fault);
    EXPECT_FALSE(co_await client.models().generate_content("gemini-2.5-flash", request));
    const auto page = metrics.prometheus();
    const auto has = [&page](const std::string& line) {
      EXPECT_NE(page.find(line + "\n"), std::string::npos) << line << "\n" << page;
    };
    const std::string model = ",model=\"gemini-2.5-flash\",";
    for (const std::string method : {"generateContent", "streamGenerateContent"})
      has("parley_gemini_generate_total{method=\"" + method + '"' + model +
          "outcome=\"ok\",provider=\"gemini\"} 1");
    has("parley_gemini_generate_total{error=\"rate_limit\",method=\"generateContent\"" + model +
        "outcome=\"error\",provider=\"gemini\",status=\"429\"} 1");
    const auto of = [&model](std::string_view count) {
      return "parley_gemini_generate_" + std::string(count) +
             "_total{method=\"streamGenerateContent\"" + model + "provider=\"gemini\"} ";
    };
    const auto& usage = *answer->usage_metadata;
    has(of("prompt_tokens") + std::to_string(*usage.prompt_token_count));
    has(of("answer_tokens") + std::to_string(*usage.candidates_token_count));
    has(of("total_tokens") + std::to_string(*usage.total_token_count));
    EXPECT_EQ(page.find("secret-key"), std::string::npos);
  });
}

}  // namespace
}  // namespace parley
