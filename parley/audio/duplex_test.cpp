#include "parley/audio/duplex.hpp"

#include <gtest/gtest.h>

#include "parley/audio/test_signal.hpp"

namespace parley::audio {
namespace {

using namespace std::chrono_literals;
using Kind = DuplexEvent::Kind;
constexpr auto kStep = 20ms;

// A session on virtual time, in steps of 20 ms.
class Talk {
 public:
  explicit Talk(DuplexOptions options = DuplexOptions()) : duplex(std::move(options), now) {}

  void record(SamplesView samples) {
    while (!samples.empty()) {
      const auto size = std::min<std::size_t>(samples.size(), kInputRate / 50);
      now += kStep;
      duplex.recorded(samples.first(size), now);
      samples = samples.subspan(size);
      drain();
    }
  }
  void wait(Duration time) { record(Samples(samples_in(time, kInputRate))); }
  void speak(Duration time) {
    record(test::sine(400, kInputRate, samples_in(time, kInputRate), 12'000));
  }
  void drain() {
    duplex.handle_timeout(now);
    while (auto event = duplex.poll_event(now)) {
      if (event->kind == Kind::play) test::append(speaker, event->chunk.samples);
      if (event->kind == Kind::play && !event->continues) ++gaps;
      if (event->kind == Kind::empty_speaker)
        speaker.resize(duplex.played().heard);  // a device that forgets
      if (event->kind != Kind::play) told.push_back(event->kind);
      if (event->kind == Kind::answer_cut) cut_turn = event->turn;
      if (event->kind == Kind::speech_ended) ended_at = event->at;
    }
    while (auto chunk = duplex.take(now)) test::append(sent, chunk->samples);
  }
  long count(Kind kind) const { return std::ranges::count(told, kind); }

  TimePoint now{};
  Duplex duplex;
  Samples speaker, sent;
  std::vector<Kind> told;
  TimePoint ended_at{};
  int gaps = 0;
  std::optional<std::uint64_t> cut_turn;
};

TEST(Duplex_W13, SpeechGoesOutAndTheAnswerIsPlayedSampleBySample) {
  Talk talk;
  talk.wait(400ms);
  talk.speak(600ms);
  const auto end = talk.now;
  talk.wait(800ms);
  EXPECT_EQ(talk.count(Kind::speech_began), 1);
  EXPECT_EQ(talk.count(Kind::speech_ended), 1);
  EXPECT_LE(std::chrono::abs(talk.ended_at - end), 50ms);
  EXPECT_EQ(talk.sent.size(), samples_in(1800ms, kInputRate));
  const auto answer = test::counting(kOutputRate);
  ASSERT_TRUE(talk.duplex.answer(answer, talk.now));
  talk.duplex.generation_complete(talk.now);
  talk.duplex.turn_complete(talk.now);
  talk.drain();
  talk.wait(1200ms);
  EXPECT_EQ(talk.speaker, answer);
  EXPECT_EQ(talk.gaps, 1);
  EXPECT_EQ(talk.count(Kind::answer_finished), 1);
  EXPECT_TRUE(talk.duplex.quiet());
}

TEST(Duplex_B37, AnInterruptionOfTheServiceFlushesWhatIsToBePlayed) {
  Talk talk;
  ASSERT_TRUE(talk.duplex.answer(test::counting(5 * kOutputRate), talk.now));
  talk.wait(1s);
  talk.duplex.interrupted(talk.now);
  talk.drain();
  EXPECT_EQ(talk.count(Kind::empty_speaker), 1);
  EXPECT_EQ(talk.count(Kind::answer_cut), 1);
  EXPECT_TRUE(talk.duplex.quiet());
  const auto heard = talk.speaker.size();
  EXPECT_LT(heard, samples_in(1100ms, kOutputRate));
  talk.duplex.turn_complete(talk.now);
  ASSERT_TRUE(talk.duplex.answer(test::counting(kOutputRate), talk.now));
  talk.duplex.turn_complete(talk.now);
  talk.wait(1500ms);
  EXPECT_EQ(talk.speaker.size(), heard + kOutputRate);
}

TEST(Duplex_B37, GenerationCompleteEndsTheSoundAndTurnCompleteTheTurn) {
  Talk talk;
  ASSERT_TRUE(talk.duplex.answer(test::counting(kOutputRate / 100), talk.now));  // 10 ms
  talk.wait(500ms);
  EXPECT_TRUE(talk.speaker.empty()) << "too little to begin with, and more may come";
  talk.duplex.generation_complete(talk.now);
  talk.wait(500ms);
  EXPECT_EQ(talk.speaker.size(), kOutputRate / 100);
  EXPECT_EQ(talk.count(Kind::answer_finished), 1);
  talk.duplex.turn_complete(talk.now);
  ASSERT_TRUE(talk.duplex.answer(test::counting(kOutputRate), talk.now));
  talk.wait(500ms);
  EXPECT_EQ(talk.count(Kind::answer_began), 2);
}

TEST(Duplex_W10, ACoughHoldsTheAnswerWhichGoesOnWhereItStopped) {
  Talk talk;
  talk.wait(400ms);
  const auto answer = test::counting(5 * kOutputRate);
  ASSERT_TRUE(talk.duplex.answer(answer, talk.now));
  talk.duplex.turn_complete(talk.now);
  talk.wait(1s);
  talk.speak(200ms);
  EXPECT_TRUE(talk.duplex.held());
  talk.wait(8s);
  EXPECT_FALSE(talk.duplex.held());
  EXPECT_EQ(talk.speaker, answer);
  EXPECT_EQ(talk.count(Kind::answer_cut), 0);
}

TEST(Duplex_W10, TheUserStopsAnAnswerByHandAndTheNextOneIsHeard) {
  Talk talk;
  ASSERT_TRUE(talk.duplex.answer(test::counting(2 * kOutputRate), talk.now));
  talk.wait(500ms);
  talk.duplex.interrupt(talk.now);
  talk.drain();
  const auto heard = talk.speaker.size();
  ASSERT_TRUE(talk.duplex.answer(test::counting(kOutputRate), talk.now));
  talk.wait(500ms);
  EXPECT_EQ(talk.speaker.size(), heard) << "more of the same answer";
  EXPECT_EQ(talk.duplex.played().late, static_cast<std::uint64_t>(kOutputRate));
  talk.duplex.turn_complete(talk.now);
  ASSERT_TRUE(talk.duplex.answer(test::counting(kOutputRate), talk.now));
  talk.duplex.turn_complete(talk.now);
  talk.wait(1500ms);
  EXPECT_EQ(talk.speaker.size(), heard + kOutputRate);
}

TEST(Duplex_W10, AnAnswerBehindOneThatWasStoppedIsHeardThoughItsTurnWasOverOrNoneWas) {
  Talk talk;
  talk.duplex.interrupt(talk.now);  // nothing is said
  ASSERT_TRUE(talk.duplex.answer(test::counting(2 * kOutputRate), talk.now));
  talk.duplex.turn_complete(talk.now);
  talk.wait(500ms);
  talk.duplex.interrupt(talk.now);  // it is still being played
  talk.drain();
  EXPECT_EQ(talk.count(Kind::answer_cut), 1);
  EXPECT_EQ(talk.cut_turn, 0u);
  const auto heard = talk.speaker.size();
  EXPECT_GT(heard, 0u);
  ASSERT_TRUE(talk.duplex.answer(test::counting(kOutputRate), talk.now));
  talk.duplex.turn_complete(talk.now);
  talk.wait(1500ms);
  EXPECT_EQ(talk.speaker.size(), heard + kOutputRate);
}

TEST(Duplex_W13, AMutedMicrophoneSendsSilenceInItsTime) {
  Talk talk;
  talk.wait(400ms);
  talk.duplex.mute(true);
  const auto before = talk.sent.size();
  talk.speak(1s);
  EXPECT_EQ(talk.count(Kind::speech_began), 0);
  const auto silence = std::span(talk.sent).subspan(before);
  EXPECT_GE(silence.size(), samples_in(900ms, kInputRate));
  EXPECT_TRUE(std::ranges::all_of(silence, [](Sample one) { return one == 0; }));
}

TEST(Duplex_B35_W10, AnAnswerThatBeginsAnewIsHeardFromItsBeginning) {
  Talk talk;
  ASSERT_TRUE(talk.duplex.answer(test::counting(2 * kOutputRate), talk.now));
  talk.wait(500ms);
  talk.duplex.voided(talk.now);
  talk.drain();
  EXPECT_EQ(talk.count(Kind::empty_speaker), 1);
  EXPECT_EQ(talk.count(Kind::answer_cut), 1);
  EXPECT_TRUE(talk.duplex.quiet());
  const auto before = talk.speaker.size();
  EXPECT_LT(before, samples_in(600ms, kOutputRate));
  talk.wait(2s);
  EXPECT_EQ(talk.speaker.size(), before);
  const auto answer = test::counting(kOutputRate);
  ASSERT_TRUE(talk.duplex.answer(answer, talk.now));
  talk.duplex.turn_complete(talk.now);
  talk.wait(1500ms);
  EXPECT_EQ(Samples(talk.speaker.begin() + static_cast<std::ptrdiff_t>(before), talk.speaker.end()),
            answer);
  EXPECT_EQ(talk.count(Kind::answer_finished), 1);
  EXPECT_EQ(talk.count(Kind::underrun), 0);
}

TEST(Duplex_B35_W10, AnEarlierAnswerIsHeardToItsEndWhenTheNextOneBeginsAnew) {
  Talk talk;
  const auto first = test::counting(2 * kOutputRate);
  ASSERT_TRUE(talk.duplex.answer(first, talk.now));
  talk.duplex.turn_complete(talk.now);
  talk.wait(500ms);
  ASSERT_TRUE(talk.duplex.answer(test::counting(kOutputRate), talk.now));
  talk.duplex.voided(talk.now);
  talk.wait(2s);
  EXPECT_EQ(talk.speaker, first);
  EXPECT_EQ(talk.count(Kind::answer_finished), 1);
  talk.duplex.voided(talk.now);  // of which no sound had come
  talk.drain();
  EXPECT_EQ(talk.count(Kind::answer_cut), 1);
  ASSERT_TRUE(talk.duplex.answer(first, talk.now));
  talk.duplex.turn_complete(talk.now);
  talk.wait(3s);
  EXPECT_EQ(talk.speaker.size(), 2 * first.size());
}

TEST(Duplex_B35_W10, AnAnswerThatTheUserStoppedStaysStoppedWhenItBeginsAnew) {
  Talk talk;
  ASSERT_TRUE(talk.duplex.answer(test::counting(2 * kOutputRate), talk.now));
  talk.wait(500ms);
  talk.duplex.interrupt(talk.now);
  talk.drain();
  const auto heard = talk.speaker.size();
  talk.duplex.voided(talk.now);
  ASSERT_TRUE(talk.duplex.answer(test::counting(kOutputRate), talk.now));
  talk.duplex.turn_complete(talk.now);
  talk.wait(1500ms);
  EXPECT_EQ(talk.speaker.size(), heard);
  ASSERT_TRUE(talk.duplex.answer(test::counting(kOutputRate), talk.now));
  talk.duplex.turn_complete(talk.now);
  talk.wait(1500ms);
  EXPECT_EQ(talk.speaker.size(), heard + kOutputRate) << "the next one";
}

TEST(Duplex_B35_W10, AHeldAnswerThatBeginsAnewIsHeldNoLonger) {
  Talk talk;
  talk.wait(400ms);
  ASSERT_TRUE(talk.duplex.answer(test::counting(5 * kOutputRate), talk.now));
  talk.wait(1s);
  talk.speak(200ms);
  ASSERT_TRUE(talk.duplex.held());
  talk.duplex.voided(talk.now);
  talk.drain();
  EXPECT_FALSE(talk.duplex.held());
  EXPECT_TRUE(talk.duplex.quiet());
}

// As a program waits: at each time that is asked for, with nothing from the microphone.
void stall(Talk& talk, Duration time) {
  const auto until = talk.now + time;
  int calls = 0;
  while (const auto next = talk.duplex.next_timeout()) {
    if (*next > until || ++calls > 1000) break;
    talk.now = std::max(talk.now, *next);
    talk.drain();
  }
  EXPECT_LT(calls, 1000);
  talk.now = until;
  talk.drain();
}

TEST(Duplex_W13, ASourceThatStopsInAWordEndsTheSpeechAndTheNextOneIsHeard) {
  for (const bool fill : {true, false}) {
    DuplexOptions options;
    options.upstream.fill_silence = fill;
    Talk talk(options);
    talk.wait(400ms);
    talk.speak(600ms);
    const auto end = talk.now;
    stall(talk, 5s);
    EXPECT_EQ(talk.count(Kind::speech_ended), 1) << fill;
    EXPECT_LE(std::chrono::abs(talk.ended_at - end), 20ms);
    EXPECT_FALSE(talk.duplex.user_speaks());
    ASSERT_TRUE(talk.duplex.answer(test::counting(5 * kOutputRate), talk.now));
    stall(talk, 1s);
    talk.speak(300ms);
    EXPECT_EQ(talk.count(Kind::speech_began), 2);
    EXPECT_TRUE(talk.duplex.held()) << "the user talks into the answer";
  }
}

TEST(Duplex_W13, ASourceThatStopsEndsTheSpeechWhileTheConnectionIsAwayToo) {
  Talk talk;
  talk.wait(400ms);
  talk.speak(600ms);
  const auto end = talk.now;
  talk.duplex.hold();
  stall(talk, 2s);
  EXPECT_EQ(talk.count(Kind::speech_ended), 1);
  EXPECT_LE(std::chrono::abs(talk.ended_at - end), 20ms);
}

TEST(Duplex_W13, ACallerThatWasLateKnowsTheTrueEndOfSpeech) {
  Talk talk;
  talk.wait(400ms);
  talk.speak(600ms);
  const auto end = talk.now;
  talk.now += 3s;
  talk.speak(200ms);  // without a call between
  EXPECT_EQ(talk.count(Kind::speech_began), 2);
  EXPECT_EQ(talk.count(Kind::speech_ended), 1);
  EXPECT_LE(std::chrono::abs(talk.ended_at - end), 20ms);
}

TEST(Duplex_W13, SoundInLatePiecesIsOneSpeech) {
  Talk talk;
  talk.wait(400ms);
  for (int piece = 0; piece < 10; ++piece) {
    talk.now += 100ms;
    talk.duplex.recorded(test::sine(400, kInputRate, samples_in(100ms, kInputRate), 12'000),
                         talk.now);
    talk.drain();
    stall(talk, 0ms);
  }
  EXPECT_EQ(talk.count(Kind::speech_began), 1);
  EXPECT_EQ(talk.count(Kind::speech_ended), 0);
}

TEST(Duplex_W13, AMicrophoneThatEndsInAWordSendsAllOfIt) {
  Talk talk;
  talk.wait(400ms);
  talk.speak(405ms);
  talk.duplex.recording_ended(talk.now);
  talk.drain();
  EXPECT_EQ(talk.count(Kind::speech_ended), 1);
  EXPECT_EQ(talk.sent.size(), samples_in(805ms, kInputRate));
}

}  // namespace
}  // namespace parley::audio
