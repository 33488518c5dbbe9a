#include "parley/chat/hub.hpp"

#include <gtest/gtest.h>

#include "parley/chat/detail/test_world.hpp"

namespace parley::chat {
namespace {

using testing::number_of;
using testing::text_of;
using testing::World;
using Types = std::vector<std::string>;

TEST(ChatContract_1_2, ConnectedIsFirstAndNamesTheServer) {
  World world;
  world.connect("a");
  const auto hello = world.last("a", "connected");
  EXPECT_EQ(text_of(hello, "connection_id"), "a");
  EXPECT_EQ(hello.at("server_info").at("model"), "gemini-2.5-flash");
  EXPECT_EQ(hello.at("server_info").at("framework"), "Parley");
  EXPECT_TRUE(text_of(hello, "timestamp").ends_with("Z"));
}

TEST(ChatContract_1_3, AChatGoesThroughItsFramesInOrder) {
  World world;
  const auto session = world.start("a");
  world.forget();
  world.chat("a", "Hello");
  world.model_says("Hi ");
  world.model_says("there\n");
  world.model_ends();
  EXPECT_EQ(world.types("a"), (Types{"message_added", "status", "response_start", "chunk", "chunk",
                                     "chunk", "response_complete", "message_added"}));
  EXPECT_EQ(number_of(world.last("a", "status"), "context_messages"), 1) << "A5";
  EXPECT_EQ(number_of(world.last("a", "response_start"), "total_length"), 0) << "A4";
  const auto complete = world.last("a", "response_complete");
  EXPECT_EQ(text_of(complete, "full_response"), world.answer_seen("a")) << "A2";
  EXPECT_EQ(number_of(complete, "total_chunks"), 3);
  EXPECT_EQ(number_of(complete, "message_count"), 2);
  EXPECT_EQ(number_of(complete, "total_length"), 9);
  EXPECT_EQ(text_of(complete, "session_id"), session);
  EXPECT_TRUE(complete.at("processing_time").is_double());
}

TEST(ChatContract_A1_C13, EveryMemberGetsTheSameChunks) {
  World world;
  const auto session = world.start("a");
  world.connect("b");
  world.join("b", session);
  world.connect("stranger");
  world.chat("a", "Hello");
  world.model_says("one");
  world.model_ends();
  EXPECT_EQ(world.answer_seen("b"), "one");
  EXPECT_EQ(text_of(world.last("b", "response_start"), "request_connection_id"), "a");
  EXPECT_EQ(world.count("b", "status"), 0u) << "the status is the asker's";
  EXPECT_EQ(world.count("stranger", "chunk"), 0u);
}

TEST(ChatContract_A2, CompatibleChunksAreTrimmedGroupsOfFourWords) {
  World world;
  const auto session = world.start("a");
  world.connect("old", true);
  world.join("old", session);
  world.chat("a", "Hello");
  world.model_says("one two  three\nfour fi");
  world.model_says("ve six");
  world.model_ends();
  Types texts;
  for (const auto& frame : world.seen["old"])
    if (testing::type_of(frame) == "chunk") texts.push_back(text_of(frame, "text"));
  EXPECT_EQ(texts.size(), 2u);
  EXPECT_EQ(texts.back(), "five six");
  EXPECT_EQ(world.last("old", "chunk").at("is_final"), true);
  EXPECT_EQ(number_of(world.last("old", "response_complete"), "total_chunks"), 2);
  EXPECT_EQ(number_of(world.last("a", "response_complete"), "total_chunks"), 3);
}

TEST(ChatContract_A3, ExactlyOneChunkIsFinalAndCarriesTheTail) {
  for (const bool flagged : {true, false}) {
    World world;
    world.start("a");
    world.chat("a", "Hello");
    world.model_says("one ");
    world.model_says("two", flagged);
    world.model_ends();
    std::size_t finals = 0;
    for (const auto& frame : world.seen["a"])
      finals += testing::type_of(frame) == "chunk" && frame.at("is_final") == true;
    EXPECT_EQ(finals, 1u);
    EXPECT_EQ(text_of(world.last("a", "chunk"), "text"), flagged ? "two" : "");
    EXPECT_EQ(number_of(world.last("a", "chunk"), "chunk_number"),
              number_of(world.last("a", "response_complete"), "total_chunks"));
    EXPECT_EQ(world.answer_seen("a"), "one two");
  }
}

TEST(ChatContract_A3, TextAfterTheFlaggedEndKeepsItsPlace) {
  World world;
  world.start("a");
  world.chat("a", "Hello");
  world.model_says("one ", true);
  world.model_says("two ");
  world.model_says("three", true);
  world.model_ends();
  EXPECT_EQ(world.answer_seen("a"), "one two three");
}

TEST(ChatContract_A6_A31, EachStoredMessageIsToldAfterItsCommit) {
  World world;
  world.start("a");
  world.chat("a", "Hello");
  const auto question = world.last("a", "message_added");
  EXPECT_EQ(text_of(question, "role"), "user");
  EXPECT_EQ(number_of(question, "message_count"), 1);
  world.model_says("x");
  world.model_ends();
  EXPECT_EQ(world.types("a").back(), "message_added");
  EXPECT_EQ(text_of(world.last("a", "message_added"), "role"), "model");
  EXPECT_EQ(number_of(world.last("a", "message_added"), "message_count"), 2);
}

TEST(ChatContract_C14, PreviewsAreCutAtCodePoints) {
  World world;
  world.start("a");
  std::string text;
  for (int i = 0; i < 60; ++i) text += "é";
  world.chat("a", text);
  EXPECT_EQ(text_of(world.last("a", "message_added"), "last_message_preview").size(), 100u);
}

TEST(ChatContract_A7, AnUnknownSessionIsAnError) {
  World world;
  world.connect("a");
  world.say("a", R"({"type":"chat","message":"x","session_id":"nope"})");
  EXPECT_EQ(text_of(world.last("a", "error"), "message"), "Session not found");
  EXPECT_EQ(text_of(world.last("a", "error"), "code"), "session_not_found");
  world.say("a", R"({"type":"join_session","session_id":"nope"})");
  EXPECT_EQ(world.count("a", "error"), 2u);
  EXPECT_TRUE(world.started.empty());
}

TEST(ChatContract_A7_C4, WithoutASessionOneIsMadeAndAnnouncedFirst) {
  World world;
  world.connect("a");
  world.forget();
  world.say("a", R"({"type":"chat","message":"x","session_id":null})");
  EXPECT_EQ(world.types("a"),
            (Types{"session_created", "message_added", "status", "response_start"}));
}

TEST(ChatContract_A8_A9, AChatInAnotherSessionLeavesTheFirst) {
  World world;
  const auto first = world.start("a");
  world.connect("b");
  world.join("b", first);
  const auto second = world.start("c");
  world.say("b", R"({"type":"chat","message":"x","session_id":")" + second + "\"}");
  EXPECT_EQ(world.count("a", "user_left"), 1u);
  EXPECT_EQ(world.count("c", "user_joined"), 1u);
  EXPECT_EQ(world.count("c", "response_start"), 1u);
  EXPECT_EQ(world.count("a", "response_start"), 0u);
}

TEST(ChatContract_A10, ChatsOfOneSessionWaitTheirTurn) {
  World world;
  const auto session = world.start("a");
  world.connect("b");
  world.join("b", session);
  world.chat("a", "first");
  world.chat("b", "second");
  EXPECT_EQ(number_of(world.last("b", "status"), "queue_position"), 1);
  EXPECT_EQ(world.started.size(), 1u);
  world.model_says("answer one");
  world.model_ends();
  ASSERT_EQ(world.started.size(), 2u);
  EXPECT_EQ(number_of(world.last("b", "status"), "context_messages"), 3)
      << "two questions and one answer";
  EXPECT_EQ(number_of(world.last("a", "status"), "context_messages"), 1);
}

TEST(ChatContract_A10, AFullQueueRefuses) {
  World world;
  world.start("a");
  for (int i = 0; i < 9; ++i) world.chat("a", "m");
  EXPECT_EQ(world.count("a", "error"), 0u);
  world.chat("a", "one too many");
  EXPECT_EQ(text_of(world.last("a", "error"), "code"), "queue_full");
  EXPECT_EQ(world.last("a", "error").at("retryable"), true);
  for (int i = 0; i < 9; ++i) world.model_ends();
  EXPECT_EQ(world.started.size(), 9u);
}

TEST(ChatContract_A11, MembersHearWhoComesAndGoes) {
  World world;
  const auto session = world.start("a");
  world.connect("b");
  world.join("b", session);
  EXPECT_EQ(text_of(world.last("a", "user_joined"), "connection_id"), "b");
  EXPECT_EQ(world.count("b", "user_joined"), 0u);
  world.hub.disconnected("b", "gone", world.now);
  world.settle();
  EXPECT_EQ(world.count("a", "user_disconnected"), 1u);
}

TEST(ChatContract_A12_A13, TypingIsToldToOthersAndEndsByItself) {
  World world;
  const auto session = world.start("a");
  world.connect("b");
  world.join("b", session);
  const auto told = [&] { return world.count("b", "user_typing"); };
  world.say("a", R"({"type":"typing_start"})");
  world.say("a", R"({"type":"typing_start"})");
  EXPECT_EQ(told(), 1u);
  EXPECT_EQ(world.count("a", "user_typing"), 0u) << "never to the one who types";
  EXPECT_EQ(world.hub.next_timeout(), world.now.mono + std::chrono::seconds(6));
  world.advance(std::chrono::seconds(6));
  EXPECT_EQ(told(), 2u);
  EXPECT_EQ(world.last("b", "user_typing").at("typing"), false);
  EXPECT_EQ(world.hub.next_timeout(), std::nullopt);
  world.say("a", R"({"type":"typing_start"})");
  world.say("a", R"({"type":"typing_stop"})");
  world.say("a", R"({"type":"typing_start"})");  // within two seconds: not relayed
  EXPECT_EQ(told(), 4u);
  world.advance(std::chrono::seconds(3));
  world.say("a", R"({"type":"typing_start"})");
  world.chat("a", "sent");
  EXPECT_EQ(world.last("b", "user_typing").at("typing"), false) << "a message ends it";
  world.advance(std::chrono::seconds(3));
  world.say("a", R"({"type":"typing_start"})");
  world.hub.disconnected("a", "gone", world.now);
  world.settle();
  EXPECT_EQ(world.last("b", "user_typing").at("typing"), false) << "so does a disconnect";
}

}  // namespace
}  // namespace parley::chat
