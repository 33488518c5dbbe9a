#include "parley/cli/chat_view.hpp"

#include <gtest/gtest.h>

namespace parley::cli {
namespace {

constexpr std::string_view kConnected =
    R"({"type":"connected","connection_id":"c1","server_info":{"model":"gemini-2.5-flash"}})";

TEST(ChatView, OffATerminalOnlyAnswersToOwnQuestionsAreShown) {
  ChatView view(Style::plain());
  EXPECT_EQ(view.show(kConnected), "");
  EXPECT_EQ(view.prompt(), "");
  view.asked();
  EXPECT_EQ(view.show(R"({"type":"status","context_messages":1})"), "");
  EXPECT_EQ(view.show(R"({"type":"response_start","request_connection_id":"c1"})"), "");
  EXPECT_EQ(view.show(R"({"type":"chunk","text":"one "})"), "one ");
  EXPECT_EQ(view.show(R"({"type":"chunk","text":"two"})"), "two");
  EXPECT_EQ(view.show(R"({"type":"response_complete"})"), "\n") << "a file ends with a line end";
  EXPECT_EQ(view.waiting(), 0);
  EXPECT_FALSE(view.failed());
  EXPECT_EQ(view.show(R"({"type":"response_start","request_connection_id":"other"})"), "");
  EXPECT_EQ(view.show(R"({"type":"chunk","text":"not ours"})"), "");
}

TEST(ChatView_C39, WhatOthersWriteCannotDriveTheTerminal) {
  ChatView view(Style::coloured());
  view.show(kConnected);
  view.show(R"({"type":"response_start","request_connection_id":"c1"})");
  const auto shown =
      view.show(R"({"type":"chunk","text":"\u001b]0;title\u0007\u001b[2Jx\u009b31my"})");
  EXPECT_EQ(shown, "x31my");
  EXPECT_EQ(view.show(R"({"type":"error","message":"\u001b[31mbad"})").find("\x1b[31mbad"),
            std::string::npos);
}

TEST(ChatView_C48, AnAnswerHasItsHeaderAndItsBox) {
  ChatView view(Style::coloured());
  view.show(kConnected);
  view.show(R"({"type":"session_created","session_id":"12345678-aaaa","model":"m"})");
  EXPECT_NE(view.prompt().find("[12345678...]"), std::string::npos);
  EXPECT_NE(view.show(R"({"type":"status","context_messages":3})").find("Context: 3"),
            std::string::npos);
  EXPECT_NE(view.show(R"({"type":"response_start","request_connection_id":"c1"})").find("12345678"),
            std::string::npos);
  view.show(R"({"type":"chunk","text":"text"})");
  const auto done = view.show(
      R"({"type":"response_complete","total_chunks":2,"processing_time":1.5,"message_count":4})");
  EXPECT_TRUE(done.starts_with("\n")) << "the text's last line is ended first";
  for (const char* part : {"RESPONSE COMPLETED", "1.500s", "4"})
    EXPECT_NE(done.find(part), std::string::npos) << part;
}

TEST(ChatView_C49, NoticesTellWhatOthersDo) {
  ChatView view(Style::coloured());
  view.show(kConnected);
  const auto update = [&](std::string rest) {
    return view.show(R"({"type":"session_update",)" + rest + "}");
  };
  EXPECT_NE(update(R"("update_type":"user_typing","typing":true)").find("typing"),
            std::string::npos);
  EXPECT_EQ(update(R"("update_type":"user_typing","typing":false)"), "");
  EXPECT_NE(update(R"("update_type":"message_added","message_count":7)").find("7 messages"),
            std::string::npos);
  EXPECT_NE(update(R"("update_type":"session_deleted")").find("deleted"), std::string::npos);
  EXPECT_EQ(view.session_id(), "");
}

TEST(ChatView, AnErrorEndsTheQuestionAndTellsWhenToTryAgain) {
  ChatView view(Style::plain());
  view.show(kConnected);
  view.asked();
  const auto shown = view.show(
      R"({"type":"error","message":"Error generating response: quota","retry_after_ms":1500,"request_connection_id":"c1"})");
  EXPECT_EQ(shown, "Error: Error generating response: quota (try again in 1.5 s)\n");
  EXPECT_TRUE(view.failed());
  EXPECT_EQ(view.waiting(), 0);
}

TEST(ChatView, AFrameThatIsNoneIsTold) {
  ChatView view(Style::plain());
  EXPECT_NE(view.show("{").find("no JSON object"), std::string::npos);
  EXPECT_EQ(view.show(R"({"type":"from_the_future","x":1})"), "");
}

}  // namespace
}  // namespace parley::cli
