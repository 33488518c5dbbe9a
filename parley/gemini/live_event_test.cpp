#include "parley/gemini/live_event.hpp"

#include <gtest/gtest.h>

#include "parley/gemini/detail/live_link.hpp"
#include "parley/gemini/live.hpp"
#include "parley/json/codec.hpp"
#include "parley/json/value.hpp"

namespace parley::gemini {
namespace {

template <class Message>
std::vector<LiveEvent> told_by(std::string_view text) {
  return events_of(json::decode_text<Message>(text, json::trusted_limits()).value());
}

template <class Event>
const Event& at(const std::vector<LiveEvent>& events, std::size_t index) {
  return std::get<Event>(events.at(index));
}

TEST(LiveEvents_B28, AllThatOneMessageSaysIsTold) {
  const auto events = told_by<ServerContentMessage>(R"({
    "serverContent": {
      "modelTurn": {"parts": [{"text": "hm", "thought": true},
                              {"inlineData": {"mimeType": "audio/pcm;rate=16000", "data": "AAEC"}},
                              {"executableCode": {"code": "x"}}]},
      "outputTranscription": {"text": " yes"}, "inputTranscription": {"text": "so?"},
      "interrupted": true, "generationComplete": true, "turnComplete": true,
      "turnCompleteReason": "SOMETHING_NEW"},
    "usageMetadata": {"totalTokenCount": 7}})");
  ASSERT_EQ(events.size(), 9u);
  EXPECT_TRUE(std::holds_alternative<LiveInterrupted>(events[0])) << "before what follows it";
  EXPECT_EQ(at<LiveTranscript>(events, 1).text, "so?");
  EXPECT_TRUE(at<LiveText>(events, 2).thought);
  EXPECT_EQ(at<LiveAudio>(events, 3).pcm.size(), 3u);
  EXPECT_EQ(at<LiveAudio>(events, 3).rate, 16'000);
  EXPECT_EQ(at<LivePart>(events, 4).part.executable_code->code, "x");
  EXPECT_FALSE(at<LiveTranscript>(events, 5).of_user);
  EXPECT_EQ(at<LiveUsage>(events, 6).usage.total, 7);
  EXPECT_TRUE(std::holds_alternative<LiveGenerationComplete>(events[7]));
  EXPECT_EQ(at<LiveTurnComplete>(events, 8).reason, "SOMETHING_NEW");
}

TEST(LiveEvents_3_5, EmptyMessagesSayNothing) {
  EXPECT_TRUE(told_by<ServerContentMessage>(R"({"serverContent": {}})").empty());
  EXPECT_TRUE(
      told_by<ServerContentMessage>(R"({"serverContent": {"outputTranscription": {}}})").empty());
  json::Unknown nothing;
  nothing.value = json::Any(json::Object());
  EXPECT_TRUE(events_of(nothing).empty());
}

TEST(LiveEvents_B39, UsageHasTheSameNamesForBothServices) {
  const auto usage = [](std::string_view counts) {
    const auto events =
        told_by<UsageMessage>(R"({"usageMetadata": {)" + std::string(counts) + "}}");
    return at<LiveUsage>(events, 0).usage;
  };
  const auto developer = usage(R"("promptTokenCount": 5, "responseTokenCount": 9,
    "thoughtsTokenCount": 2, "toolUsePromptTokenCount": 1, "cachedContentTokenCount": 3,
    "totalTokenCount": 17)");
  const auto vertex = usage(R"("promptTokenCount": 5, "candidatesTokenCount": 9,
    "thoughtsTokenCount": 2, "toolUsePromptTokenCount": 1, "cachedContentTokenCount": 3,
    "totalTokenCount": 17, "trafficType": "ON_DEMAND")");
  EXPECT_EQ(developer, vertex);
  EXPECT_EQ(vertex.answer, 9);
}

TEST(LiveEvents_B39, CountsOfEachModalityAreKeptAndAddUp) {
  const auto usage = [](std::string_view text) {
    return usage_of(json::decode_text<UsageMetadata>(text).value());
  };
  auto sum = usage(R"({"promptTokenCount": 9, "responseTokenCount": 5, "thoughtsTokenCount": 2,
      "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 4},
                              {"modality": "AUDIO", "tokenCount": 5}, {"modality": "NEW"}],
      "responseTokensDetails": [{"modality": "AUDIO", "tokenCount": 5}]})");
  EXPECT_EQ(sum.prompt_by.text, 4);
  EXPECT_EQ(sum.prompt_by.audio, 5);
  EXPECT_EQ(sum.answer_by.audio, 5);
  sum += usage(R"({"candidatesTokenCount": 1, "toolUsePromptTokenCount": 3,
      "candidatesTokensDetails": [{"modality": "AUDIO", "tokenCount": 1}],
      "toolUsePromptTokensDetails": [{"modality": "DOCUMENT", "tokenCount": 3}],
      "cacheTokensDetails": [{"modality": "IMAGE", "tokenCount": 7}]})");
  EXPECT_EQ(sum.answer_by.audio, 6);
  EXPECT_EQ(sum.tool_use_by.document, 3);
  EXPECT_EQ(sum.cached_by.image, 7);
  EXPECT_EQ(sum.answer, 6);
  EXPECT_EQ(sum.prompt, 9);
}

