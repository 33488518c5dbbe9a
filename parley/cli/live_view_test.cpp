#include "parley/cli/live_view.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "parley/base/random.hpp"
#include "parley/base/text.hpp"

namespace parley::cli {
namespace {

using namespace std::chrono_literals;

std::vector<std::string> lines_of(const std::string& drawn) {
  std::vector<std::string> lines(1);
  for (std::size_t at = 0; at < drawn.size();) {
    if (drawn[at] == '\x1b') {
      while (!std::isalpha(static_cast<unsigned char>(drawn[++at]))) {
      }
      ++at;
    } else if (drawn[at] == '\r') {
      lines.emplace_back(), at += 2;
    } else {
      lines.back() += drawn[at++];
    }
  }
  return lines;
}

LivePicture picture() {
  LivePicture out;
  out.model = "gemini-live", out.voice = "Puck";
  out.microphone = true;
  out.say("you", "What is ");
  out.say("you", "blue?");
  out.say("model", "The sky.");
  out.in = {-30, -12};
  out.last = 512ms, out.median = 480ms, out.most_of = 900ms, out.turns = 7;
  return out;
}

TEST(LiveView, ItShowsWhoSaysWhatLevelsAndLatency) {
  auto shown = picture();
  shown.state = LivePicture::State::answering;
  const auto lines = lines_of(draw_live(shown, 60, 12, Style::plain()));
  ASSERT_EQ(lines.size(), 12u);
  EXPECT_TRUE(lines[0].starts_with("gemini-live · Puck "));
  EXPECT_TRUE(lines[0].ends_with("the model answers"));
  EXPECT_EQ(lines[2], "you    What is blue?");
  EXPECT_EQ(lines[3], "model  The sky.");
  EXPECT_EQ(lines[8], "you    █████████████████··········│······ -30 dBFS ");
  EXPECT_EQ(lines[9], "model  ··································   silent ");
  EXPECT_EQ(lines[10], "answer after 512 ms, median 480 ms, 95 % 900 ms, 7 turns");
  EXPECT_EQ(lines[11], "Esc stop · ^T mute · ^O voice · ^G help · ^C quit");
}

TEST(LiveView, NoLineIsWiderThanTheScreenAndTheNewestCaptionsStay) {
  auto shown = picture();
  for (int n = 0; n < 600; ++n) {
    shown.end_captions();
    shown.say(n % 2 ? "you" : "model",
              fmt::format("number {} grüßt alle die da sind und bleiben", n));
  }
  EXPECT_EQ(shown.captions.size(), 500u);
  shown.typed = std::string(200, 'x') + "end";
  for (const std::size_t columns : {1u, 20u, 31u, 80u, 200u})
    for (const std::size_t rows : {1u, 8u, 24u}) {
      const auto lines = lines_of(draw_live(shown, columns, rows, Style::coloured()));
      EXPECT_EQ(lines.size(), std::max<std::size_t>(rows, 8));
      EXPECT_TRUE(lines.back().ends_with("end"));
      for (const auto& line : lines)
        EXPECT_LE(count_scalars(line), std::max<std::size_t>(columns, 26)) << line;
    }
  const auto drawn = draw_live(shown, 80, 24, Style::plain());
  EXPECT_NE(drawn.find("number 599"), std::string::npos);
}

TEST(LiveView, ColoursAreColoursAlone) {
  const auto plain = draw_live(picture(), 60, 12, Style::plain());
  EXPECT_EQ(plain.find("\x1b[1m"), std::string::npos);
  EXPECT_EQ(lines_of(plain), lines_of(draw_live(picture(), 60, 12, Style::coloured())));
}

TEST(LiveView, WordsOfTheModelCannotSteerTheTerminal) {
  LivePicture shown;
  shown.say("model", "a\x1b[2Jb\r\nc");
  const auto drawn = draw_live(shown, 60, 12, Style::plain());
  EXPECT_EQ(drawn.find("\x1b[2J"), std::string::npos);
  EXPECT_EQ(captions_of(shown).find('\x1b'), std::string::npos);
}

TEST(LiveView, EachSideKeepsItsUtteranceWhileTheOtherSpeaks) {
  LivePicture shown;
  shown.say("model", "I think");
  shown.say("you", "But");
  shown.say("model", " so");
  EXPECT_EQ(captions_of(shown), "model  I think so\nyou  But\n");
  shown.end_captions();
  shown.say("model", "Well");
  shown.note("interrupted");
  EXPECT_EQ(captions_of(shown), "model  I think so\nyou  But\nmodel  Well\n(interrupted)\n");
}

TEST(LiveView_B35, AnAnswerThatBeginsAnewIsTakenOffTheScreen) {
  LivePicture shown;
  shown.say("model", "Good day.");
  shown.end_turn();
  shown.say("you", "What is blue?");
  shown.say("model", "The sky, four");
  shown.note("connection lost");
  shown.say("model", " hundred");
  shown.take_back("model");
  EXPECT_EQ(captions_of(shown).find("sky"), std::string::npos);
  EXPECT_EQ(captions_of(shown).find("hundred"), std::string::npos);
  EXPECT_NE(captions_of(shown).find("Good day."), std::string::npos) << "an earlier turn";
  EXPECT_NE(captions_of(shown).find("What is blue?"), std::string::npos);
  shown.say("model", "The sea.");
  EXPECT_NE(captions_of(shown).find("The sea."), std::string::npos);
}

TEST(LiveView, AMutedMicrophoneAndTheHelpAreSeen) {
  auto shown = picture();
  shown.muted = true, shown.help = true;
  const auto lines = lines_of(draw_live(shown, 70, 16, Style::plain()));
  EXPECT_EQ(lines[4], "Ctrl-T   mute the microphone, and back");
  EXPECT_TRUE(lines[12].ends_with("muted"));
}

TEST(LiveView, HelpOnALowScreenBeginsWithItsFirstKeys) {
  LivePicture picture;
  picture.help = true;
  const auto screen = draw_live(picture, 60, 10, Style::plain());
  EXPECT_NE(screen.find("Esc      stop the answer"), std::string::npos);
  EXPECT_EQ(screen.find("Ctrl-C"), std::string::npos);
}

TEST(LiveKeys, KeysAreKnownHoweverTheirBytesAreCut) {
  using Kind = Key::Kind;
  const std::string bytes = "a\xc3\xbc\x7f\x15\x14\x0f\x07\x1bOP\x1b[A\x1b[11~\r\x03";
  const std::vector<Key> wanted = {{Kind::text, "a"},      {Kind::text, "ü"}, {Kind::backspace, ""},
                                   {Kind::erase_line, ""}, {Kind::mute, ""},  {Kind::voice, ""},
                                   {Kind::help, ""},       {Kind::help, ""},  {Kind::help, ""},
                                   {Kind::enter, ""},      {Kind::quit, ""}};
  EXPECT_EQ(KeyReader().read(bytes), wanted);
  KeyReader reader;
  auto keys = reader.read("\xc3");
  EXPECT_TRUE(keys.empty());
  EXPECT_EQ(reader.read("\xbc"), (std::vector<Key>{{Kind::text, "ü"}}));
  EXPECT_TRUE(reader.read("\x1b[1").empty());
  EXPECT_EQ(reader.read("1~"), (std::vector<Key>{{Kind::help, ""}}));
  EXPECT_EQ(reader.read("\x1b"), (std::vector<Key>{{Kind::interrupt, ""}}));
}

TEST(LiveKeys, AnyBytesAreTaken) {
  SeededRandom random(1);
  KeyReader reader;
  for (int n = 0; n < 20'000; ++n) {
    std::string bytes;
    for (auto left = random.below(12); left > 0; --left)
      bytes += static_cast<char>(random.below(random.below(2) == 0 ? 0x30 : 256));
    for (const auto& key : reader.read(bytes))
      EXPECT_TRUE(key.kind != Key::Kind::text || count_scalars(key.text) == 1u);
  }
}

}  // namespace
}  // namespace parley::cli
