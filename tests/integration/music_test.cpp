// Music sessions of the client beside the emulator.
#include "parley/gemini/music.hpp"

#include "gemini_here.hpp"

namespace parley {
namespace {

using gemini::Music;
using testing::with_gemini;

gemini::MusicOptions options_for(const emulator::Server& server) {
  gemini::MusicOptions options;
  options.base_url = server.base_url();
  options.key = Secret("k");
  return options;
}

Task<void> plays(emulator::Server& server, gemini::Client) {
  auto music = co_await Music::connect(options_for(server));
  EXPECT_TRUE(music) << music.error().describe();
  if (!music) co_return;
  gemini::MusicConfig config;
  config.bpm = 90;
  config.scale = gemini::MusicScale::d_major_b_minor;
  EXPECT_TRUE(co_await music->configure(config));
  std::vector<gemini::WeightedPrompt> prompts;
  prompts.emplace_back("harp", 1.0);
  prompts.emplace_back("in the style of somebody", 0.5);
  EXPECT_TRUE(co_await music->prompt(std::move(prompts)));
  EXPECT_TRUE(co_await music->play());
  std::size_t bytes = 0;
  std::string filtered;
  while (bytes < 48'000 * 4) {
    auto event = co_await music->next();
    if (!event) break;
    if (const auto* one = std::get_if<gemini::MusicFiltered>(&*event)) filtered = one->text;
    const auto* audio = std::get_if<gemini::MusicAudio>(&*event);
    if (!audio) continue;
    EXPECT_EQ(audio->rate, 48'000);
    EXPECT_EQ(audio->channels, 2);
    bytes += audio->pcm.size();
  }
  EXPECT_GE(bytes, 48'000u * 4) << "a second";
  EXPECT_EQ(filtered, "in the style of somebody");
  EXPECT_TRUE(co_await music->reset_context());
  EXPECT_TRUE(co_await music->pause());
  EXPECT_TRUE(co_await music->stop());
  EXPECT_TRUE(co_await music->close());
  while (co_await music->next()) continue;
  EXPECT_TRUE(music->outcome()) << music->outcome().error().describe();
}
TEST(Music_B44, IsPromptedPlayedAndStopped) {
  with_gemini(plays);
}

Task<std::string> refusal(Task<Result<void>> task) {
  auto sent = co_await std::move(task);
  co_return sent ? std::string() : sent.error().message();
}

Task<void> refuses(emulator::Server& server, gemini::Client) {
  auto music = co_await Music::connect(options_for(server));
  EXPECT_TRUE(music) << music.error().describe();
  if (!music) co_return;
  EXPECT_EQ(co_await refusal(music->prompt(std::vector<gemini::WeightedPrompt>())),
            "music needs a prompt");
  EXPECT_EQ(co_await refusal(music->prompt("")), "a prompt for music has no text");
  std::vector<gemini::WeightedPrompt> nothing(1, gemini::WeightedPrompt("harp", 0.0));
  EXPECT_EQ(co_await refusal(music->prompt(nothing)),
            "the weight of \"harp\" must be a number that is not 0");
  gemini::MusicConfig config;
  config.bpm = 20;
  EXPECT_EQ(co_await refusal(music->configure(config)), "bpm is 20, and 60 to 200 is possible");
  std::size_t sent = 0;
  for (const auto& entry : server.service().journal()) sent += entry.method == "LIVE";
  EXPECT_EQ(sent, 1u) << "the setup alone";
  auto wrong = options_for(server);
  wrong.model = "gemini-3.8-live";
  const auto refused = co_await Music::connect(std::move(wrong));
  EXPECT_EQ(refused.error().kind(), ErrorKind::not_found) << refused.error().describe();
  EXPECT_EQ(refused.error().close_code(), 1008);
  auto cut = options_for(server);
  cut.connect.offer.headers.set("x-parley-live-fault", "after=1; garbage");
  auto broken = co_await Music::connect(std::move(cut));
  EXPECT_TRUE(broken) << broken.error().describe();
  if (!broken) co_return;
  EXPECT_TRUE(co_await broken->prompt("harp"));
  EXPECT_TRUE(co_await broken->play());
  auto event = co_await broken->next();
  EXPECT_TRUE(event && std::holds_alternative<gemini::LiveUnreadable>(*event));
  event = co_await broken->next();
  EXPECT_TRUE(event && std::holds_alternative<gemini::MusicAudio>(*event)) << "it plays on";
}
TEST(Music_B44, WhatTheServiceWouldRefuseIsNotSent) {
  with_gemini(refuses);
}

}  // namespace
}  // namespace parley
