// All parts together, as a voice program joins them: docs/audio.md shows the same loop.
#include <gtest/gtest.h>

#include "parley/audio/barge_in.hpp"
#include "parley/audio/latency.hpp"
#include "parley/audio/playout.hpp"
#include "parley/audio/test_signal.hpp"
#include "parley/audio/transcript.hpp"
#include "parley/audio/turn_counter.hpp"
#include "parley/audio/upstream.hpp"
#include "parley/audio/voice_activity.hpp"

namespace parley::audio {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kStart{};

// What a program keeps for one session.
class Voice {
 public:
  explicit Voice(TimePoint now) : upstream_(UpstreamOptions(), now) {}

  void recorded(SamplesView samples, TimePoint now) {
    upstream_.push(samples, now);
    detector_.add(samples);
    while (const auto event = detector_.poll_event()) {
      if (event->kind == VoiceEvent::Kind::started) {
        barge_in_.local_started(now);
      } else {
        barge_in_.local_ended(now);
        latency_.asked(now - duration_of(event->known_at - event->at, kInputRate));
      }
    }
    settle(now);
  }
  void received_audio(SamplesView samples, TimePoint now) {
    turns_.content();
    latency_.received(now, false, true);
    transcript_.audio(samples.size());
    barge_in_.reply_audio(turns_.turn());
    settle(now);
    ASSERT_TRUE(playout_.push(turns_.turn(), samples, now));
    settle(now);
  }
  void received_text(std::string_view text, TimePoint now) {
    transcript_.fragment(Side::model, text, false, false, now);
    latency_.received(now, true, false);
  }
  void received_interrupted(TimePoint now) {
    transcript_.interrupted();
    latency_.interrupted(now);
    if (turns_.interrupted()) barge_in_.interrupted(turns_.turn() - 1);
    settle(now);
  }
  void received_turn_complete(TimePoint now) {
    transcript_.turn_complete();
    latency_.completed(now);
    if (turns_.completed()) playout_.end_turn(turns_.turn() - 1, now);
    settle(now);
  }
  void handle_timeout(TimePoint now) {
    barge_in_.handle_timeout(now);
    transcript_.handle_timeout(now);
    settle(now);
  }

  // Until none of them has anything more to say.
  void settle(TimePoint now) {
    for (bool more = true; more;) {
      more = false;
      while (const auto event = barge_in_.poll_event()) {
        more = true;
        if (event->kind == BargeInEvent::Kind::hold) {
          playout_.hold(now);
          heard.resize(playout_.counters().heard);  // the device's queue is emptied
        } else if (event->kind == BargeInEvent::Kind::resume) {
          playout_.resume(now);
        } else {
          playout_.flush(event->turn, now);
        }
      }
      while (auto chunk = playout_.poll(now)) {
        more = true;
        test::append(heard, chunk->samples);
      }
      while (const auto event = playout_.poll_event()) {
        more = true;
        if (event->kind == PlayoutEvent::Kind::started) latency_.heard(now);
        if (event->kind == PlayoutEvent::Kind::finished) barge_in_.reply_finished(event->turn);
        ends.push_back(*event);
      }
    }
  }

  std::vector<UpstreamChunk> to_send(TimePoint now) {
    std::vector<UpstreamChunk> chunks;
    while (auto chunk = upstream_.take(now)) chunks.push_back(std::move(*chunk));
    if (!chunks.empty()) upstream_.confirm(chunks.back().index);
    return chunks;
  }
  std::string heard_text(const PlayoutEvent& end) const {
    return transcript_.heard_text(end.turn, end.heard);
  }
  const Playout& playout() const { return playout_; }
  LatencyReport& latency() { return latency_; }

  Samples heard;                   // what came out of the speaker
  std::vector<PlayoutEvent> ends;  // in their order

