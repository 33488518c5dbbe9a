#include <gtest/gtest.h>

#include "parley/gemini/live_generation.hpp"

namespace parley {
namespace {

using gemini::WebSocketConfig;
using std::chrono::milliseconds;

constexpr const char* kWrites = "gemini-live-2.5-flash-preview";
constexpr const char* kSpeaks = "gemini-2.5-flash-native-audio-latest";

TEST(WebSocketConfig_A3, TheDefaultsAreTheDocuments) {
  const WebSocketConfig config;
  EXPECT_EQ(config.heartbeat, milliseconds(30'000));
  EXPECT_EQ(config.max_message, 1024u * 1024);
  EXPECT_TRUE(config.compression);
  EXPECT_EQ(config.reconnect_attempts, 3);
  EXPECT_EQ(config.connect_timeout, milliseconds(10'000));
  EXPECT_TRUE(config.fallback_to_http);
  EXPECT_FALSE(config.reconnect) << "no hidden retries";
  EXPECT_TRUE(gemini::check(config));
}

TEST(WebSocketConfig_A4, EachBadValueHasItsMessage) {
  const auto message = [](auto change) {
    WebSocketConfig config;
    change(config);
    const auto checked = gemini::check(config);
    if (checked) return std::string();
    EXPECT_EQ(checked.error().kind(), ErrorKind::invalid_argument);
    return checked.error().message();
  };
  EXPECT_EQ(message([](auto& config) { config.max_message = 0; }),
            "WebSocketConfig::max_message is 0: no message fits");
  EXPECT_EQ(message([](auto& config) { config.max_message = 5 * 1024 * 1024; }), "");
  EXPECT_EQ(message([](auto& config) { config.max_message = 5 * 1024 * 1024 + 1; }),
            "WebSocketConfig::max_message is 5242881 bytes, at most 5242880 are allowed");
  EXPECT_EQ(message([](auto& config) { config.reconnect_attempts = 0; }),
            "WebSocketConfig::reconnect_attempts is 0, at least 1 is needed; `reconnect` turns "
            "them off");
  EXPECT_EQ(message([](auto& config) { config.connect_timeout = milliseconds(0); }),
            "WebSocketConfig::connect_timeout is 0 ms: nothing could connect");
}

TEST(LiveSetup_A41, WhatLiveHasNotIsALocalError) {
  const auto message = [](auto change) {
    auto request = gemini::prompt("Hello");
    auto& settings = request.generation_config.emplace();
    change(request, settings);
    const auto setup = gemini::live_setup_of(kWrites, request);
    if (setup) return std::string();
    EXPECT_EQ(setup.error().kind(), ErrorKind::invalid_argument);
    return setup.error().message();
  };
  EXPECT_EQ(message([](auto&, auto& settings) { settings.temperature = 0.5; }), "");
  EXPECT_EQ(message([](auto&, auto& settings) { settings.response_mime_type = "text/plain"; }), "");
  EXPECT_EQ(message([](auto&, auto& settings) { settings.candidate_count = 2; }),
            "a Live session has no second candidate (generationConfig.candidateCount): ask over "
            "HTTP");
  EXPECT_NE(
      message([](auto&, auto& settings) { settings.stop_sequences.emplace().emplace_back("x"); }),
      "");
  EXPECT_NE(
      message([](auto&, auto& settings) { settings.response_mime_type = "application/json"; }), "");
  EXPECT_NE(message([](auto&, auto& settings) { settings.response_logprobs = true; }), "");
  EXPECT_NE(message([](auto& request, auto&) { request.cached_content = "cachedContents/x"; }), "");
  EXPECT_NE(message([](auto& request, auto&) {
              request.tool_config.emplace().function_calling_config.emplace().mode =
                  gemini::FunctionCallingMode::any;
            }),
            "");
  EXPECT_NE(message([](auto& request, auto&) {
              gemini::Part part;
              part.function_call.emplace();
              request.contents->front().parts->push_back(part);
            }),
            "");
}

TEST(LiveSetup_D6_D7, SettingsInstructionAndToolsAreKept) {
  auto request = gemini::prompt("Hello");
  gemini::set_system_instruction(request, "Be brief.");
  gemini::declare_function(request.tools, gemini::FunctionDeclaration("get_weather"));
  request.generation_config.emplace().temperature = 0.25;
  const auto writes = gemini::live_setup_of(kWrites, request);
  ASSERT_TRUE(writes);
  EXPECT_EQ(writes->generation_config->temperature, 0.25);
  EXPECT_EQ(writes->generation_config->response_modalities->front(), gemini::Modality::text);
  EXPECT_FALSE(writes->output_audio_transcription);
  EXPECT_EQ(writes->system_instruction->parts->front().text, "Be brief.");
  EXPECT_EQ(writes->tools->front().function_declarations->front().name, "get_weather");
  const auto speaks = gemini::live_setup_of(kSpeaks, request);
  ASSERT_TRUE(speaks);
  EXPECT_EQ(speaks->generation_config->response_modalities->front(), gemini::Modality::audio);
  EXPECT_TRUE(speaks->output_audio_transcription) << "the transcript is the text";
}

}  // namespace
}  // namespace parley
