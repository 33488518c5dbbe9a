// Live narratives beside the emulator: one session, speech in and out, resumption.
#include <algorithm>

#include "parley/audio/wav.hpp"
#include "parley/base/text.hpp"

#include "narrative_here.hpp"

namespace parley {
namespace {

using narrative::Status;
using testing::code_of;
using testing::NarrativeHere;
using testing::notes_of;
using testing::path_of;
using testing::said;
using testing::script_of;
using testing::sessions;
using testing::why;
using testing::with_gemini;

constexpr std::string_view kTalk = R"(
[narrative]
model = "gemini-live-2.5-flash-preview"
system = "You are terse."
live = { answer = "text" }
[acts]
first = "repeat: My name is Ada"
second = "repeat: Nice to meet you"
third = "Who am I?"
)";

Task<void> one_session(emulator::Server& server, gemini::Client client) {
  NarrativeHere here(std::move(client));
  const auto run = co_await here.run(std::string(kTalk));
  EXPECT_EQ(run.status, Status::done) << why(run);
  EXPECT_EQ(sessions(server), 1);
  EXPECT_EQ(said(server, "\"clientContent\""), 3) << "each act says its own turn and no more";
  EXPECT_EQ(said(server, "You are terse."), 1);
  EXPECT_NE(run.output.find("Ada"), std::string::npos) << run.output;
  EXPECT_GT(run.acts[2].tokens.input, run.acts[0].tokens.input) << "the context counts";
  EXPECT_EQ(run.acts[1].finish_reason, "STOP");
}
TEST(Narrative_N12, ActsAreTurnsOfOneLiveSession) {
  with_gemini(one_session);
}

// A WAV file of that many milliseconds of a tone, as an input of a narrative.
std::string speech(int ms) {
  audio::Samples samples(static_cast<std::size_t>(16 * ms));
  for (std::size_t i = 0; i < samples.size(); ++i)
    samples[i] = static_cast<audio::Sample>(i % 40 < 20 ? 8000 : -8000);
  const auto wav = audio::write_wav(samples, 16'000).value();
  return "{ type = \"audio\", base64 = \"" + to_base64(wav) + "\", mime = \"audio/wav\" }";
}

Task<void> spoken(emulator::Server& server, gemini::Client client) {
  server.set_script(script_of(R"(
version: 1
live: {hears: ["Where is the light?", "Thank you."]}
rules:
  - {when: {text: light}, answer: "On the hill."}
  - {when: {text: thank}, answer: "You are welcome."}
)"));
  NarrativeHere here(std::move(client));
  const auto run = co_await here.run(R"(
[narrative]
model = "gemini-2.5-flash-native-audio-preview-12-2025"
live = { voice = "Kore" }
[acts.question]
input = ["Somebody asks:", )" + speech(700) +
                                     R"(]
audio_output = "answer.wav"
[acts.thanks]
input = [)" + speech(300) + R"(]
[acts.after]
input = "repeat: {{question}}"
audio_output = "sound/after.wav"
)");
  EXPECT_EQ(run.status, Status::done) << why(run);
  EXPECT_EQ(sessions(server), 1);
  EXPECT_EQ(run.acts[0].output, "On the hill.");
  EXPECT_EQ(run.acts[1].output, "You are welcome.");
  EXPECT_EQ(run.output, "On the hill.");
  EXPECT_EQ(said(server, "activityStart"), 2) << "where speech ends is known: no silence decides";
  EXPECT_EQ(here.kept.files.size(), 2u);
  const auto wav = audio::read_wav(as_bytes(here.kept.files["answer.wav"]));
  EXPECT_TRUE(wav);
  if (wav) {
    EXPECT_GT(wav->samples.size(), 2400u) << "more than a tenth of a second";
    EXPECT_EQ(wav->format.rate, 24'000);
  }
  std::string heard;
  for (const auto& entry : here.journal.entries()) heard += entry.heard;
  EXPECT_EQ(heard, "Where is the light?Thank you.");
}
TEST(Narrative_N12, SpeechGoesInAsWavFilesAndOutAsWavFiles) {
  with_gemini(spoken);
}

Task<void> go_away(emulator::Server& server, gemini::Client client) {
  server.set_script(script_of(R"(
version: 1
rules:
  - {when: {text: Nice}, answer: ["Nice to meet you", {go_away: 30s}]}
)"));
  NarrativeHere here(std::move(client));
  const auto run = co_await here.run(std::string(kTalk));
  EXPECT_EQ(run.status, Status::done) << why(run);
  EXPECT_NE(run.output.find("Ada"), std::string::npos) << run.output;
  EXPECT_EQ(sessions(server), 2);
  EXPECT_NE(notes_of(run).find("go_away"), std::string::npos) << notes_of(run);
}
TEST(Narrative_N12, TheSessionOutlivesGoAway) {
  with_gemini(go_away);
}

Task<void> cut(emulator::Server& server, gemini::Client client) {
  server.set_script(script_of(R"(
version: 1
rules:
  - {when: {text: Nice, time: 1}, answer: ["Nice to", {cut: true}]}
  - {when: {text: Nice}, answer: ["Nice to meet you"]}
)"));
  NarrativeHere here(std::move(client));
  const auto run = co_await here.run(std::string(kTalk));
  EXPECT_EQ(run.status, Status::done) << why(run);
  EXPECT_EQ(run.acts[1].output, "Nice to meet you") << "the answer began anew";
  EXPECT_NE(run.output.find("Ada"), std::string::npos) << run.output;
  EXPECT_NE(notes_of(run).find("second: "), std::string::npos) << "it is told";
}
TEST(Narrative_N12, ALostConnectionIsToldAndTheActGoesOn) {
  with_gemini(cut);
}

// The second act fails for good; the run goes on from its record. `handles`: the service gives
// some.
Task<void> resumed(emulator::Server* server, gemini::Client client, bool handles) {
  const std::string rules = handles ? "version: 1\nlive: {handles: true}\nrules:\n"
                                    : "version: 1\nlive: {handles: false}\nrules:\n";
  server->set_script(script_of(rules + "  - {when: {text: Nice}, error: 400}\n"));
  auto text = std::string(kTalk);
  text.replace(text.find("answer = \"text\""), 15, "answer = \"text\", reconnects = 0");
  NarrativeHere here(std::move(client));
  const auto failed = co_await here.run(text);
  EXPECT_EQ(failed.status, Status::failed);
  EXPECT_EQ(path_of(failed), "first:done second:failed third:not_run");
  const auto entries = here.journal.entries();
  const bool kept =
      std::ranges::any_of(entries, [](const auto& entry) { return entry.what == "live_handle"; });
  EXPECT_EQ(kept, handles);
  server->service().forget_journal();
  server->set_script(script_of(rules + "  - {when: {text: Nice}, answer: Nice to meet you}\n"));
  narrative::RunOptions options;
  options.replay = narrative::Replay(entries);
  options.resumed = true;
  const auto run = co_await here.run(text, std::move(options));
  EXPECT_EQ(run.status, Status::done) << why(run);
  EXPECT_TRUE(run.acts[0].from_record);
  EXPECT_EQ(sessions(*server), 1);
  EXPECT_EQ(said(*server, "\"handle\""), handles ? 1 : 0);
  EXPECT_EQ(said(*server, "repeat: My name is Ada"), handles ? 0 : 1) << "it is told what was said";
  EXPECT_NE(run.output.find("Ada"), std::string::npos) << run.output;
  EXPECT_NE(notes_of(run).find(handles ? "goes on by its handle" : "with the 2 turns so far"),
            std::string::npos)
      << notes_of(run);
}
Task<void> resumed_by_handle(emulator::Server& server, gemini::Client client) {
  co_await resumed(&server, std::move(client), true);
}
Task<void> resumed_by_history(emulator::Server& server, gemini::Client client) {
  co_await resumed(&server, std::move(client), false);
}
TEST(Narrative_N12, AFailedRunGoesOnByTheHandleOfItsSession) {
  with_gemini(resumed_by_handle);
}
TEST(Narrative_N12, WithoutAHandleASessionIsToldWhatWasSaid) {
  with_gemini(resumed_by_history);
}

Task<void> budget(emulator::Server& server, gemini::Client client) {
  NarrativeHere here(std::move(client));
  const auto run = co_await here.run(R"(
[narrative]
model = "gemini-live-2.5-flash-preview"
live = { answer = "text" }
max_tokens = 100
budget = { tokens = 110 }
[acts]
first = "repeat: one"
second = "repeat: two"
third = "repeat: three"
)");
  EXPECT_EQ(run.status, Status::failed);
  EXPECT_EQ(code_of(run), "budget_exhausted") << why(run);
  EXPECT_LT(said(server, "\"clientContent\""), 3) << "it stops before the turn";
  EXPECT_LE(run.tokens.total(), 110);
}
TEST(Narrative_N12, ASpentBudgetStopsBeforeTheTurn) {
  with_gemini(budget);
}

Task<void> silent(emulator::Server& server, gemini::Client client) {
  server.set_script(script_of(R"(
version: 1
rules:
  - {when: {text: one}, answer: ["one", {wait: 60m}, "more"]}
)"));
  NarrativeHere here(std::move(client));
  const auto run = co_await here.run(R"(
[narrative]
model = "gemini-live-2.5-flash-preview"
live = { answer = "text", silence = "20ms" }
acts.first = "repeat: one"
)");
  EXPECT_EQ(run.status, Status::failed);
  EXPECT_TRUE(run.error && run.error->kind() == ErrorKind::timeout) << why(run);
}
TEST(Narrative_N12, AServiceThatSaysNothingEndsTheAct) {
  with_gemini(silent);
}

}  // namespace
}  // namespace parley
