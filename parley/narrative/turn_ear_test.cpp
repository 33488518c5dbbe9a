#include <gtest/gtest.h>

#include "parley/narrative/detail/gemini_talk.hpp"

namespace parley::narrative::detail {
namespace {

gemini::LiveEvent words(std::string text) {
  gemini::LiveText out;
  out.text = std::move(text);
  return out;
}
gemini::LiveEvent transcript(std::string text, bool of_user = false) {
  gemini::LiveTranscript out;
  out.text = std::move(text);
  out.of_user = of_user;
  return out;
}
gemini::LiveEvent cut() {
  return gemini::LiveInterrupted();
}
gemini::LiveEvent complete() {
  return gemini::LiveTurnComplete();
}

struct Ear {
  explicit Ear(bool barge_in = true, bool cut_already = true)
      : ear(barge_in), cut_before(cut_already) {}
  bool take(const gemini::LiveEvent& event) { return ear.take(event, cut_before); }
  TurnEar ear;
  bool cut_before;  // the act before was spoken into, and its end is not told yet
};

}  // namespace

TEST(Narrative_N12_Ear, TheAnswerToTheSpeechThatCutTheActBeforeIsNoBargeIn) {
  Ear here;
  EXPECT_FALSE(here.take(complete()));  // of the act before
  EXPECT_FALSE(here.take(transcript("what about ships?", true)));
  EXPECT_FALSE(here.take(words("Ships are")));
  here.ear.begin_own();  // the act's message goes out, and cuts that answer
  EXPECT_FALSE(here.take(words(" large")));
  EXPECT_FALSE(here.take(cut()));
  EXPECT_FALSE(here.take(complete()));
  EXPECT_FALSE(here.take(words("Of lighthouses.")));
  EXPECT_TRUE(here.take(complete()));
  const auto answer = here.ear.answer();
  EXPECT_EQ(answer.text, "Of lighthouses.");
  EXPECT_EQ(answer.finish_reason, "STOP");
  EXPECT_EQ(answer.heard, "what about ships?");
}

TEST(Narrative_N12_Ear, AnAnswerThatBeganBeforeMayEndByItself) {
  Ear here;
  EXPECT_FALSE(here.take(complete()));
  EXPECT_FALSE(here.take(words("Ships")));
  here.ear.begin_own();
  EXPECT_FALSE(here.take(complete()));
  EXPECT_FALSE(here.take(words("Mine")));
  EXPECT_TRUE(here.take(complete()));
  EXPECT_EQ(here.ear.answer().text, "Mine");
}

TEST(Narrative_N12_Ear, SpeechIntoTheActsOwnAnswerIsABargeInAlsoBehindAnother) {
  Ear here;
  EXPECT_FALSE(here.take(complete()));
  here.ear.begin_own();  // nothing was under way
  EXPECT_FALSE(here.take(words("Mine")));
  EXPECT_TRUE(here.take(cut()));
  const auto answer = here.ear.answer();
  EXPECT_EQ(answer.finish_reason, "INTERRUPTED");
  EXPECT_EQ(answer.text, "Mine");
  // What was under way was cut; the next one is of the act.
  Ear again;
  EXPECT_FALSE(again.take(words("Ships")));
  again.ear.begin_own();
  EXPECT_FALSE(again.take(cut()));
  EXPECT_FALSE(again.take(words("Mine")));
  EXPECT_TRUE(again.take(cut()));
  EXPECT_EQ(again.ear.answer().text, "Mine");
}

TEST(Narrative_N12_Ear, ATranscriptThatComesLateIsOfTheActBefore) {
  Ear here;
  EXPECT_FALSE(here.take(transcript("upon a time")));  // of the act before
  EXPECT_FALSE(here.take(cut()));                      // the same barge-in, told again
  EXPECT_FALSE(here.take(transcript(" there was")));
  EXPECT_FALSE(here.take(complete()));
  EXPECT_FALSE(here.take(transcript("Mine")));
  EXPECT_TRUE(here.take(complete()));
  EXPECT_EQ(here.ear.answer().text, "Mine");
  // A service that does not tell the end of what was cut: nothing is lost.
  Ear silent;
  EXPECT_FALSE(silent.take(transcript("Mine")));
  gemini::LiveAudio sound;
  sound.pcm.resize(2);
  EXPECT_FALSE(silent.take(sound));
  EXPECT_FALSE(silent.take(transcript(" too")));
  EXPECT_TRUE(silent.take(complete()));
  EXPECT_EQ(silent.ear.answer().text, "Mine too");
}

}  // namespace parley::narrative::detail
