#include "parley/audio/transcript.hpp"

#include <map>

#include <gtest/gtest.h>

#include "parley/base/random.hpp"

namespace parley::audio {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kStart{};

std::vector<TranscriptUpdate> drain(Transcript& transcript) {
  std::vector<TranscriptUpdate> all;
  while (auto update = transcript.poll_update()) all.push_back(std::move(*update));
  return all;
}

std::string joined(std::vector<std::string> fragments, TranscriptOptions options = {}) {
  Transcript transcript(options);
  for (const auto& fragment : fragments)
    transcript.fragment(Side::model, fragment, false, false, kStart);
  transcript.turn_complete();
  const auto updates = drain(transcript);
  EXPECT_EQ(updates.size(), 1u) << "updates that nobody fetched are one";
  return updates.empty() ? "" : updates[0].text;
}

TEST(Transcript_W15, FragmentsAreJoinedWithTheirSpaces) {
  EXPECT_EQ(joined({" Hel", "lo", " there,", " how", " are you?"}), "Hello there, how are you?");
  EXPECT_EQ(joined({"Hello ", " there ", "\n you "}), "Hello there you");
  EXPECT_EQ(joined({"That is all.", "What else?"}), "That is all. What else?");
  EXPECT_EQ(joined({"It is 3.", "5 in the U.", "S. and at example.", "com"}),
            "It is 3.5 in the U.S. and at example.com");
  EXPECT_EQ(joined({"今日は", "いい", "天気です。", "そうですね"}),
            "今日はいい天気です。そうですね");
  TranscriptOptions words;
  words.words_alone = true;
  EXPECT_EQ(joined({"well", ",", "it", "is", "so", "."}, words), "well, it is so.");
}

TEST(Transcript_W15, BothSidesGrowBesideEachOther) {
  Transcript transcript;
  transcript.fragment(Side::user, "What", false, false, kStart);
  transcript.fragment(Side::model, "It", false, false, kStart);
  transcript.fragment(Side::user, " is it?", false, false, kStart);
  const auto updates = drain(transcript);
  ASSERT_EQ(updates.size(), 2u);
  EXPECT_EQ(updates[0].text, "What is it?");
  EXPECT_EQ(updates[1].text, "It");
  EXPECT_NE(updates[0].id, updates[1].id);
  EXPECT_EQ(updates[0].turn, updates[1].turn);
}

TEST(Transcript_W15_P5, AnUtteranceIsFinishedOnceHoweverItsEndIsTold) {
  enum class End { flag, generation, turn, interruption, quiet };
  for (const auto end : {End::flag, End::generation, End::turn, End::interruption, End::quiet}) {
    Transcript transcript;
    transcript.fragment(Side::model, "Good day", end == End::flag, false, kStart);
    EXPECT_EQ(transcript.next_timeout(),
              end == End::flag ? std::nullopt : std::optional(kStart + 500ms));
    if (end == End::generation) transcript.generation_complete();
    if (end == End::turn) transcript.turn_complete();
    if (end == End::interruption) transcript.interrupted();
    transcript.handle_timeout(kStart + 499ms);
    EXPECT_EQ(drain(transcript).back().finished, end != End::quiet);
    if (end == End::quiet) transcript.handle_timeout(kStart + 500ms);
    EXPECT_EQ(drain(transcript).size(), end == End::quiet ? 1u : 0u);
    // The others come as well.
    transcript.fragment(Side::model, "", true, false, kStart + 1s);
    transcript.generation_complete();
    transcript.turn_complete();
    transcript.interrupted();
    transcript.handle_timeout(kStart + 9s);
    EXPECT_TRUE(drain(transcript).empty());
  }
}

TEST(Transcript_W15, GuessesAreReplaced) {
  Transcript transcript;
  transcript.fragment(Side::user, "I scream", false, true, kStart);
  transcript.fragment(Side::user, "Ice cream and", false, true, kStart + 1s);
  transcript.handle_timeout(kStart + 5s);
  EXPECT_FALSE(transcript.next_timeout()) << "a guess waits for its text";
  const auto guess = drain(transcript).back();
  EXPECT_EQ(guess.text, "");
  EXPECT_EQ(guess.interim, "Ice cream and");
  transcript.fragment(Side::user, "Ice cream, please", false, false, kStart + 6s);
  EXPECT_EQ(drain(transcript).back().text, "Ice cream, please");
  transcript.fragment(Side::user, " and tea", false, true, kStart + 6s);
  transcript.turn_complete();
  const auto end = drain(transcript).back();
  EXPECT_EQ(end.text, "Ice cream, please and tea") << "better than nothing";
  EXPECT_EQ(end.interim, "");
  EXPECT_TRUE(end.finished);
}

TEST(Transcript_W15, TurnsAreAligned) {
  Transcript transcript;
  transcript.fragment(Side::user, "First", false, false, kStart);
  transcript.audio(100);
  transcript.fragment(Side::model, "One", false, false, kStart);
  transcript.fragment(Side::user, "Stop, second", false, false, kStart + 1s);
  transcript.interrupted();
  transcript.fragment(Side::model, " late", false, false, kStart + 1s);
  transcript.turn_complete();
  transcript.fragment(Side::user, " question", false, false, kStart + 1s);
  transcript.audio(100);
  transcript.fragment(Side::model, "Two", false, false, kStart + 2s);
  transcript.turn_complete();
  std::map<std::string, std::pair<std::uint64_t, bool>> told;
  for (const auto& update : drain(transcript)) told[update.text] = {update.turn, update.finished};
  EXPECT_EQ(told["FirstStop, second question"], std::pair(std::uint64_t{1}, true));
  EXPECT_EQ(told["One"], std::pair(std::uint64_t{0}, true));
  EXPECT_EQ(told["late"], std::pair(std::uint64_t{0}, true)) << "of the interrupted turn";
  EXPECT_EQ(told["Two"], std::pair(std::uint64_t{1}, true));
  EXPECT_EQ(transcript.turn(), 2u);
}

TEST(Transcript_W11, TheTextThatWasHeardFollowsThePlayedPosition) {
  Transcript transcript;
  for (const auto* piece : {"One two", " three four", " five six", " seven eight"}) {
    transcript.audio(24'000);
    transcript.fragment(Side::model, piece, false, false, kStart);
  }
  EXPECT_EQ(transcript.heard_text(0, 0), "");
  EXPECT_EQ(transcript.heard_text(0, 24'000), "One two");
  EXPECT_EQ(transcript.heard_text(0, 36'000), "One two") << "in the middle of a word";
  EXPECT_EQ(transcript.heard_text(0, 48'000), "One two three four");
  EXPECT_EQ(transcript.heard_text(0, 96'000), "One two three four five six seven eight");
  EXPECT_EQ(transcript.heard_text(7, 96'000), "");
  std::string before;
  for (std::uint64_t heard = 0; heard <= 96'000; heard += 100) {
    const auto text = transcript.heard_text(0, heard);
    ASSERT_TRUE(text.starts_with(before)) << "it only grows";
    before = text;
  }
}

TEST(Transcript_W11, TextBeforeItsAudioAndScriptsWithoutSpaces) {
  Transcript early;
  early.fragment(Side::model, "All the text comes first", false, false, kStart);
  early.audio(10'000);
  EXPECT_EQ(early.heard_text(0, 5'000), "All the text");
  Transcript script;
  script.audio(10'000);
  script.fragment(Side::model, "今日はいい天気です", false, false, kStart);
  EXPECT_EQ(script.heard_text(0, 5'000), "今日はい");
  for (int turn = 0; turn < 9; ++turn) {
    script.turn_complete();
    script.audio(1'000);
  }
  EXPECT_EQ(script.heard_text(0, 10'000), "") << "eight turns are known";
}

TEST(Transcript_W15, MemoryIsBounded) {
  TranscriptOptions options;
  options.most_text = 100;
  Transcript transcript(options);
  std::string all;
  std::uint64_t finished = 0;
  for (int i = 0; i < 20'000; ++i) {
    transcript.audio(10);
    transcript.fragment(Side::model, " word", false, false, kStart);
    for (const auto& update : drain(transcript)) {
      ASSERT_LE(update.text.size(), 110u);
      finished += update.finished;
    }
  }
  EXPECT_EQ(finished, 20'000u / 21) << "each has 20 words and one";
  const auto half = transcript.heard_text(0, 100'000).size();
  EXPECT_NEAR(static_cast<double>(half), 50'000, 200) << "fewer marks are as true";
}

// However the ends are told: nothing is lost or doubled, and each utterance is finished once, last.
TEST(Transcript_W15, NothingIsLostUnderRandomUse) {
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    SeededRandom random(seed);
    Transcript transcript;
    std::map<Side, std::string> said, told;
    std::map<std::uint64_t, bool> finished;
    TimePoint now = kStart;
    const auto fetch = [&] {
      for (const auto& update : drain(transcript)) {
        ASSERT_FALSE(finished[update.id]) << seed;
        finished[update.id] = update.finished;
        if (update.finished) told[update.side] += update.text + " ";
      }
    };
    for (int step = 0; step < 100; ++step) {
      now += random.below(200) * 1ms;
      const auto side = random.below(2) == 0 ? Side::user : Side::model;
      switch (random.below(9)) {
        case 0:
          transcript.turn_complete();
          break;
        case 1:
          transcript.interrupted();
          break;
        case 2:
          transcript.generation_complete();
          break;
        case 3:
          transcript.handle_timeout(now);
          break;
        case 4:
          transcript.fragment(side, " guess", false, true, now);
          transcript.fragment(side, "", false, false, now);  // nothing comes of it
          break;
        case 5:
          transcript.audio(random.below(1000));
          break;
        default: {
          const auto word = "w" + std::to_string(step);
          transcript.fragment(side, " " + word, random.below(5) == 0, false, now);
          said[side] += word + " ";
        }
      }
      if (random.below(3) == 0) fetch();
    }
    transcript.turn_complete();
    transcript.turn_complete();
    fetch();
    for (const auto side : {Side::user, Side::model}) {
      std::string compact = told[side];
      for (std::size_t at; (at = compact.find("  ")) != std::string::npos;) compact.erase(at, 1);
      if (compact.starts_with(' ')) compact.erase(0, 1);
      ASSERT_EQ(compact, said[side]) << seed;
    }
    for (const auto& [id, over] : finished) ASSERT_TRUE(over) << id;
  }
}

// The captions that are left, in their order, and how often one was told as finished.
struct Captions {
  void take(Transcript& transcript) {
    for (auto& update : drain(transcript)) {
      ends[update.id] += update.finished ? 1 : 0;
      if (update.voided)
        texts.erase(update.id);
      else
        texts[update.id] = (update.side == Side::user ? "you: " : "model: ") + update.text;
    }
  }
  std::vector<std::string> all() const {
    std::vector<std::string> out;
    for (const auto& [id, text] : texts) out.push_back(text);
    return out;
  }
  std::map<std::uint64_t, std::string> texts;
  std::map<std::uint64_t, int> ends;
};

using Texts = std::vector<std::string>;

// Asked, and cut in the answer; with quiet enough for captions to finish, or without.
void ask(Transcript& transcript, Captions& captions, Duration quiet) {
  transcript.fragment(Side::user, "What is the capital", false, false, kStart);
  transcript.fragment(Side::user, " of Norway?", false, false, kStart);
  captions.take(transcript);
  transcript.handle_timeout(kStart + quiet);
  transcript.audio(24'000);
  transcript.fragment(Side::model, "It is Oslo, four hundred", false, false, kStart + quiet);
  captions.take(transcript);
  transcript.handle_timeout(kStart + 2 * quiet);
  captions.take(transcript);
}

TEST(Transcript_B35_W15, AnAnswerThatBeginsAnewIsTakenBackAndTheQuestionIsToldOnce) {
  for (const auto quiet : {Duration(100ms), Duration(600ms)}) {
    Transcript transcript;
    Captions captions;
    ask(transcript, captions, quiet);
    transcript.voided();
    captions.take(transcript);
    EXPECT_EQ(captions.all(), Texts{"you: What is the capital of Norway?"});
    EXPECT_EQ(transcript.heard_text(0, 24'000), "");
    for (const std::string_view word : {"what is", " the capital of", " Norway", "?"})
      transcript.fragment(Side::user, word, word == "?", false, kStart + 3 * quiet);
    transcript.audio(24'000);
    transcript.fragment(Side::model, "It is Oslo.", false, false, kStart + 3 * quiet);
    transcript.turn_complete();
    captions.take(transcript);
    EXPECT_EQ(captions.all(), (Texts{"you: What is the capital of Norway?", "model: It is Oslo."}));
    EXPECT_EQ(captions.ends[0], 1);
    EXPECT_EQ(transcript.turn(), 2u);
    EXPECT_EQ(transcript.heard_text(1, 24'000), "It is Oslo.");
    // The next question may have the same words.
    transcript.fragment(Side::user, "What is the capital?", false, false, kStart + 4 * quiet);
    captions.take(transcript);
    EXPECT_EQ(captions.all().back(), "you: What is the capital?");
  }
}

TEST(Transcript_B35_W15, WhatTheUserSaysBehindTheRepeatedSpeechIsTold) {
  for (const std::string_view repeated : {"What is the capital of Norway? And", "of Norway. And"}) {
    Transcript transcript;
    Captions captions;
    ask(transcript, captions, 600ms);
    transcript.voided();
    transcript.fragment(Side::user, repeated, false, false, kStart + 3s);
    transcript.fragment(Side::user, " how big is it?", false, false, kStart + 3s);
    transcript.handle_timeout(kStart + 4s);
    captions.take(transcript);
    EXPECT_EQ(captions.all(),
              (Texts{"you: What is the capital of Norway?", "you: And how big is it?"}));
  }
}

TEST(Transcript_B35_W15, SpeechThatIsHeardDifferentlyReplacesItsCaption) {
  Transcript transcript;
  Captions captions;
  ask(transcript, captions, 600ms);
  transcript.voided();
  for (const std::string_view word : {"What is", " the cattle", " of Norway?"})
    transcript.fragment(Side::user, word, false, false, kStart + 3s);
  transcript.turn_complete();
  captions.take(transcript);
  EXPECT_EQ(captions.all(), Texts{"you: What is the cattle of Norway?"});
}

TEST(Transcript_B35_W15, SpeechThatGoesOutAgainBeforeAnyAnswerIsToldOnce) {
  Transcript transcript;
  Captions captions;
  transcript.fragment(Side::user, "What is the", false, false, kStart);
  captions.take(transcript);
  transcript.replayed();
  transcript.fragment(Side::user, "What is", false, true, kStart + 1s);
  transcript.fragment(Side::user, "What is the", false, false, kStart + 1s);
  transcript.fragment(Side::user, " capital?", false, false, kStart + 1s);
  transcript.turn_complete();
  captions.take(transcript);
  EXPECT_EQ(captions.all(), Texts{"you: What is the capital?"});
}

TEST(Transcript_B35_W15, AnInterruptionIsRepeatedWithoutTheQuestionBeforeIt) {
  Transcript transcript;
  Captions captions;
  ask(transcript, captions, 600ms);
  transcript.fragment(Side::user, "Stop, please", false, false, kStart + 2s);
  transcript.interrupted();
  transcript.turn_complete();
  transcript.audio(100);
  transcript.fragment(Side::model, "Fine", false, false, kStart + 2s);
  captions.take(transcript);
  transcript.voided();
  transcript.fragment(Side::user, "stop please.", false, false, kStart + 3s);
  transcript.turn_complete();
  captions.take(transcript);
  EXPECT_EQ(captions.all(), (Texts{"you: What is the capital of Norway?",
                                   "model: It is Oslo, four hundred", "you: Stop, please"}));
}

TEST(Transcript_B35_W15, NothingIsKeptBackWhereNothingWasSaid) {
  Transcript transcript;
  Captions captions;
  transcript.voided();
  transcript.fragment(Side::user, "Hello", false, false, kStart);
  captions.take(transcript);
  EXPECT_EQ(captions.all(), Texts{"you: Hello"});
}

}  // namespace
}  // namespace parley::audio