TEST(LiveEvents_3_6, TurnsThatAreNotTheLastAreToldAsSuch) {
  const auto end = [](std::string_view text) {
    return at<LiveTurnComplete>(told_by<ServerContentMessage>(text), 0).more_to_come;
  };
  EXPECT_TRUE(
      end(R"({"serverContent": {"turnComplete": true, "interactionStatus": "IN_PROGRESS"}})"));
  EXPECT_FALSE(end(R"({"serverContent": {"turnComplete": true, "interactionStatus": "IDLE"}})"));
  EXPECT_FALSE(end(R"({"serverContent": {"turnComplete": true}})"));
}

TEST(LiveEvents_B32, GoAwayTellsItsTime) {
  const auto left = [](std::string_view text) {
    return at<LiveGoAway>(told_by<GoAwayMessage>(text), 0).left.count();
  };
  EXPECT_EQ(left(R"({"goAway": {"timeLeft": "50s"}})"), 50'000);
  EXPECT_EQ(left(R"({"goAway": {"timeLeft": "30.5s"}})"), 30'500);
  EXPECT_EQ(left(R"({"goAway": {"timeLeft": {"seconds": 30, "nanos": 500000000}}})"), 30'500);
  EXPECT_EQ(left(R"({"goAway": {"timeLeft": {"seconds": "30"}}})"), 30'000);
  EXPECT_EQ(left(R"({"goAway": {"timeLeft": {"nanos": "soon"}}})"), 0);
  EXPECT_EQ(left(R"({"goAway": {"timeLeft": [1]}})"), 0);
  EXPECT_EQ(left(R"({"goAway": {}})"), 0);
}

TEST(LiveEvents_B36, AnUpdateNamesWhatWasConsumed) {
  const auto events = told_by<SessionResumptionUpdateMessage>(
      R"({"sessionResumptionUpdate": {"newHandle": "h", "resumable": true,
          "lastConsumedClientMessageIndex": "12"}})");
  EXPECT_EQ(at<LiveResumption>(events, 0).last_consumed_message, 12u);
}

TEST(LiveErrors_B6, TheServicesWordsSayWhatItMeans) {
  const auto kind = [](std::uint16_t code, std::string_view reason) {
    return live_error(code, reason).kind();
  };
  EXPECT_EQ(kind(1007, "API key not valid. Please pass a valid API key."),
            ErrorKind::unauthenticated);
  EXPECT_EQ(kind(1008, "Method doesn't allow unregistered callers (callers"),
            ErrorKind::unauthenticated);
  EXPECT_EQ(kind(1008, "models/x is not found for API version v1beta"), ErrorKind::not_found);
  EXPECT_EQ(kind(1007, "Request contains an invalid argument."), ErrorKind::invalid_argument);
  EXPECT_EQ(kind(1011, "You exceeded your current quota, please check your plan"),
            ErrorKind::rate_limited);
  EXPECT_EQ(kind(1011, "The service is currently unavailable."), ErrorKind::unavailable);
  EXPECT_EQ(kind(1008, "Operation is not implemented, or supported, or enabled."),
            ErrorKind::service);
  EXPECT_EQ(kind(1002, "a frame with an unknown opcode"), ErrorKind::protocol_violation);
  EXPECT_EQ(kind(1009, "a message over the limit"), ErrorKind::too_large);
  EXPECT_TRUE(live_error(1011, "Deadline expired before operation could complete.").retryable());
  EXPECT_EQ(live_error(1007, "bad key=AIzaSyA1234567890123456789012345678901")
                .describe()
                .find("AIzaSyA123"),
            std::string::npos);
}

TEST(LiveErrors_B6, EachSentenceIsSaidOnceAndNoCauseContradictsTheKind) {
  const auto end = [](ErrorKind kind, std::uint16_t code, std::string reason) {
    auto below = Error(kind, "gemini ended the session: " + reason).with_close(code, reason);
    return detail::told_by_service(fail(std::move(below).with_stage(Stage::receive))).error();
  };
  const auto gone = end(ErrorKind::unauthenticated, 1008, "BidiGenerateContent session not found");
  EXPECT_EQ(gone.describe(),
            "not_found: the service ended the Live session: BidiGenerateContent session not found "
            "[stage receive, close code 1008]");
  EXPECT_EQ(gone.close_reason(), "BidiGenerateContent session not found");
  EXPECT_EQ(end(ErrorKind::unavailable, 1011, "RESOURCE_EXHAUSTED").cause(), nullptr);
  EXPECT_EQ(end(ErrorKind::invalid_state, 1007, "API key not valid").kind(),
            ErrorKind::unauthenticated);
  const auto lost = end(ErrorKind::invalid_state, 1006, "");
  EXPECT_EQ(lost.kind(), ErrorKind::disconnected);
  EXPECT_EQ(lost.describe(),
            "disconnected: the connection of the Live session was lost [stage receive, close code "
            "1006]");
  EXPECT_EQ(end(ErrorKind::timeout, 1006, "no pong").kind(), ErrorKind::timeout);
}

TEST(LiveErrors_W7, TheCodeTheReasonAndAnAdviceAreKept) {
  const auto error = live_error(1008, "BidiGenerateContent session not found");
  EXPECT_EQ(error.close_code(), 1008);
  EXPECT_EQ(error.close_reason(), "BidiGenerateContent session not found");
  EXPECT_EQ(error.detail("advice"), "the handle has expired: begin a new session");
  EXPECT_EQ(live_error(1007, "API key not valid").detail("advice"),
            "check the key: it is not known, or not for this API");
  EXPECT_EQ(live_error(1011, "").detail("advice"),
            "a fault of the service: go on with the handle after a pause");
  EXPECT_FALSE(live_error(4999, "").detail("advice")) << "what is not known is not explained";
}

}  // namespace
}  // namespace parley::gemini
