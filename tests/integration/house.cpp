#include "house.hpp"

#include <cstdlib>
#include <filesystem>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <fmt/format.h>

namespace parley::testing {
namespace {

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().describe());
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

Task<void> house_body(Executor executor, const std::function<Task<void>(House&)>& body,
                      HouseOptions options) {
  House house(executor, std::move(options));
  co_await body(house);
  co_await house.chat->stop(std::chrono::milliseconds(0));
  co_await house.emulator.stop();
}

}  // namespace

House::House(Executor on, HouseOptions with)
    : executor(on), options(std::move(with)), emulator(on, options.emulator) {
  must(emulator.start());
  options.chat.http.port = 0;
  open();
}

void House::open() {
  gemini::ClientOptions client;
  client.api_key = Secret("test-key");
  client.base_url = emulator.base_url();
  chat = must(server::ChatServer::make(executor, must(gemini::Client::make(client)), options.chat));
  port = must(chat->listen());
}

Task<void> House::restart() {
  co_await chat->stop(std::chrono::milliseconds(0));
  chat.reset();
  open();
}

http::Url House::url(std::string target, std::string scheme) const {
  http::Url url;
  url.scheme = std::move(scheme);
  url.host = "127.0.0.1";
  url.port = port;
  url.target = std::move(target);
  return url;
}

Task<http::Response> House::request(std::string method, std::string target, std::string body,
                                    std::string header, std::string value) {
  http::Request request;
  request.method = std::move(method);
  request.target = target;
  request.body = std::move(body);
  if (!header.empty()) request.headers.set(header, value);
  const auto to = url(std::move(target));
  auto response = co_await http.send(to, std::move(request));
  co_return must(std::move(response));
}

Task<json::Object> House::json(std::string method, std::string target, std::string body) {
  const auto response = co_await request(std::move(method), std::move(target), std::move(body));
  auto value = must(json::parse(response.body));
  co_return value.as_object();
}

Task<Person> Person::join(const House& house, std::string target) {
  const auto url = house.url(std::move(target), "ws");
  net::ConnectOptions options;
  auto socket = co_await net::connect_websocket(url, options);
  Person person(must(std::move(socket)));
  const auto hello = co_await person.next();
  EXPECT_EQ(text_of(hello, "type"), "connected");
  co_return person;
}

Task<void> Person::say(std::string frame) {
  must(co_await socket_.send_text(std::move(frame)));
}

Task<void> Person::chat(std::string text) {
  std::string frame;
  json::Writer(frame).begin_object().field("type", "chat").field("message", text).end_object();
  co_await say(std::move(frame));
}

Task<json::Object> Person::next() {
  auto message = co_await socket_.next();
  if (!message)
    throw std::runtime_error(fmt::format("the connection ended with {}", socket_.close_code()));
  const auto value = must(json::parse(message->data));
  frames_.push_back(value.as_object());
  co_return frames_.back();
}

Task<json::Object> Person::until(std::string type) {
  for (;;) {
    auto frame = co_await next();
    if (text_of(frame, "type") == type || text_of(frame, "update_type") == type) co_return frame;
  }
}

Task<int> Person::until_closed() {
  while (auto message = co_await socket_.next())
    frames_.push_back(must(json::parse(message->data)).as_object());
  co_return socket_.close_code();
}

std::string Person::chunks() const {
  std::string text;
  for (const auto& frame : frames_)
    if (text_of(frame, "type") == "chunk") text += text_of(frame, "text");
  return text;
}

std::string Person::id() const {
  return text_of(frames_.front(), "connection_id");
}

std::string text_of(const json::Object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value && value->is_string() ? std::string(value->as_string()) : "";
}

std::int64_t number_of(const json::Object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value && value->is_int64() ? value->as_int64() : -1;
}

void drive(std::function<Task<void>(Executor)> body) {
  boost::asio::io_context loop(1);
  bool ended = false;
  boost::asio::co_spawn(loop, body(loop.get_executor()), [&](std::exception_ptr problem) {
    ended = true;
    loop.stop();
    try {
      if (problem) std::rethrow_exception(problem);
    } catch (const std::exception& thrown) {
      ADD_FAILURE() << "the test threw: " << thrown.what();
    }
  });
  loop.run_for(std::chrono::minutes(2));
  EXPECT_TRUE(ended) << "the test hangs";
}

void in_house(std::function<Task<void>(House&)> body, HouseOptions options) {
  drive([&](Executor executor) { return house_body(executor, body, options); });
}

Folder::Folder() {
  std::string name = (std::filesystem::temp_directory_path() / "parley-test-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
  path_ = name;
}
Folder::~Folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace parley::testing
