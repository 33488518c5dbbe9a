#include "parley/audio/repeated_speech.hpp"

#include <gtest/gtest.h>

#include "parley/base/random.hpp"

namespace parley::audio {
namespace {

TEST(RepeatedSpeech_B35_W15, WordsThatWereToldAreKeptBackHoweverTheyAreCut) {
  const std::string said = "Where does the train to Trondheim leave, and when is it there?";
  SeededRandom random(1);
  for (int round = 0; round < 200; ++round) {
    RepeatedSpeech speech;
    std::string told = speech.pass(said);
    speech.again();
    const std::string heard = said.substr(random.below(20)) + " Thanks a lot";
    for (std::size_t at = 0; at < heard.size();) {
      const auto size = 1 + random.below(9);
      told += speech.pass(std::string_view(heard).substr(at, size));
      at += size;
    }
    EXPECT_EQ(told, said + " Thanks a lot");
    EXPECT_FALSE(speech.differs());
  }
}

TEST(RepeatedSpeech_B35_W15, OtherScriptsAreComparedToo) {
  RepeatedSpeech speech;
  speech.pass("明日の天気は？");
  speech.again();
  EXPECT_EQ(speech.pass("明日の"), "");
  EXPECT_EQ(speech.pass("天気は。"), "");
  EXPECT_EQ(speech.pass("東京の"), "東京の");
}

TEST(RepeatedSpeech_B35_W15, WhatIsHeardDifferentlyIsGivenWhole) {
  RepeatedSpeech speech;
  speech.pass("How far is it?");
  speech.again();
  EXPECT_EQ(speech.pass("How"), "");
  EXPECT_EQ(speech.guess(" fast"), "How fast");
  EXPECT_EQ(speech.pass(" fast is"), "How fast is");
  EXPECT_TRUE(speech.differs());
  EXPECT_EQ(speech.pass(" it?"), " it?");
  speech.again();
  EXPECT_EQ(speech.pass("how fast is it"), "") << "that is what was told in the end";
  speech.over();
  EXPECT_EQ(speech.pass("how fast"), "how fast") << "another question";
  speech.again();
  EXPECT_EQ(speech.pass("Stop!"), "Stop!");
  EXPECT_FALSE(speech.differs()) << "something else was said";
}

}  // namespace
}  // namespace parley::audio
