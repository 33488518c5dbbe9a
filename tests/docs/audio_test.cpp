// clang-format off: the lines are those of docs/audio.md.
#include <chrono>
#include <string>

#include <gtest/gtest.h>

#include "parley/audio/barge_in.hpp"
#include "parley/audio/duplex.hpp"
#include "parley/audio/latency.hpp"
#include "parley/audio/pcm.hpp"
#include "parley/audio/playout.hpp"
#include "parley/audio/resampler.hpp"
#include "parley/audio/transcript.hpp"
#include "parley/audio/upstream.hpp"

namespace parley {
namespace {

using namespace std::chrono_literals;

const TimePoint beginning{1h};

TEST(DocsAudio, MicrophoneSpeakerAndSessionAreJoined) {
  auto now = beginning;
  audio::Samples samples(16'000, 3'000);
  std::size_t sent = 0, played = 0, emptied = 0;
  const auto send_audio = [&](const audio::Samples& some) { sent += some.size(); };
  const auto play = [&](const audio::Samples& some) { played += some.size(); };
  const auto drop_what_the_speaker_has = [&] { ++emptied; };
audio::Duplex duplex(audio::DuplexOptions(), now);
duplex.recorded(samples, now);                             // from the microphone
while (auto chunk = duplex.take(now)) send_audio(chunk->samples);
  EXPECT_EQ(sent, 16'000u);
  samples.resize(24'000);
auto taken = duplex.answer(samples, now);                  // LiveAudio; too_large: the queue is full
  EXPECT_TRUE(taken);
  for (; now < beginning + 300ms; now += 20ms) {
    duplex.handle_timeout(now);
    while (auto event = duplex.poll_event(now))
      if (event->kind == audio::DuplexEvent::Kind::play) play(event->chunk.samples);
  }
  EXPECT_GT(played, 0u);
  EXPECT_LT(played, 24'000u) << "in its time";
duplex.interrupted(now);                                   // LiveInterrupted; also generation_complete, turn_complete
while (auto event = duplex.poll_event(now)) {              // after each call, and at next_timeout() behind handle_timeout(now)
  if (event->kind == audio::DuplexEvent::Kind::play) play(event->chunk.samples);
  if (event->kind == audio::DuplexEvent::Kind::empty_speaker) drop_what_the_speaker_has();
}
  EXPECT_GT(emptied, 0u);
  EXPECT_TRUE(duplex.quiet());
}

TEST(DocsAudio, FormatsRatesAndChunks) {
  const auto bytes = audio::to_bytes(audio::Samples(24'000, 100));
  std::size_t chunks = 0;
  const auto send = [&](const Bytes& chunk) { chunks += chunk.size() == 640; };
auto format = audio::parse_mime("audio/pcm;rate=24000");   // Result<PcmFormat>
  ASSERT_TRUE(format);
audio::PcmReader reader(*format);
audio::Samples samples;
reader.read(bytes, samples);                               // an odd byte waits for the next piece

auto resampler = audio::Resampler::create(format->rate, 16'000);
audio::Samples converted;
resampler->process(samples, converted);                    // again and again; then:
resampler->finish(converted);                              // the end of the stream

audio::Chunker chunker(16'000, 20ms);
chunker.push(converted);
while (auto chunk = chunker.poll()) send(audio::to_bytes(*chunk));
  EXPECT_EQ(chunks, 50u);
}

TEST(DocsAudio, TheMicrophoneIsSentAndConfirmed) {
  const auto now = beginning;
  const audio::Samples recorded(3'200, 100);
  std::uint64_t index = 0;
  const auto send_audio = [](const audio::Samples& some) { EXPECT_EQ(some.size(), 320u); };
audio::Upstream upstream(audio::UpstreamOptions(), now);
upstream.push(recorded, now);                              // whatever the device gives
while (auto chunk = upstream.take(now)) {                  // also at upstream.next_timeout()
  send_audio(chunk->samples);                              // remember which message had chunk->index
  index = chunk->index;
}
  EXPECT_EQ(upstream.unconfirmed(), 10u);
upstream.confirm(index);                                   // what the service has consumed
  EXPECT_EQ(upstream.unconfirmed(), 0u);
}

TEST(DocsAudio, AnAnswerIsPlayedAndItsTextRemembered) {
  auto now = beginning;
  const std::uint64_t turn = 0;
  const audio::Samples samples(2'400, 100);
  std::size_t played = 0, finished = 0;
  const auto play = [&](const audio::Samples& some) { played += some.size(); };
  const auto tell = [&](audio::PlayoutEvent::Kind kind, std::uint64_t, std::uint64_t heard) {
    if (kind == audio::PlayoutEvent::Kind::finished) finished += heard;
  };
audio::Playout playout;
auto pushed = playout.push(turn, samples, now);            // too_large: wait until playout.room() is there
  EXPECT_TRUE(pushed);
playout.end_turn(turn, now);                               // at generationComplete or turnComplete
  for (; now < beginning + 1s; now += 20ms) {
while (auto chunk = playout.poll(now)) play(chunk->samples);   // also at playout.next_timeout()
while (auto event = playout.poll_event()) tell(event->kind, event->turn, event->heard);   // started, finished, flushed, underrun
  }
  EXPECT_EQ(played, 2'400u);
  EXPECT_EQ(finished, 2'400u);
}

TEST(DocsAudio, TheUserTalksIntoAnAnswer) {
  auto now = beginning;
  audio::BargeIn barge_in;
  audio::Playout playout;
  EXPECT_TRUE(playout.push(0, audio::Samples(24'000, 100), now));
  playout.end_turn(0, now);
  std::size_t played = 0;
  const auto drain = [&] {
    while (auto chunk = playout.poll(now)) played += chunk->samples.size();
while (auto event = barge_in.poll_event()) {
  if (event->kind == audio::BargeInEvent::Kind::hold) playout.hold(now);        // and empty the device's queue
  if (event->kind == audio::BargeInEvent::Kind::resume) playout.resume(now);
  if (event->kind == audio::BargeInEvent::Kind::flush) playout.flush(event->turn, now);
}
  };
  barge_in.reply_audio(0);
  for (; now < beginning + 300ms; now += 20ms) drain();
  EXPECT_GT(played, 0u);
  barge_in.local_started(now);
  drain();
  EXPECT_TRUE(playout.held());
  barge_in.interrupted(0);
  drain();
  EXPECT_FALSE(playout.held());
  EXPECT_FALSE(playout.turn()) << "nothing of it is left";
}

TEST(DocsAudio, WhatWasSaidAndWhatOfItWasHeard) {
  const auto now = beginning;
  const audio::Samples samples(24'000);
  const std::string text = "Oslo is the capital.";
  const bool finished = true, interim = false;
  std::string shown, remembered;
  const auto show = [&](std::uint64_t, const std::string& all, bool) { shown = all; };
  const auto remember = [&](const std::string& words) { remembered = words; };
audio::Transcript transcript;
transcript.audio(samples.size());                                                // with each piece of the answer's audio
transcript.fragment(audio::Side::model, text, finished, interim, now);
while (auto update = transcript.poll_update()) show(update->id, update->text, update->finished);
  EXPECT_EQ(shown, text);

  audio::PlayoutEvent flushed;
  flushed.kind = audio::PlayoutEvent::Kind::flushed;
  flushed.heard = samples.size();
  const auto* event = &flushed;
if (event->kind == audio::PlayoutEvent::Kind::flushed)                           // for the history of the conversation
  remember(transcript.heard_text(event->turn, event->heard));

EXPECT_EQ(remembered, text);
}

}  // namespace
}  // namespace parley
