// The client generated from definitions/chat.yaml talks to the real chat server: each frame of the
// server is one of the definition's.
#include "house.hpp"
#include "parley_chat/chat.hpp"

namespace parley {
namespace {

using testing::House;
using testing::HouseOptions;
namespace chat = parley_chat::chat;

Task<void> talk() {
  House house(co_await boost::asio::this_coro::executor, HouseOptions());
  api::SessionOptions options;
  options.base_url = house.url("", "ws").origin();
  auto session = co_await chat::connect(chat::Params(), options);
  EXPECT_TRUE(session) << session.error().describe();
  if (!session) co_return;
  parley_chat::ChatMessage question("repeat: hello there");
  EXPECT_TRUE(co_await session->send_chat(question));
  std::string heard, whole;
  bool created = false;
  while (whole.empty()) {
    auto message = co_await session->next();
    EXPECT_TRUE(message);
    if (!message) break;
    EXPECT_FALSE(std::holds_alternative<json::Unknown>(*message))
        << json::to_string(std::get<json::Unknown>(*message).value);
    created = created || std::holds_alternative<parley_chat::SessionCreated>(*message);
    if (const auto* chunk = std::get_if<parley_chat::Chunk>(&*message)) heard += chunk->text;
    if (const auto* done = std::get_if<parley_chat::ResponseComplete>(&*message))
      whole = done->full_response;
    // Nothing that the server says is missing in the definition.
    std::visit(
        [](const auto& one) {
          if constexpr (requires { one.extra; }) {
            EXPECT_TRUE(one.extra.empty()) << json::to_string(*one.extra);
          }
        },
        *message);
  }
  EXPECT_TRUE(created);
  EXPECT_EQ(whole, "hello there");
  EXPECT_EQ(heard, whole);
  auto closing = co_await std::move(*session).close();
  EXPECT_TRUE(closing);
  while (co_await closing->next()) continue;
  EXPECT_TRUE(closing->outcome());
}

TEST(ChatDefinition, TheGeneratedClientUnderstandsTheServer) {
  run(talk());
}

}  // namespace
}  // namespace parley
