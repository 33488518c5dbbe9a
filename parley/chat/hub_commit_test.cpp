#include <gtest/gtest.h>

#include "parley/chat/detail/test_world.hpp"
#include "parley/chat/hub.hpp"

namespace parley::chat {
namespace {

using testing::number_of;
using testing::text_of;
using testing::World;
using Types = std::vector<std::string>;

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
