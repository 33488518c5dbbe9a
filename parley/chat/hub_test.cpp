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
            "bad_request: The field message must be a string");
  EXPECT_EQ(complaint(R"({"type":"chat","message":"x","session_id":3})"),
            "bad_request: The field session_id must be a string");
  EXPECT_EQ(complaint(R"({"type":"join_session"})"),
            "bad_request: The field session_id is required");
  EXPECT_TRUE(complaint(R"({"type":"chat","message":")" + std::string(65'537, 'x') + "\"}")
                  .starts_with("too_large: "));
  EXPECT_TRUE(world.closed.empty()) << "a bad message never closes the connection";
  world.say("a", R"({"type":"ping","timestamp":"now","extra":{"ignored":[1]}})");
  EXPECT_EQ(world.count("a", "pong"), 1u);
}

TEST(Chat_CommitBeforeShown, NothingIsSentBeforeItsCommit) {
  World world;
  world.hold = true;
  world.connect("a");
  world.say("a", R"({"type":"create_session"})");
  EXPECT_EQ(world.count("a", "session_created"), 0u);
  world.say("a", R"({"type":"chat","message":"first"})");
  world.commit(1);
  EXPECT_EQ(world.count("a", "session_created"), 1u);
  EXPECT_EQ(world.count("a", "message_added"), 0u);
  world.commit(1);
  EXPECT_EQ(world.count("a", "message_added"), 1u);
  world.model_says("one");
  EXPECT_EQ(world.count("a", "chunk"), 0u);
  world.model_ends();
  world.commit(1);
  EXPECT_EQ(world.count("a", "chunk"), 1u);
  EXPECT_EQ(world.count("a", "response_complete"), 0u);
  world.commit(1);
  EXPECT_EQ(world.count("a", "response_complete"), 1u);
}

TEST(Chat_CommitBeforeShown, AFailedCommitIsToldAndNothingIsShown) {
  const Result<void> full = fail(ErrorKind::storage, "the disk is full");
  World world;
  const auto session = world.start("a");
  world.hold = true;
  world.chat("a", "lost");
  world.commit(1, full);
  EXPECT_EQ(text_of(world.last("a", "error"), "code"), "not_durable");
  EXPECT_EQ(text_of(world.last("a", "error"), "message"), "Server error: the disk is full");
  EXPECT_EQ(world.hub.session(session)->session.message_count(), 0);
  world.chat("a", "kept");
  world.commit();
  world.model_says("gone");
  world.commit(1, full);
  EXPECT_EQ(world.count("a", "chunk"), 0u);
  EXPECT_EQ(world.cancelled.size(), 1u);
  ASSERT_EQ(world.log.size(), 1u);
  const auto answer = std::get<AddMessage>(world.log[0].transaction[0]).message;
  EXPECT_EQ(answer.content, "gone") << "kept, and marked as failed";
  EXPECT_EQ(answer.status, Status::failed);
  world.commit();
  world.hold = false;
  world.chat("a", "next");
  world.model_says("fine");
  world.model_ends();
  EXPECT_EQ(world.answer_seen("a"), "fine");
}

TEST(Chat_CommitBeforeShown, ALostPieceNeverChangesTheOrderOfWhatIsShown) {
  World world;
  world.start("a");
  world.chat("a", "hello");
  world.hold = true;
  world.model_says("one ");
  world.model_says("two ");
  world.model_says("three");
  world.model_ends();
  world.commit();
  world.commit(1, fail(ErrorKind::storage, "the disk is full"));
  world.commit();
  EXPECT_EQ(world.answer_seen("a"), "one ");
  world.commit();
  EXPECT_EQ(world.answer_seen("a"), "one two three") << "the end shows the rest";
  EXPECT_EQ(text_of(world.last("a", "response_complete"), "full_response"), "one two three");
}

TEST(Chat_Restart, WhatWasShownIsKeptAndWhatWaitedIsAsked) {
  World world;
  Session session;
  session.id = "s";
  session.model = "gemini-2.5-flash";
  session.user_messages = 2;
  session.last_activity = world.now.wall;
  OpenGeneration running, waiting;
  running.id = "g1";
  waiting.id = "g2";
  running.session_id = waiting.session_id = "s";
  running.question_id = "q1";
  waiting.question_id = "q2";
  running.answer_id = "a1";
  running.text = "half an ans";
  world.hub.restore({session}, {running, waiting}, world.now);
  world.settle();
  ASSERT_EQ(world.transactions.size(), 1u);
  const auto& kept = std::get<AddMessage>(world.transactions[0][0]).message;
  EXPECT_EQ(kept.content, "half an ans");
  EXPECT_EQ(kept.status, Status::failed);
  ASSERT_EQ(world.started.size(), 1u);
  EXPECT_EQ(world.started[0].question_id, "q2");
  world.connect("a");
  world.join("a", "s");
  EXPECT_EQ(number_of(world.last("a", "session_joined"), "message_count"), 3);
}

}  // namespace
}  // namespace parley::chat
