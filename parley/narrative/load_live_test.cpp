#include "parley/narrative/test_world.hpp"

// What a file may say of Live narratives, and what it may not.
namespace parley::narrative {
namespace {

using testing::book_of;
using testing::mistakes_of;

constexpr std::string_view kHead = "[narrative]\nlive = true\n";

TEST(NarrativeFile_N12, EverythingOfALiveNarrativeIsRead) {
  const auto book = book_of(R"(
[narrative]
model = "m"
live = { answer = "audio", voice = "Kore", reconnects = 3, silence = "5s", barge_ins = 4 }
[acts.a]
input = "Hello"
barge_in = "b"
audio_output = "out/a.wav"
[acts.b]
only_after_barge_in = true
input = [{ type = "audio", file = "b.wav" }, { type = "microphone" }]
)");
  const auto& narrative = *book.find("n");
  ASSERT_TRUE(narrative.live);
  EXPECT_EQ(narrative.live->answer, LiveSettings::Answer::audio);
  EXPECT_EQ(narrative.live->voice, "Kore");
  EXPECT_EQ(narrative.live->reconnects, 3);
  EXPECT_EQ(narrative.live->silence, std::chrono::seconds(5));
  EXPECT_EQ(narrative.live->barge_ins, 4);
  EXPECT_EQ(narrative.acts[0].barge_in, "b");
  EXPECT_EQ(narrative.acts[0].audio_output, "out/a.wav");
  EXPECT_TRUE(narrative.acts[1].only_after_barge_in);
  EXPECT_TRUE(std::holds_alternative<MicrophoneInput>(narrative.acts[1].inputs[1].what));
}

TEST(NarrativeFile_N12, LiveIsAFlagOrATable) {
  EXPECT_TRUE(book_of("[narrative]\nlive = true\n[acts]\na = \"x\"\n").find("n")->live);
  EXPECT_FALSE(book_of("[narrative]\nlive = false\n[acts]\na = \"x\"\n").find("n")->live);
}

struct Mistake {
  std::string_view text;
  std::string_view told;
};

TEST(NarrativeCheck_N12, MistakesAreToldWithTheirPlaces) {
  const Mistake rows[] = {
      {"[narrative]\nlive = { voise = \"Kore\" }\n[acts]\na = \"x\"\n",
       "n.toml:2:10: error: live: unknown key \"voise\", did you mean voice? [unknown_key]"},
      {"[narrative]\nlive = true\n[acts.a]\ninput = \"x\"\nbarge_in = \"lisen\"\n[acts.listen]\n"
       "input = \"y\"\n",
       "n.toml:5:12: error: act a: barge_in names act lisen, which is not in narrative n, did you "
       "mean listen? [missing_act]"},
      {"[acts.a]\ninput = \"x\"\nbarge_in = \"a\"\n",
       "n.toml:3:12: error: act a: barge_in needs a Live narrative ([narrative.live]) [live]"},
      {"[acts.a]\ninput = { type = \"microphone\" }\n", "needs a Live narrative"},
      {"[acts.a]\ninput = \"x\"\naudio_output = \"a.wav\"\n",
       "audio_output needs a Live narrative"},
      {"[narrative]\nlive = true\n[acts.a]\ninput = \"x\"\naudio_output = \"../a.wav\"\n",
       "n.toml:5:16: error: act a: audio_output is \"../a.wav\", and must name a .wav file"},
      {"[narrative]\nlive = true\n[acts.a]\ninput = \"x\"\nmodel = \"m\"\n",
       "settings of a Live session stand in [narrative] [live]"},
      {"[narrative]\nlive = true\nhistory = \"none\"\n[acts]\na = \"x\"\n",
       "a session remembers what was said"},
      {"[narrative]\nlive = true\nretry = { fallback = [\"m\"] }\n[acts]\na = \"x\"\n",
       "a session has one model"},
      {"[narrative]\nlive = true\nsystem = \"{{a}}\"\n[acts]\na = \"x\"\n",
       "the instruction is given once"},
      {"[narrative]\nlive = true\n[acts.a]\ninput = { type = \"video\", file = \"a.mp4\" }\n",
       "a Live session takes texts, pictures and speech"},
      {"[narrative]\nlive = true\n[acts.a]\ninput = { type = \"audio\", file = \"a.mp3\" }\n",
       "n.toml:4:9: error: act a: audio/mp3: speech for a Live session is a WAV file [live]"},
      {"[narrative]\nlive = true\n[acts.a]\ninput = \"x\"\nonly_after_barge_in = true\n",
       "none would ever run"},
      {"[narrative]\nlive = true\n[acts.a]\ninput = \"x\"\nassert = { judge = \"Good?\" }\n",
       "judge needs model"},
      {"[narrative]\nlive = { barge_ins = 0 }\n[acts]\na = \"x\"\n", "barge_ins"},
      {"[narrative]\nlive = { silence = \"0s\" }\n[acts]\na = \"x\"\n", "silence must be above 0"}};
  for (const auto& row : rows)
    EXPECT_NE(mistakes_of(std::string(row.text)).find(row.told), std::string::npos)
        << row.text << "\n"
        << mistakes_of(std::string(row.text));
}

TEST(NarrativeCheck_N12, CarouselsAndBargeInsDoNotGoTogether) {
  const auto told = mistakes_of(std::string(kHead) +
                                "[acts.a]\ninput = \"x\"\nbarge_in = \"b\"\n"
                                "carousel = { iterations = 2 }\n[acts.b]\ninput = \"y\"\n");
  EXPECT_NE(told.find("act a: carousel and barge_in do not go together"), std::string::npos)
      << told;
}

}  // namespace
}  // namespace parley::narrative
