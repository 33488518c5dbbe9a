// clang-format off: the lines are those of docs/gemini-client.md.
#include "parley/gemini/client.hpp"
#include "parley/gemini/structured.hpp"
#include "parley/gemini/chat.hpp"
#include "parley/gemini/blocking.hpp"

#include <iostream>
#include <thread>

#include <gtest/gtest.h>

#include "kitchen/types.hpp"
#include "parley/emulator/server.hpp"
#include "parley/json/value.hpp"

namespace parley {
namespace {

int tell(const Error& error) {
  std::cerr << error.describe() << "\n";
  return 1;
}

std::string printed_by(int (*body)(const std::string& url), int expected) {
  emulator::ServerOptions quick;
  quick.service.pace = std::chrono::milliseconds(0);
  boost::asio::io_context loop(1);
  auto server = std::make_unique<emulator::Server>(loop.get_executor(), std::move(quick));
  EXPECT_TRUE(server->start());
  const auto url = server->base_url();
  auto open = boost::asio::make_work_guard(loop);
  std::thread thread([&] { loop.run(); });
  ::testing::internal::CaptureStdout();
  EXPECT_EQ(body(url), expected);
  const auto out = ::testing::internal::GetCapturedStdout();
  loop.stop();
  thread.join();
  server.reset();
  return out;
}

Result<gemini::Client> make(const std::string& url) {
  const std::string key = "any";
gemini::ClientOptions options;
options.api_key = Secret(key);            // else GOOGLE_API_KEY, else GEMINI_API_KEY
options.base_url = "http://127.0.0.1:8090";  // else GOOGLE_GEMINI_BASE_URL, else Google's; a path in it is kept
  options.base_url = url;
auto client = gemini::Client::make(options);  // fails here, before any traffic, where no key is found
  return client;
}

Task<int> ask(std::string url) {
  const auto client = make(url);
  if (!client) co_return tell(client.error());
auto request = gemini::prompt("Name three rivers");
gemini::set_system_instruction(request, "Answer in French.");

auto answer = co_await client->models().generate_content("gemini-2.5-flash", request);
if (answer) std::cout << gemini::text_of(*answer);
else std::cerr << answer.error().describe() << "\n";

auto stream = co_await client->models().stream_generate_content("gemini-2.5-flash", request);
if (!stream) co_return tell(stream.error());                     // nothing of the answer came
while (auto part = co_await stream->next()) std::cout << gemini::text_of(*part) << std::flush;
if (auto outcome = stream->outcome(); !outcome) co_return tell(outcome.error());   // what came stays valid
  co_return 0;
}
TEST(DocsGeminiClient, AQuestionIsAnsweredWholeAndStreamed) {
  EXPECT_NE(printed_by([](const std::string& url) { return run(ask(url)); }, 0), "");
}
TEST(DocsGeminiClient, WhereNobodyListensTheErrorIsTold) {
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(run(ask("http://127.0.0.1:1")), 1);
  const auto told = ::testing::internal::GetCapturedStderr();
  EXPECT_TRUE(told.starts_with("connect_failed: ")) << told;
}

// The rows of the table of errors that no other test has: what the kind and the details are.
Task<void> a_peer_that_says_nothing() {
  using boost::asio::ip::tcp;
  tcp::acceptor silent(co_await boost::asio::this_coro::executor, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0));
  gemini::ClientOptions options;
  options.api_key = Secret("any");
  options.base_url = "http://127.0.0.1:" + std::to_string(silent.local_endpoint().port());
  EXPECT_EQ(options.http.response_timeout, std::chrono::seconds(60));
  EXPECT_EQ(options.http.read_timeout, std::chrono::seconds(60));
  options.http.response_timeout = std::chrono::milliseconds(1);
  const auto client = gemini::Client::make(options);
  EXPECT_TRUE(client);
  if (!client) co_return;
  const auto request = gemini::prompt("Hello?");
  const auto answer = co_await client->models().generate_content("gemini-2.5-flash", request);
  EXPECT_FALSE(answer);
  if (answer) co_return;
  EXPECT_EQ(answer.error().kind(), ErrorKind::timeout);
  EXPECT_EQ(answer.error().stage(), Stage::receive);
  EXPECT_TRUE(answer.error().retryable());
}
TEST(DocsGeminiClient, NoAnswerInTimeIsATimeout) {
  run(a_peer_that_says_nothing());
}
Task<void> a_bad_key() {
  emulator::ServerOptions refusing;
  refusing.service.bad_keys = {"wrong"};
  emulator::Server server(co_await boost::asio::this_coro::executor, std::move(refusing));
  EXPECT_TRUE(server.start());
  gemini::ClientOptions options;
  options.api_key = Secret("wrong");
  options.base_url = server.base_url();
  const auto client = gemini::Client::make(options);
  EXPECT_TRUE(client);
  if (!client) co_return;
  const auto request = gemini::prompt("Hello?");
  const auto answer = co_await client->models().generate_content("gemini-2.5-flash", request);
  EXPECT_FALSE(answer);
  if (answer) co_return;
  EXPECT_EQ(answer.error().kind(), ErrorKind::unauthenticated);
  EXPECT_EQ(answer.error().service_status(), "INVALID_ARGUMENT");
  EXPECT_EQ(answer.error().detail("reason"), "API_KEY_INVALID");
  co_await server.stop();
}
TEST(DocsGeminiClient, ABadKeyHasItsReason) {
  run(a_bad_key());
}

Task<int> cook(std::string url) {
  const auto client = make(url);
  if (!client) co_return tell(client.error());
auto recipe = co_await gemini::generate_as<kitchen::Recipe>(client->models(), "gemini-2.5-flash", "Pancakes for 4");
if (recipe) std::cout << recipe->name;
else std::cerr << recipe.error().describe();   // "… $.steps[0].minutes: expected an integer, found a string"
  co_return recipe ? 0 : 1;
}
TEST(DocsGeminiClient, AnAnswerIsOfAType) {
  EXPECT_NE(printed_by([](const std::string& url) { return run(cook(url)); }, 0), "");
}

Task<Result<json::Members>> look_up(gemini::CallContext call);   // {"city": "Oslo"} in, {"output": "sunny"} out
Task<Result<json::Members>> look_up(gemini::CallContext call) {
  const auto* city = call.arguments->if_contains("city");
  if (!city) co_return fail(ErrorKind::invalid_argument, "which city?");
  json::Object sunny{{"output", "sunny"}};
  co_return json::Members(std::move(sunny));
}
Result<json::Members> at_once(const json::Members& arguments) {
  json::Object all(*arguments);
  return json::Members(std::move(all));
}

Task<int> talk(std::string url) {
  const auto client = make(url);
  if (!client) co_return tell(client.error());
  gemini::FunctionDeclaration weather("get_weather"), other("echo");
  weather.description = "The weather of a city.";
  weather.parameters = json::parse(R"({"type": "OBJECT", "properties": {"city": {"type": "STRING"}}})").value();
gemini::Chat chat(client->models(), "gemini-2.5-flash");
chat.add_function(weather, look_up);                             // or a plain function
  chat.add_function(other, at_once);
  {
auto stream = chat.stream("What is the weather in Oslo?");       // or co_await chat.send(…)
while (auto piece = co_await stream.next()) std::cout << gemini::text_of(*piece);
    if (auto outcome = stream.outcome(); !outcome) co_return tell(outcome.error());
  }
  const std::string saved = chat.save();
  gemini::Chat again(client->models(), "gemini-2.5-flash");
  if (const auto restored = again.restore(saved); !restored) co_return tell(restored.error());
  EXPECT_EQ(again.history().size(), chat.history().size());
  EXPECT_FALSE(again.restore("{"));
  EXPECT_EQ(again.history().size(), chat.history().size()) << "nothing has changed";
  co_return 0;
}
TEST(DocsGeminiClient, AChatRunsFunctionsAndIsSaved) {
  EXPECT_NE(printed_by([](const std::string& url) { return run(talk(url)); }, 0), "");
}

int wait_for(const std::string& url) {
  ::setenv("GOOGLE_GEMINI_BASE_URL", url.c_str(), 1);
  ::setenv("GEMINI_API_KEY", "any", 1);
  gemini::LiveOptions options("gemini-live-2.5-flash-preview");
auto client = gemini::blocking::Client::make();
  if (!client) return tell(client.error());
auto chat = client->chat("gemini-2.5-flash");
auto answer = chat.send("Hello");                       // waits
  if (!answer) return tell(answer.error());
auto live = client->live(std::move(options));           // pings and functions run also between calls
  ::unsetenv("GOOGLE_GEMINI_BASE_URL");
  ::unsetenv("GEMINI_API_KEY");
  if (!live) return tell(live.error());
  std::cout << gemini::text_of(*answer);
  return 0;
}
TEST(DocsGeminiClient, TheBlockingFormWaits) {
  EXPECT_NE(printed_by(wait_for, 0), "");
}

}  // namespace
}  // namespace parley
