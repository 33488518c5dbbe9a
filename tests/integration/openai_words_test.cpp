// What our side of OpenAI's Realtime API says, and what the emulator says as that service, beside
// the types that are generated from the vendor's description: nothing has a name or a form of its
// own.
#include <algorithm>
#include <map>

#include <gtest/gtest.h>

#include "parley/base/text.hpp"
#include "parley/emulator/openai/session.hpp"
#include "parley/gemini/openai/realtime_talk.hpp"
#include "parley/json/value.hpp"

#include "openai_realtime/realtime.hpp"

namespace parley {
namespace {

using openai_realtime::realtime::ServerMessage;

std::string type_of(std::string_view event) {
  const auto value = json::parse(event).value();
  return std::string(value.at("type").as_string());
}

template <class Message>
void expect_read(std::string_view event) {
  auto read = json::decode_text<Message>(event, json::trusted_limits());
  ASSERT_TRUE(read) << read.error().describe() << "\n" << event.substr(0, 400);
  EXPECT_TRUE(read->extra->empty()) << event.substr(0, 400);
}

void check_client_event(std::string_view event) {
  using namespace openai_realtime;
  const auto type = type_of(event);
  if (type == "session.update") return expect_read<SessionUpdate>(event);
  if (type == "conversation.item.create") return expect_read<ConversationItemCreate>(event);
  if (type == "conversation.item.truncate") return expect_read<ConversationItemTruncate>(event);
  if (type == "input_audio_buffer.append") return expect_read<InputAudioBufferAppend>(event);
  if (type == "input_audio_buffer.commit") return expect_read<InputAudioBufferCommit>(event);
  if (type == "input_audio_buffer.clear") return expect_read<InputAudioBufferClear>(event);
  if (type == "response.create") return expect_read<ResponseCreate>(event);
  if (type == "response.cancel") return expect_read<ResponseCancel>(event);
  FAIL() << "no event of a client: " << type;
}

void check_server_event(std::string_view event) {
  const auto read = json::decode_text<ServerMessage>(event, json::trusted_limits());
  ASSERT_TRUE(read) << read.error().describe() << "\n" << event.substr(0, 400);
  EXPECT_FALSE(std::holds_alternative<json::Unknown>(*read)) << event.substr(0, 400);
}

// Both sides on virtual time; every event is checked on its way.
struct Wire {
  explicit Wire(std::string_view setup) {
    options.hears = {"repeat: one two three"};
    session.emplace(options, "gpt-realtime", now, from_unix_ms(1'767'000'000'000));
    say(R"({"setup":)" + std::string(setup) + "}");
  }
  void say(std::string_view message) {
    const auto said = talk.said(message, now);
    ASSERT_TRUE(said) << said.error().describe();
    carry();
  }
  void carry() {
    bool moved = true;
    while (moved) {
      moved = false;
      while (auto event = talk.poll_event()) {
        check_client_event(*event);
        ++sent[type_of(*event)];
        session->received(*event, now);
        moved = true;
      }
      while (auto output = session->poll()) {
        if (output->kind != emulator::LiveOutput::Kind::message) continue;
        check_server_event(output->text);
        ++told[type_of(output->text)];
        const auto heard = talk.heard(output->text, now, from_unix_ms(1'767'000'000'000));
        ASSERT_TRUE(heard) << heard.error().describe();
        moved = true;
      }
      while (auto message = talk.poll_message()) messages.push_back(std::move(*message));
    }
  }
  void pass(std::chrono::milliseconds time) {
    const auto until = now + time;
    for (auto next = session->next_timeout(); next && *next <= until;
         next = session->next_timeout()) {
      now = std::max(now, *next);
      session->handle_timeout(now);
      carry();
    }
    now = until;
  }
  void speak(std::size_t seconds, bool loud) {
    Bytes pcm(32'000 * seconds);
    for (std::size_t i = 0; loud && i < pcm.size(); i += 2)
      pcm[i + 1] = std::byte((i / 64) % 2 ? 0x20 : 0xe0);
    say(R"({"realtimeInput":{"audio":{"mimeType":"audio/pcm;rate=16000","data":")" +
        to_base64(pcm) + "\"}}}");
  }
  std::size_t count(std::string_view words) const {
    std::size_t found = 0;
    for (const auto& message : messages) found += message.find(words) != std::string::npos;
    return found;
  }

