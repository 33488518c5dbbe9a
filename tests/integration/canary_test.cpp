// One key through every path of the client, and a search for it in all that comes out: answers,
// errors, events, the service's journal, saved histories.
#include "parley/gemini/chat.hpp"
#include "parley/gemini/live_session.hpp"
#include "parley/gemini/live_tools.hpp"
#include "parley/gemini/music.hpp"
#include "parley/gemini/structured.hpp"
#include "parley/json/value.hpp"

#include "gemini_here.hpp"
#include "kitchen/types.hpp"

namespace parley {
namespace {

constexpr const char* kCanary = "AIzaCanary0123456789abcdefghijklmnopqrs";
constexpr const char* kBadCanary = "AIzaCanaryBad123456789abcdefghijklmnopq";

// All that anybody could print.
struct Output {
  void add(std::string_view text) { all += std::string(text) + "\n"; }
  template <class T>
  void add(const Result<T>& result) {
    if (!result) add(result.error());
  }
  void add(const Error& error) {
    add(error.describe());
    add(error.message());
    add(error.close_reason());
    for (const auto& [name, value] : error.details()) add(name + "=" + value);
    if (error.cause()) add(*error.cause());
  }
  EventSink sink() {
    return [this](const Event& event) {
      add(event.name);
      for (const auto& [name, value] : event.fields) add(name + "=" + value);
      ++events;
    };
  }
  std::string all;
  int events = 0;
};

Task<void> rest(gemini::Client client, Output& output) {
  const auto models = client.models();
  auto answer = co_await models.generate_content("gemini-2.5-flash", gemini::prompt("hello"));
  output.add(answer);
  if (answer) output.add(json::encode_text(*answer));
  output.add(co_await models.generate_content("no-such-model", gemini::prompt("hello")));
  output.add(co_await models.list());
  std::vector<gemini::Content> contents(1, gemini::user_content("x"));
  output.add(co_await models.count_tokens("gemini-2.5-flash", std::move(contents)));
  auto stream =
      co_await models.stream_generate_content("gemini-2.5-flash", gemini::prompt("hello"));
  output.add(stream);
  if (stream) {
    while (auto piece = co_await stream->next()) output.add(json::encode_text(*piece));
    output.add(stream->outcome());
  }
  output.add(co_await client.files().upload("abc", gemini::UploadOptions("text/plain")));
  output.add(co_await client.files().get("files/none"));
  output.add(
      co_await gemini::generate_as<kitchen::Recipe>(models, "gemini-2.5-flash", "repeat: no json"));
  gemini::Chat chat(models, "gemini-2.5-flash");
  output.add(co_await chat.send("hello"));
  output.add(chat.save());
}

Task<void> live(std::string url, std::string key, std::string fault, Output& output) {
  gemini::LiveTools tools(output.sink());
  tools.add(gemini::FunctionDeclaration("get_weather"),
            [](const json::Members&) -> Result<json::Members> { throw std::runtime_error("no"); });
  gemini::LiveOptions options("gemini-3.8-live");
  options.base_url = url;
  options.key = Secret(key);
  options.events = output.sink();
  if (!fault.empty()) options.connect.offer.headers.set("x-parley-live-fault", fault);
  tools.declare_in(options);
  gemini::LiveHandlers handlers;
  gemini::LiveSession* here = nullptr;
  int turns = 0;
  handlers.state = [&](gemini::LiveState state) { output.add(to_string(state)); };
  handlers.error = [&](const Error& error) { output.add(error); };
  handlers.message = [&](const gemini::LiveEvent& event) {
    if (const auto* text = std::get_if<gemini::LiveUnreadable>(&event))
      output.add(text->why + text->beginning);
    throw std::runtime_error("a handler");
  };
  handlers.turn_complete = [&](const gemini::LiveTurnComplete&) {
    if (++turns == 2) here->close();
  };
  gemini::LiveSession session(handlers, &tools);
  here = &session;
  const auto connected = co_await session.connect(std::move(options));
  output.add(connected);
  if (!connected) co_return;
  if (auto ready = session.live()) output.add(co_await (*ready)->say("the weather please"));
  output.add(co_await session.ended());
}

Task<void> music(std::string url, std::string key, Output& output) {
  gemini::MusicOptions options;
  options.base_url = url;
  options.key = Secret(key);
  options.events = output.sink();
  auto music = co_await gemini::Music::connect(std::move(options));
  output.add(music);
  if (!music) co_return;
  output.add(co_await music->prompt("harp"));
  output.add(co_await music->close());
  while (co_await music->next()) continue;
  output.add(music->outcome());
}

Task<void> everything() {
  emulator::ServerOptions options;
  options.service.pace = options.live.pace = std::chrono::milliseconds(0);
  options.live.playback = 0;
  options.service.bad_keys = {kBadCanary};
  emulator::Server server(co_await boost::asio::this_coro::executor, options);
  EXPECT_TRUE(server.start());
  const auto url = server.base_url();
  Output output;
  for (const char* key : {kCanary, kBadCanary}) {
    gemini::ClientOptions client_options;
    client_options.api_key = Secret(key);
    client_options.base_url = url;
    auto client = gemini::Client::make(client_options).value();
    co_await rest(client, output);
    client_options.base_url = url + "/?key=" + key;  // where it should not be
    output.add(gemini::Client::make(client_options));
    client_options.base_url = "http://127.0.0.1:1";
    auto nowhere = gemini::Client::make(client_options).value();
    co_await rest(nowhere, output);
    for (const char* fault : {"", "after=2; garbage", "after=2; cut", "after=1; close=1011"})
      co_await live(url, key, fault, output);
    co_await live("http://127.0.0.1:1", key, "", output);
    co_await music(url, key, output);
  }
  for (const auto& entry : server.service().journal()) {
    output.add(entry.method + " " + entry.target + " " + entry.body);
    for (const auto& header : entry.headers.all()) output.add(header.name + ": " + header.value);
  }
  EXPECT_GT(output.events, 10);
  EXPECT_NE(output.all.find("API key not valid"), std::string::npos);
  EXPECT_NE(output.all.find("the handler message threw"), std::string::npos);
  for (const char* canary : {"Canary0123", "CanaryBad123"}) {
    const auto at = output.all.find(canary);
    EXPECT_EQ(at, std::string::npos) << output.all.substr(at < 200 ? 0 : at - 200, 400);
  }
  co_await server.stop();
}
TEST(Canary_B10, NoKeyIsInAnythingThatComesOut) {
  run(everything());
}

}  // namespace
}  // namespace parley
