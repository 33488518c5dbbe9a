#include <gtest/gtest.h>

#include "parley/chat/detail/test_world.hpp"
#include "parley/chat/hub.hpp"

namespace parley::chat {
namespace {

using testing::number_of;
using testing::text_of;
using testing::World;
using Types = std::vector<std::string>;

TEST(ServerLog_C57, EachStepOfAnAnswerIsTold) {
  World world;
  const auto session = world.start("a");
  world.chat("a", "hello there");
  world.model_says("x");
  world.model_ends();
  std::vector<std::string> names;
  for (const auto& notice : world.notices) names.push_back(notice.name);
  EXPECT_EQ(names, (Types{"chat.connected", "chat.message", "chat.message", "chat.generating",
                          "chat.chunk", "chat.chunk", "chat.complete"}))
      << "the last chunk ends the answer";
  EXPECT_EQ(world.notices[1].field("type"), "create_session");
  EXPECT_EQ(world.notices[2].field("connection"), "a");
  EXPECT_EQ(world.notices[2].field("session"), session);
  EXPECT_EQ(world.notices[2].field("preview"), "hello there");
}

TEST(ChatContract_A14_A15, StatisticsAddUp) {
  World world;
  world.start("a");
  world.say("a", R"({"type":"ping"})");
  EXPECT_EQ(world.count("a", "pong"), 1u);
  world.chat("a", "good");
  world.advance(std::chrono::milliseconds(1500));
  world.model_says("x");
  world.model_ends();
  world.chat("a", "bad");
  world.model_fails(Error(ErrorKind::unavailable, "overloaded"));
  world.chat("a", "dropped");
  ASSERT_TRUE(
      world.hub.clear_session(1, world.hub.sessions(1, "", world.now)[0].session.id, world.now));
  world.settle();
  world.chat("a", "open");
  const auto counts = world.hub.statistics(world.now);
  EXPECT_EQ(counts.total, 4);
  EXPECT_EQ(counts.successful, 1);
  EXPECT_EQ(counts.failed, 1);
  EXPECT_EQ(counts.cancelled, 1);
  EXPECT_EQ(counts.under_way, 1);
  EXPECT_EQ(counts.messages_received, 6);
  EXPECT_EQ(counts.sessions_created, 1);
  EXPECT_DOUBLE_EQ(counts.average_response_time, 1.5);
}

TEST(ChatContract_A16, AFailedAnswerIsToldStoredAndLeftOutOfTheContext) {
  World world;
  const auto session = world.start("a");
  world.connect("b");
  world.join("b", session);
  world.chat("a", "Hello");
  world.model_says("partial");
  world.model_fails(Error(ErrorKind::rate_limited, "quota is used up")
                        .with_retry_after(std::chrono::milliseconds(7500)));
  for (const std::string who : {"a", "b"}) {
    const auto error = world.last(who, "error");
    EXPECT_EQ(text_of(error, "message"), "Error generating response: quota is used up");
    EXPECT_EQ(text_of(error, "code"), "quota");
    EXPECT_EQ(number_of(error, "retry_after_ms"), 7500);
    EXPECT_EQ(error.at("retryable"), true);
  }
  EXPECT_EQ(text_of(world.last("a", "message_added"), "status"), "failed");
  world.chat("a", "again");
  EXPECT_EQ(number_of(world.last("a", "status"), "context_messages"), 2)
      << "two questions, no failed answer";
  std::vector<Message> log(4);
  log[0].id = "q1";
  log[0].seq = 1;
  log[1].role = Role::model;
  log[1].status = Status::failed;
  log[1].seq = 2;
  log[2].id = "q2";
  log[2].seq = 3;
  log[3].id = "q3";
  log[3].seq = 4;
  const auto context = make_context(log, "q2");
  ASSERT_EQ(context.size(), 2u);
  EXPECT_EQ(context.back().id, "q2") << "what waits behind it is not part of it";
}

TEST(ChatContract_A17_C22, ListsActiveSessionsNewestFirst) {
  World world;
  const auto old = world.start("a");
  world.advance(std::chrono::hours(1));
  const auto fresh = world.start("b");
  auto listed = world.hub.sessions(10, "", world.now);
  ASSERT_EQ(listed.size(), 2u);
  EXPECT_EQ(listed[0].session.id, fresh);
  EXPECT_EQ(listed[0].connected_clients, 1u);
  EXPECT_EQ(world.hub.sessions(10, fresh, world.now).at(0).session.id, old);
  EXPECT_EQ(world.hub.sessions(1, "", world.now).size(), 1u);
  world.hub.disconnected("a", "", world.now);
  world.hub.disconnected("b", "", world.now);
  world.advance(std::chrono::hours(23) + std::chrono::minutes(30));
  listed = world.hub.sessions(10, "", world.now);
  ASSERT_EQ(listed.size(), 1u) << "a day without activity and members";
  EXPECT_EQ(listed[0].session.id, fresh);
  EXPECT_TRUE(world.hub.session(old)) << "but it is still there";
}

TEST(ChatContract_A20, DeletingCancelsTellsAndDetaches) {
  World world;
  const auto session = world.start("a");
  world.connect("b");
  world.join("b", session);
  world.chat("a", "one");
  world.chat("b", "two");
  ASSERT_TRUE(world.hub.delete_session(5, session, world.now));
  world.settle();
  EXPECT_EQ(world.cancelled.size(), 1u);
  EXPECT_EQ(text_of(world.last("b", "error"), "code"), "conflict") << "its question waited";
  EXPECT_EQ(world.types("b").back(), "session_deleted");
  EXPECT_TRUE(world.replies.at(5));
  EXPECT_FALSE(world.hub.delete_session(6, session, world.now));
  world.say("a", R"({"type":"chat","message":"x","session_id":")" + session + "\"}");
  EXPECT_EQ(text_of(world.last("a", "error"), "code"), "session_not_found");
  world.hub.generation_text(world.started[0].generation_id, "late", false, world.now);
  world.settle();
  EXPECT_EQ(world.count("a", "chunk"), 0u);
}

TEST(ChatContract_A21, ClearingCancelsAndEmpties) {
  World world;
  const auto session = world.start("a");
  world.chat("a", "one");
  world.model_says("part");
  ASSERT_TRUE(world.hub.clear_session(5, session, world.now));
  world.settle();
  EXPECT_EQ(world.cancelled.size(), 1u);
  EXPECT_EQ(number_of(world.last("a", "session_cleared"), "message_count"), 0);
  EXPECT_EQ(world.hub.session(session)->session.message_count(), 0);
  world.chat("a", "again");
  EXPECT_EQ(number_of(world.last("a", "status"), "context_messages"), 1);
}

TEST(ChatContract_A22_C1, UnknownModelsMakeNoSession) {
  HubOptions options;
  options.models = {"gemini-2.5-flash", "gemini-2.0-flash"};
  World world(options);
  world.connect("a");
  world.say("a", R"({"type":"create_session","model_id":"gpt"})");
  EXPECT_EQ(text_of(world.last("a", "error"), "code"), "unknown_model");
  EXPECT_EQ(world.count("a", "session_created"), 0u);
  EXPECT_FALSE(world.hub.create_session(1, "gpt", world.now));
  ASSERT_TRUE(world.hub.create_session(2, "gemini-2.0-flash", world.now));
  world.settle();
  EXPECT_EQ(world.hub.session(*world.replies.at(2))->session.model, "gemini-2.0-flash");
}

TEST(ChatContract_A24, BinaryFramesEndTheConnection) {
  World world;
  world.connect("a");
  world.hub.received_binary("a", world.now);
  world.settle();
  EXPECT_EQ(world.count("a", "error"), 1u);
  EXPECT_EQ(world.closed["a"], 1003);
}

TEST(ChatContract_A34, AnAnswerOutlivesItsReaders) {
  World world;
  const auto session = world.start("a");
  world.chat("a", "Hello");
  world.hub.disconnected("a", "", world.now);
  world.settle();
  EXPECT_TRUE(world.cancelled.empty());
  world.model_says("done");
  world.model_ends();
  EXPECT_EQ(world.hub.session(session)->session.message_count(), 2);
}

TEST(ChatContract_A35, JoinDuringAnAnswerGetsTheTextSoFarOnceThenLive) {
  World world;
  const auto session = world.start("a");
  world.chat("a", "Hello");
  world.model_says("one ");
  world.model_says("two ");
  world.hold = true;
  world.model_says("three ");  // not committed when b joins
  world.connect("b");
  world.forget();
  world.join("b", session);
  EXPECT_EQ(world.types("b"), (Types{"session_joined", "response_start", "chunk"}));
  EXPECT_EQ(text_of(world.last("b", "chunk"), "text"), "one two ");
  EXPECT_EQ(world.last("b", "chunk").at("merged"), true);
  EXPECT_EQ(number_of(world.last("b", "chunk"), "chunk_number"), 2);
  world.commit();
  world.hold = false;
  world.model_says("four");
  world.model_ends();
  EXPECT_EQ(world.answer_seen("b"), "one two three four");
}

TEST(ChatContract_C15_C8, EveryErrorTextOfTheContract) {
  World world;
  world.connect("a");
  const auto complaint = [&](std::string_view frame) {
    world.say("a", frame);
    const auto error = world.last("a", "error");
    EXPECT_TRUE(error.contains("request_id"));
    return text_of(error, "code") + ": " + text_of(error, "message");
  };
  EXPECT_EQ(complaint("{"), "bad_json: Invalid JSON format");
  EXPECT_EQ(complaint("[1]"), "bad_json: Invalid JSON format");
  EXPECT_EQ(complaint(R"({"type":"chat","type":"ping"})"), "bad_json: Invalid JSON format");
  EXPECT_EQ(complaint(std::string(40, '[') + std::string(40, ']')),
            "bad_json: Invalid JSON format");
  EXPECT_EQ(complaint("{}"), "bad_request: The field type is required");
  EXPECT_EQ(complaint(R"({"type":7})"), "bad_request: The field type must be a string");
  EXPECT_EQ(complaint(R"({"type":"dance"})"), "unknown_type: Unknown message type: dance");
  EXPECT_EQ(complaint(R"({"type":"a\u001b[31m\nb"})"), "unknown_type: Unknown message type: a b");
  EXPECT_EQ(complaint(R"({"type":"chat"})"), "message_required: Message is required");
  EXPECT_EQ(complaint(R"({"type":"chat","message":" \n "})"),
            "message_required: Message is required");
  EXPECT_EQ(complaint(R"({"type":"chat","message":["x"]})"),
            "bad_request: Invalid message: $.message: expected a string, found an array");
  EXPECT_EQ(complaint(R"({"type":"chat","message":"x","session_id":3})"),
            "bad_request: Invalid message: $.session_id: expected a string, found a number");
  EXPECT_EQ(complaint(R"({"type":"join_session"})"),
            "bad_request: Invalid message: the member \"session_id\" is missing");
  EXPECT_TRUE(complaint(R"({"type":"chat","message":")" + std::string(65'537, 'x') + "\"}")
                  .starts_with("too_large: "));
  EXPECT_TRUE(world.closed.empty()) << "a bad message never closes the connection";
  world.say("a", R"({"type":"ping","timestamp":"now","extra":{"ignored":[1]}})");
  EXPECT_EQ(world.count("a", "pong"), 1u);
}

}  // namespace
}  // namespace parley::chat