  emulator::LiveOptions options;
  TimePoint now{std::chrono::hours(1)};
  std::optional<emulator::RealtimeSession> session;
  gemini::RealtimeTalk talk{"gpt-4o-mini-transcribe"};
  std::map<std::string, int> sent, told;
  std::vector<std::string> messages;
};

constexpr const char* kSetup = R"({"model":"models/gpt-realtime",
  "systemInstruction":{"parts":[{"text":"Be brief."}]},
  "generationConfig":{"maxOutputTokens":500,
    "speechConfig":{"voiceConfig":{"prebuiltVoiceConfig":{"voiceName":"marin"}}}},
  "tools":[{"functionDeclarations":[{"name":"get_weather","description":"Weather",
    "parameters":{"type":"OBJECT","properties":{"city":{"type":"STRING"}}}}]}],
  "inputAudioTranscription":{},"outputAudioTranscription":{}})";

TEST(OpenAiWords_W20, SpeechInterruptionAndTruncationAreAsDescribed) {
  Wire wire(kSetup);
  EXPECT_EQ(wire.count("setupComplete"), 1u);
  wire.speak(1, true);
  wire.speak(1, false);
  wire.pass(std::chrono::milliseconds(40));
  EXPECT_GT(wire.count("inlineData"), 0u);
  wire.speak(1, true);
  EXPECT_EQ(wire.count(R"("interrupted":true)"), 1u);
  EXPECT_EQ(wire.sent["conversation.item.truncate"], 1);
  wire.speak(1, false);
  wire.pass(std::chrono::seconds(5));
  EXPECT_EQ(wire.count(R"("turnComplete":true)"), 2u);
  for (const char* type :
       {"session.created", "session.updated", "input_audio_buffer.speech_started",
        "input_audio_buffer.speech_stopped", "input_audio_buffer.committed",
        "conversation.item.added", "conversation.item.input_audio_transcription.completed",
        "response.created", "response.output_item.added", "response.content_part.added",
        "response.output_audio.delta", "response.output_audio_transcript.delta",
        "response.output_audio.done", "response.done", "conversation.item.truncated"})
    EXPECT_GT(wire.told[type], 0) << type;
}

TEST(OpenAiWords_W20, FunctionsHistoryPicturesAndUpdatesAreAsDescribed) {
  Wire wire(kSetup);
  wire.say(R"({"clientContent":{"turns":[{"role":"user","parts":[{"text":"My name is Ada"}]},
      {"role":"model","parts":[{"text":"Good evening"}]}],"turnComplete":false}})");
  wire.say(R"({"realtimeInput":{"video":{"mimeType":"image/jpeg","data":"AAAA"}}})");
  wire.say(R"({"realtimeInput":{"text":"What is the weather in Oslo?"}})");
  wire.pass(std::chrono::seconds(5));
  ASSERT_EQ(wire.count("toolCall"), 1u);
  const auto& call = *std::ranges::find_if(
      wire.messages, [](const auto& text) { return text.find("toolCall") != text.npos; });
  const auto id =
      std::string(json::parse(call)->at("toolCall").at("functionCalls").at(0).at("id").as_string());
  wire.say(R"({"toolResponse":{"functionResponses":[{"id":")" + id +
           R"(","name":"get_weather","response":{"output":"sunny"}}]}})");
  wire.pass(std::chrono::seconds(5));
  EXPECT_GT(wire.count("sunny"), 0u);
  wire.say(R"({"contextUpdate":{"systemInstruction":{"parts":[{"text":"Be long."}]}}})");
  EXPECT_EQ(wire.told["session.updated"], 2);
  EXPECT_EQ(wire.told["response.function_call_arguments.done"], 1);
}

TEST(OpenAiWords_W20, MarksOfTheProgramAndTextAreAsDescribed) {
  Wire wire(R"({"model":"models/gpt-realtime","generationConfig":{"responseModalities":["TEXT"]},
      "realtimeInputConfig":{"automaticActivityDetection":{"disabled":true}}})");
  wire.say(R"({"realtimeInput":{"activityStart":{}}})");
  wire.speak(1, true);
  wire.say(R"({"realtimeInput":{"activityEnd":{}}})");
  wire.pass(std::chrono::seconds(5));
  EXPECT_EQ(wire.sent["input_audio_buffer.commit"], 1);
  EXPECT_GT(wire.told["response.output_text.delta"], 0);
  EXPECT_EQ(wire.told["response.output_text.done"], 1);
  EXPECT_EQ(wire.count(R"("turnComplete":true)"), 1u);
}

}  // namespace
}  // namespace parley
