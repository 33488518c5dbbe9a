// Hours of speech both ways, over connections that each live for five minutes.
#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "parley/gemini/live.hpp"

#include "world.hpp"

namespace parley {
namespace {

using namespace gemini;
using std::chrono::milliseconds;
using testing::World;
using testing::WorldOptions;

constexpr int kRate = 8'000;
constexpr int kNumbers = 500;  // that pieces of audio carry in their first sample, from 1

// PARLEY_HOURS=8 talks longer than the suite does.
int seconds_of_speech() {
  const char* hours = std::getenv("PARLEY_HOURS");
  return 3600 * (hours == nullptr ? 2 : std::atoi(hours));
}

Bytes piece(int number, bool loud) {
  Bytes pcm(static_cast<std::size_t>(kRate) * 2);
  const auto mark = static_cast<unsigned>(number % kNumbers + 1);
  pcm[0] = static_cast<std::byte>(mark & 0xff);
  pcm[1] = static_cast<std::byte>(mark >> 8);
  for (std::size_t i = 2; loud && i < pcm.size(); i += 2)
    pcm[i + 1] = std::byte((i / 32) % 2 ? 0x20 : 0xe0);
  return pcm;
}

struct Spoken {
  Spoken() = default;
  std::vector<std::size_t> audio;
  std::vector<std::string> answers, heard, taken;
  std::uint64_t connections = 0, hand_overs = 0;
  std::size_t most_kept_early = 0, most_kept_late = 0, unsent = 0, dropped = 0, voided = 0;
};

// One second of audio each second; somebody speaks for two seconds of each twenty.
Spoken speak(milliseconds lifetime, int length) {
  WorldOptions options;
  options.setup = testing::speech_setup();
  options.setup.session_resumption.emplace().transparent = true;
  options.policy = testing::durable();
  options.live.lifetime = lifetime;
  options.live.handle_every = 20;
  for (int turn = 0; turn < length / 20; ++turn)
    options.live.hears.push_back(fmt::format("repeat: {}", turn));
  World world(std::move(options));
  Spoken out;
  for (int second = 0; second < length; ++second) {
    world.send(audio_message(piece(second, second % 20 < 2), kRate));
    world.run_for(std::chrono::seconds(1));
    auto& most = second < length / 2 ? out.most_kept_early : out.most_kept_late;
    most = std::max(most, world.core().kept_bytes());
  }
  world.run_for(std::chrono::seconds(30));
  out.audio = world.heard().audio;
  out.answers = world.heard().answers;
  out.heard = world.heard().transcripts;
  out.taken = world.taken();
  out.connections = world.core().counters().connections;
  out.hand_overs = world.core().counters().hand_overs;
  out.dropped = static_cast<std::size_t>(world.core().counters().dropped_audio);
  out.unsent = world.core().unsent_bytes();
  out.voided = world.heard().voided;
  return out;
}

TEST(Continuity_W1_W2, HoursOfSpeechGoOnSampleBySampleOverManyConnections) {
  const int length = seconds_of_speech();
  const auto whole = speak(std::chrono::hours(24), length);
  const auto parts = speak(std::chrono::minutes(5), length);
  EXPECT_EQ(whole.connections, 1u);
  EXPECT_GE(parts.hand_overs, static_cast<std::uint64_t>(length / 300 - 1));
  EXPECT_EQ(parts.audio, whole.audio);
  EXPECT_EQ(parts.answers, whole.answers);
  EXPECT_EQ(parts.heard, whole.heard);
  EXPECT_GE(parts.answers.size(), static_cast<std::size_t>(length / 20 - 1));
  std::vector<std::string> wanted;
  for (int second = 0; second < length; ++second)
    wanted.push_back(fmt::format("a{}", second % kNumbers + 1));
  EXPECT_TRUE(parts.taken == wanted) << "each second of audio once, in its order";
  EXPECT_EQ(parts.dropped + parts.unsent + parts.voided, 0u);
  EXPECT_LT(parts.most_kept_late, 1'000'000u);
  EXPECT_LE(parts.most_kept_late, parts.most_kept_early + parts.most_kept_early / 2 + 100'000)
      << "what is kept does not grow";
}

}  // namespace
}  // namespace parley
