// Talks to a chat server over its WebSocket: asks one question and prints the answer's chunks.
//
//   parley serve
//   example_chat_client ws://127.0.0.1:8000/ws "Hello"

#include <iostream>

#include "parley/json/value.hpp"
#include "parley/json/writer.hpp"
#include "parley/net/websocket.hpp"

using namespace parley;

Task<int> talk(std::string address, std::string question) {
  const auto url = http::parse_url(address);
  if (!url) {
    std::cerr << url.error().message() << "\n";
    co_return 2;
  }
  net::ConnectOptions options;
  auto socket = co_await net::connect_websocket(*url, options);
  if (!socket) {
    std::cerr << socket.error().describe() << "\n";
    co_return 1;
  }
  std::string frame;
  json::Writer(frame).begin_object().field("type", "chat").field("message", question).end_object();
  co_await socket->send_text(frame);
  while (auto message = co_await socket->next()) {
    const auto value = json::parse(message->data);
    const auto& type = value->at("type").as_string();
    if (type == "chunk") std::cout << value->at("text").as_string().c_str() << std::flush;
    if (type == "error") std::cerr << value->at("message").as_string().c_str() << "\n";
    if (type == "error" || type == "response_complete") socket->close();
  }
  std::cout << "\n";
  co_return socket->outcome() ? 0 : 1;
}

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: example_chat_client ws://HOST:PORT/ws QUESTION\n";
    return 2;
  }
  return run(talk(argv[1], argv[2]));
}
