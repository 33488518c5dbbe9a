#include "parley/audio/voice_activity.hpp"

#include <gtest/gtest.h>

#include "parley/audio/level.hpp"
#include "parley/audio/test_signal.hpp"

namespace parley::audio {
namespace {

using namespace std::chrono_literals;

constexpr int kRate = 16'000;

// Like speech: a buzz of many harmonics whose loudness goes up and down four times a second, down
// to nothing between syllables.
Samples syllables(Duration duration, double amplitude) {
  Samples out(samples_in(duration, kRate));
  for (std::size_t i = 0; i < out.size(); ++i) {
    const double t = static_cast<double>(i) / kRate;
    double buzz = 0;
    for (int k = 1; k <= 12; ++k) buzz += std::sin(2 * std::numbers::pi * 130 * k * t) / k;
    const double loudness = std::pow(std::sin(std::numbers::pi * 4 * t), 2);
    out[i] = static_cast<Sample>(amplitude * loudness * buzz / 2);
  }
  return out;
}

void mix(Samples& into, SamplesView what, std::size_t at) {
  for (std::size_t i = 0; i < what.size(); ++i)
    into[at + i] = static_cast<Sample>(into[at + i] + what[i]);
}

std::vector<VoiceEvent> events_of(VoiceActivity& detector, SamplesView samples) {
  detector.add(samples);
  std::vector<VoiceEvent> all;
  while (const auto event = detector.poll_event()) all.push_back(*event);
  return all;
}

std::size_t at(Duration time) {
  return samples_in(time, kRate);
}

TEST(VoiceActivity_W10, SpeechIsFoundInQuietAndInNoise) {
  for (const int loudness : {0, 3, 100, 400}) {
    SeededRandom random(1);
    auto sound = test::noise(at(10s), loudness, random);
    mix(sound, syllables(2s, 8'000), at(5s));
    VoiceActivity detector(kRate);
    const auto events = events_of(detector, sound);
    ASSERT_EQ(events.size(), 2u) << loudness;
    EXPECT_EQ(events[0].kind, VoiceEvent::Kind::started);
    EXPECT_LE(events[0].at, at(5s)) << "the preroll holds the soft beginning";
    EXPECT_GE(events[0].at, at(4700ms));
    EXPECT_LE(events[0].known_at, at(5200ms)) << "known within 200 ms";
    EXPECT_EQ(events[1].kind, VoiceEvent::Kind::ended);
    EXPECT_NEAR(static_cast<double>(events[1].at), static_cast<double>(at(7s)), at(100ms));
    EXPECT_EQ(events[1].known_at, events[1].at + at(500ms)) << "the hangover";
  }
}

TEST(VoiceActivity_W10, AFanIsSpeechForThreeSecondsAtMostAndThenNoise) {
  SeededRandom random(2);
  auto sound = test::noise(at(20s), 20, random);
  mix(sound, test::noise(at(15s), 1'000, random), at(5s));
  mix(sound, syllables(2s, 12'000), at(15s));
  VoiceActivity detector(kRate);
  const auto events = events_of(detector, sound);
  ASSERT_EQ(events.size(), 4u);
  EXPECT_LE(events[1].known_at, at(9s));
  EXPECT_NEAR(static_cast<double>(events[2].known_at), static_cast<double>(at(15s)), at(250ms));
  EXPECT_NEAR(static_cast<double>(events[3].at), static_cast<double>(at(17s)), at(100ms));
}

TEST(VoiceActivity_W10, ClicksHumAndSilenceAreNoSpeech) {
  SeededRandom random(3);
  auto sound = test::noise(at(8s), 10, random);
  for (auto time = 1s; time < 8s; time += 1s)
    mix(sound, test::noise(at(20ms), 20'000, random), at(time));
  VoiceActivity clicks(kRate);
  EXPECT_TRUE(events_of(clicks, sound).empty());

  VoiceActivity hum(kRate);
  auto offset = test::sine(50, kRate, at(3s), 150);
  for (auto& sample : offset) sample = static_cast<Sample>(sample + 3'000);
  VoiceActivity direct(kRate);
  const auto events = events_of(direct, Samples(at(3s), 3'000));
  EXPECT_TRUE(events.empty()) << "an offset is no sound";
  EXPECT_TRUE(events_of(hum, offset).empty());

  VoiceActivity silence(kRate);
  EXPECT_TRUE(events_of(silence, Samples(at(3s))).empty());
  EXPECT_EQ(silence.level_dbfs(), kSilenceDb);
  EXPECT_EQ(silence.noise_dbfs(), kSilenceDb);
}

TEST(VoiceActivity_W10, PausesShorterThanTheHangoverBelongToTheSpeech) {
  Samples sound(at(6s));
  mix(sound, syllables(500ms, 9'000), at(1s));
  mix(sound, syllables(500ms, 9'000), at(1800ms));  // 300 ms later
  mix(sound, syllables(500ms, 9'000), at(4s));
  VoiceActivity detector(kRate);
  const auto events = events_of(detector, sound);
  ASSERT_EQ(events.size(), 4u);
  EXPECT_GE(events[1].at, at(2200ms));
  EXPECT_GE(events[2].at, events[1].at) << "a preroll never goes into the speech before";
}

TEST(VoiceActivity_W10, AGapEndsTheSpeechAndIsNotTakenForTheNoise) {
  SeededRandom random(5);
  auto sound = test::noise(at(3s), 400, random);
  mix(sound, syllables(1s, 9'000), at(2s));
  VoiceActivity detector(kRate);
  auto events = events_of(detector, sound);
  ASSERT_EQ(events.size(), 1u);
  const auto noise = detector.noise_dbfs();
  for (int step = 0; step < 700; ++step) detector.add_gap(at(10ms) - 3);
  const auto ended = detector.poll_event();
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->kind, VoiceEvent::Kind::ended);
  EXPECT_NEAR(static_cast<double>(ended->at), static_cast<double>(at(3s)), at(100ms));
  EXPECT_EQ(detector.position(), at(3s) + 700 * (at(10ms) - 3));
  EXPECT_EQ(detector.noise_dbfs(), noise);
  EXPECT_EQ(detector.level_dbfs(), kSilenceDb);
  EXPECT_TRUE(events_of(detector, test::noise(at(2s), 400, random)).empty())
      << "the noise is known still";
  detector.add_gap(at(2h));
  EXPECT_TRUE(events_of(detector, test::noise(at(1s), 400, random)).empty());
}

TEST(VoiceActivity_W10, AnySplitAndARestartGiveTheSameEvents) {
  SeededRandom random(4);
  auto sound = test::noise(at(6s), 50, random);
  mix(sound, syllables(2s, 8'000), at(2s));
  VoiceActivity detector(kRate);
  const auto wanted = events_of(detector, sound);
  EXPECT_EQ(wanted.size(), 2u);
  for (int round = 0; round < 3; ++round) {
    detector.clear();
    std::vector<VoiceEvent> all;
    for (std::size_t from = 0; from < sound.size();) {
      const auto size = std::min<std::size_t>(1 + random.below(700), sound.size() - from);
      for (const auto& event : events_of(detector, SamplesView(sound).subspan(from, size)))
        all.push_back(event);
      from += size;
    }
    EXPECT_EQ(all, wanted);
  }
}

}  // namespace
}  // namespace parley::audio
