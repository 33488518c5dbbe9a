#pragma once

// A chat server and the emulator behind it, on one loop over loopback sockets, and people who talk.

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "parley/emulator/server.hpp"
#include "parley/json/value.hpp"
#include "parley/net/http_client.hpp"
#include "parley/server/chat_server.hpp"

namespace parley::testing {

struct HouseOptions {
  HouseOptions() { emulator.service.pace = std::chrono::milliseconds(0); }
  emulator::ServerOptions emulator;
  server::ChatServerOptions chat;
};

class House {
 public:
  House(Executor executor, HouseOptions options);

  // A request to the chat server.
  Task<http::Response> request(std::string method, std::string target, std::string body = "",
                               std::string header = "", std::string value = "");
  // The same; gives the JSON body.
  Task<json::Object> json(std::string method, std::string target, std::string body = "");
  http::Url url(std::string target, std::string scheme = "http") const;
  // Ends the chat server and starts it again on what its log holds.
  Task<void> restart();

  Executor executor;
  HouseOptions options;
  emulator::Server emulator;
  std::unique_ptr<server::ChatServer> chat;
  net::HttpClient http;
  std::uint16_t port = 0;

 private:
  void open();
};

// One person's connection; keeps every frame.
class Person {
 public:
  explicit Person(net::WebSocket socket) : socket_(std::move(socket)) {}
  // Connects and reads `connected`.
  static Task<Person> join(const House& house, std::string target = "/ws");

  Task<void> say(std::string frame);
  Task<void> chat(std::string text);
  // The next frame; throws, and so fails the test, where the connection has ended.
  Task<json::Object> next();
  // Reads up to a frame of this type (or update_type) and gives it.
  Task<json::Object> until(std::string type);
  // Reads until the server ends the connection; gives the close code.
  Task<int> until_closed();

  net::WebSocket& socket() { return socket_; }
  const std::vector<json::Object>& frames() const { return frames_; }
  // All chunk texts of the frames so far.
  std::string chunks() const;
  std::string id() const;

 private:
  net::WebSocket socket_;
  std::vector<json::Object> frames_;
};

std::string text_of(const json::Object& object, std::string_view key);
std::int64_t number_of(const json::Object& object, std::string_view key);

// Runs a test's coroutine on a loop of its own. A test that does not end within two minutes fails:
// nothing in it waits for time.
void drive(std::function<Task<void>(Executor)> body);
// The same with a house.
void in_house(std::function<Task<void>(House&)> body, HouseOptions options = HouseOptions());

// A folder that is removed at the end.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace parley::testing