 private:
  Upstream upstream_;
  VoiceActivity detector_{kInputRate};
  Playout playout_;
  BargeIn barge_in_;
  Transcript transcript_;
  LatencyReport latency_;
  TurnCounter turns_;
};

// An hour: the user asks each ten seconds; every second answer is talked into, of which every
// second interruption is confirmed by the service and the others are coughs.
class Hour {
 public:
  Hour() : voice_(kStart) {}

  void run() {
    for (int step = 0; step < 180'000; ++step) {
      now_ = kStart + 20ms * step;
      second_ = step % 500;
      round_ = step / 500;
      microphone();
      service();
      voice_.handle_timeout(now_);
    }
    EXPECT_EQ(sent_, 180'000u * 320);
  }
  Voice& voice() { return voice_; }
  std::uint64_t answers() const { return answers_; }

 private:
  bool between(int from, int to) const { return second_ >= from && second_ < to; }
  // The user speaks from 1 to 3 s, and into every second answer at 5 s: 1 s, or a cough of 0.2 s.
  void microphone() {
    const bool confirmed = round_ % 4 == 1, cough = round_ % 4 == 3;
    const bool loud =
        between(50, 150) || (confirmed && between(250, 300)) || (cough && between(250, 260));
    Samples samples = test::noise(320, loud ? 6'000 : 5, random_);
    voice_.recorded(samples, now_);
    for (const auto& chunk : voice_.to_send(now_)) sent_ += chunk.samples.size();
  }
  // An answer of 4 s from 3.5 s on, twice as fast as it is heard, its text beside it.
  void service() {
    const bool confirmed = round_ % 4 == 1;
    if (between(175, 275) && !(confirmed && second_ >= 265)) {
      voice_.received_audio(test::counting(960, static_cast<std::size_t>(second_ - 175) * 960),
                            now_);
      if (second_ % 25 == 0) voice_.received_text(" word", now_);
    }
    if (confirmed && second_ == 265) voice_.received_interrupted(now_);
    if (second_ == (confirmed ? 268 : 275)) {
      voice_.received_turn_complete(now_);
      ++answers_;
    }
  }

  Voice voice_;
  SeededRandom random_{9};
  TimePoint now_{};
  int second_ = 0, round_ = 0;
  std::uint64_t sent_ = 0, answers_ = 0;
};

TEST(Conversation_W10_W11_W12, AnHourWithInterruptionsIsHeardToTheSample) {
  Hour hour;
  hour.run();
  auto& voice = hour.voice();
  std::uint64_t finished = 0, flushed = 0;
  for (const auto& end : voice.ends) {
    if (end.kind == PlayoutEvent::Kind::finished) {
      EXPECT_EQ(end.heard, 96'000u) << "also of an answer that a cough held";
      EXPECT_EQ(voice.heard_text(end).empty(), end.turn + 8 < hour.answers());
      ++finished;
    } else if (end.kind == PlayoutEvent::Kind::flushed) {
      EXPECT_GT(end.heard, 24'000u);
      EXPECT_LT(end.heard, 48'000u) << "the guess stopped it before the service did";
      ++flushed;
    }
  }
  EXPECT_EQ(finished, 270u);
  EXPECT_EQ(flushed, 90u);
  const auto& count = voice.playout().counters();
  EXPECT_EQ(count.heard, voice.heard.size());
  EXPECT_EQ(count.received, count.heard + count.dropped);
  EXPECT_EQ(count.underruns, 0u);
  EXPECT_EQ(count.delays, 0u);
  // Each answer is heard from its beginning on, without a hole or a repetition.
  for (std::size_t i = 1; i < voice.heard.size(); ++i)
    ASSERT_TRUE(voice.heard[i] == 1 || voice.heard[i] == voice.heard[i - 1] + 1 ||
                voice.heard[i - 1] == 30'000)
        << i;
  EXPECT_EQ(voice.latency().histograms().first_audio.count(), 360u);
  EXPECT_NEAR(
      static_cast<double>(voice.latency().histograms().first_audio.percentile(0.5)->count()), 5e8,
      2e7);
}

}  // namespace
}  // namespace parley::audio
