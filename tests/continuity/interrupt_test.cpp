// An answer that is stopped, and what is left of it: the rules alone, and against the emulator.
#include <boost/asio/this_coro.hpp>
#include <gtest/gtest.h>

#include "parley/emulator/server.hpp"
#include "parley/gemini/live.hpp"
#include "parley/gemini/live_models.hpp"

#include "rules.hpp"
#include "world.hpp"

namespace parley::testing {
namespace {

using namespace gemini;

constexpr auto kNative = "gemini-2.5-flash-native-audio-latest";
constexpr auto kNewer = "gemini-3.1-flash-live-preview";

Setup setup_of(const char* model, bool automatic) {
  LiveOptions options(model);
  options.transcribe();
  options.detect_activity(automatic);
  return options.setup;
}

// A tenth of a second of sound beside a word.
void speak_word(Rules& rules, std::string word) {
  LiveAudio sound;
  sound.pcm = Bytes(4800);
  rules.hear(std::move(sound));
  LiveTranscript words;
  words.text = std::move(word);
  rules.hear(std::move(words));
}

void speak_ten_words(Rules& rules) {
  for (const char* word :
       {"one", " two", " three", " four", " five", " six", " seven", " eight", " nine", " ten"})
    speak_word(rules, word);
}

std::string text_of_turn(const Content& turn) {
  std::string out;
  for (const auto& part : parts_of(turn)) out += part.text.value_or("");
  return out;
}

// What the newest connection was told of the history: "user: …", "model: …".
std::vector<std::string> seeded(const Rules& rules) {
  std::vector<std::string> out;
  for (const auto& send : rules.sends) {
    const auto* content = std::get_if<ClientContentMessage>(&send.message);
    if (send.link != rules.opens.back().link || content == nullptr) continue;
    if (!content->client_content.turns) continue;
    for (const auto& turn : *content->client_content.turns)
      out.push_back(turn.role.value_or("") + ": " + text_of_turn(turn));
  }
  return out;
}

using Lines = std::vector<std::string>;

TEST(Interrupt_W11, TheWayIsThatOfTheModelAndItsSetup) {
  EXPECT_EQ(interrupt_way(setup_of(kNative, true)).value(), InterruptWay::turn);
  EXPECT_EQ(interrupt_way(setup_of(kNative, false)).value(), InterruptWay::turn);
  EXPECT_EQ(interrupt_way(setup_of("gemini-3.8-live", true)).value(), InterruptWay::turn);
  EXPECT_EQ(interrupt_way(setup_of(kNewer, false)).value(), InterruptWay::activity);
  const auto automatic = interrupt_way(setup_of(kNewer, true));
  ASSERT_FALSE(automatic);
  EXPECT_EQ(automatic.error().kind(), ErrorKind::invalid_state);
  EXPECT_NE(automatic.error().message().find("detect_activity(false)"), std::string::npos);
  auto stubborn = setup_of(kNewer, false);
  stubborn.realtime_input_config->activity_handling = ActivityHandling::no_interruption;
  EXPECT_NE(interrupt_way(stubborn).error().message().find("NO_INTERRUPTION"), std::string::npos);
  EXPECT_FALSE(interrupt_way(setup_of("gemini-3.5-live-translate-preview", true)));
}

TEST(Interrupt_W11, WhatWasHeardIsWhatANewConnectionAndASnapshotAreTold) {
  for (const bool told_first : {true, false}) {
    Rules rules(durable(), speech_setup());
    rules.open();
    rules.say("count");
    speak_ten_words(rules);
    if (told_first) rules.core.heard(0, milliseconds(350));
    rules.hear(LiveInterrupted());
    rules.hear(LiveTurnComplete());
    if (!told_first) rules.core.heard(0, milliseconds(350));
    rules.drain();
    const auto cuts = rules.told<AnswerCut>();
    ASSERT_EQ(cuts.size(), 1u) << told_first;
    EXPECT_EQ(cuts[0].turn, 0u);
    EXPECT_EQ(cuts[0].heard, milliseconds(350));
    EXPECT_EQ(cuts[0].said, "one two three four five six seven eight nine ten");
    EXPECT_EQ(cuts[0].text, "one two three");
    const auto snapshot = rules.core.snapshot(WallTime{}, rules.now);
    ASSERT_EQ(snapshot.history.size(), 2u);
    EXPECT_EQ(text_of_turn(snapshot.history[1]), "one two three");
    rules.lose(1006);
    rules.pass(std::chrono::seconds(20));
    rules.open();
    EXPECT_EQ(seeded(rules), (Lines{"user: count", "model: one two three"}));
  }
}

TEST(Interrupt_W11, AnAnswerOfWhichNothingWasHeardIsNotInTheHistory) {
  for (const bool told_first : {true, false}) {
    Rules rules(durable(), speech_setup());
    rules.open();
    rules.say("count");
    speak_ten_words(rules);
    if (told_first) rules.core.heard(0, milliseconds(0));
    rules.hear(LiveInterrupted());
    rules.hear(LiveTurnComplete());
    if (!told_first) rules.core.heard(0, milliseconds(0));
    rules.say("again");
    speak_word(rules, "yes");
    rules.hear(LiveGenerationComplete());
    rules.hear(LiveTurnComplete());
    rules.core.heard(1, milliseconds(100));
    rules.core.heard(7, milliseconds(1));
    rules.drain();
    ASSERT_EQ(rules.told<AnswerCut>().size(), 1u) << "the second was heard to its end";
    EXPECT_EQ(rules.told<AnswerCut>()[0].text, "");
    EXPECT_EQ(rules.core.snapshot(WallTime{}, rules.now).history.size(), 3u);
    rules.lose(1006);
    rules.pass(std::chrono::seconds(20));
    rules.open();
    EXPECT_EQ(seeded(rules), (Lines{"user: countagain", "model: yes"}));
  }
}

TEST(Interrupt_W11, APlaceInAnAnswerThatBeganAnewIsThatOfThePlayer) {
  Rules rules(durable(), speech_setup());
  rules.open();
  rules.say("count");
  speak_word(rules, "void");
  rules.lose(1006);
  rules.pass(std::chrono::seconds(20));
  rules.open();
  EXPECT_EQ(rules.told<AnswerVoided>().size(), 1u);
  speak_ten_words(rules);
  rules.hear(LiveInterrupted());
  rules.hear(LiveTurnComplete());
  rules.core.heard(0, milliseconds(450));  // of it 100 ms that are void
  rules.drain();
  ASSERT_EQ(rules.told<AnswerCut>().size(), 1u);
  EXPECT_EQ(rules.told<AnswerCut>()[0].text, "one two three");
}

TEST(Interrupt_W11, TheServiceStopsAndTheNextQuestionIsAnswered) {
  const std::pair<gemini::Setup, bool> cases[] = {{speech_setup(), false},
                                                  {setup_of(kNative, false), false},
                                                  {setup_of("gemini-3.8-live", true), false},
                                                  {setup_of(kNewer, false), true}};
  for (const auto& [setup, by_mark] : cases) {
    const bool marks = by_mark;
    WorldOptions options;
    options.setup = setup;
    World world(std::move(options));
    world.run_for(milliseconds(100));
    EXPECT_TRUE(world.core().interrupt(world.now())) << "nothing is said: nothing is sent";
    EXPECT_EQ(world.messages_taken(), 1u) << "the setup";
    const auto ask = [&](std::string_view words) {
      if (marks)
        world.send(text_message(words));
      else
        world.say(words);
    };
    ask("repeat: a long answer that nobody will ever hear to its end because it is stopped");
    ASSERT_TRUE(world.run_until([&] { return world.heard().open_audio > 0; })) << setup.model;
    ASSERT_TRUE(world.core().interrupt(world.now())) << setup.model;
    ASSERT_TRUE(world.run_until([&] { return world.heard().answers.size() == 1; }));
    EXPECT_EQ(world.heard().interrupted, 1u) << setup.model;
    EXPECT_EQ(world.heard().answers[0].find("stopped"), std::string::npos);
    ask("repeat: ok");
    ASSERT_TRUE(world.run_until([&] { return world.heard().answers.size() == 2; }));
    EXPECT_EQ(world.heard().answers[1], "ok") << setup.model;
    EXPECT_TRUE(world.core().outcome());
  }
}

TEST(Interrupt_W11, AMarkThatInterruptedIsTheBeginningOfWhatTheUserSaysNext) {
  WorldOptions options;
  options.setup = setup_of(kNewer, false);
  options.live.hears = {"repeat: yes"};
  World world(std::move(options));
  world.run_for(milliseconds(100));
  world.send(text_message("repeat: a long answer that is stopped before it comes to an end"));
  ASSERT_TRUE(world.run_until([&] { return world.heard().open_audio > 0; }));
  ASSERT_TRUE(world.core().interrupt(world.now()));
  const auto again = world.core().interrupt(world.now());
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().kind(), ErrorKind::invalid_state);
  const auto before = world.messages_taken();
  world.send(activity_message(true));
  world.send(audio_message(Bytes(32'000), 16'000));
  world.send(activity_message(false));
  ASSERT_TRUE(world.run_until([&] { return world.heard().answers.size() == 2; }));
  EXPECT_EQ(world.messages_taken() - before, 3u) << "one mark of the beginning";
  EXPECT_EQ(world.heard().answers[1], "yes");
}

TEST(Interrupt_W11, AQuestionThatWaitsForAConnectionIsStoppedBehindIt) {
  WorldOptions options;
  options.setup = text_setup();
  options.policy = durable();
  World world(std::move(options));
  world.run_for(milliseconds(100));
  world.say("repeat: first");
  ASSERT_TRUE(world.run_until([&] { return world.heard().answers.size() == 1; }));
  world.cut_now();
  world.run_for(milliseconds(10));
  world.say("repeat: a long answer that is stopped before it comes to its end");
  ASSERT_TRUE(world.core().interrupt(world.now()));
  world.say("repeat: last");
  ASSERT_TRUE(world.run_until(
      [&] { return !world.heard().answers.empty() && world.heard().answers.back() == "last"; }));
  for (const auto& answer : world.heard().answers)
    EXPECT_EQ(answer.find("its end"), std::string::npos) << answer;
}

Task<void> over_a_socket(emulator::Server& server) {
  LiveOptions options(kNative);
  options.base_url = server.base_url();
  options.key = Secret("any");
  options.transcribe();
  auto live = co_await Live::connect(std::move(options));
  EXPECT_TRUE(live);
  if (!live) co_return;
  auto done =
      co_await live->say("repeat: a long answer that nobody will ever hear to its very end");
  EXPECT_TRUE(done);
  bool stopped = false, complete = false, generated = false;
  while (!complete) {
    auto event = co_await live->next();
    if (!event) break;
    if (!stopped && std::holds_alternative<LiveAudio>(*event)) {
      done = co_await live->interrupt();
      EXPECT_TRUE(done);
    }
    stopped = stopped || std::holds_alternative<LiveInterrupted>(*event);
    generated = generated || std::holds_alternative<LiveGenerationComplete>(*event);
    complete = std::holds_alternative<LiveTurnComplete>(*event);
  }
  EXPECT_TRUE(stopped && complete);
  EXPECT_FALSE(generated);
  (void)co_await live->close();
  done = co_await live->interrupt();
  EXPECT_FALSE(done);
}
Task<void> over_a_socket_to_an_emulator() {
  emulator::ServerOptions options;
  options.live.pace = milliseconds(100);
  emulator::Server server(co_await boost::asio::this_coro::executor, std::move(options));
  EXPECT_TRUE(server.start());
  co_await over_a_socket(server);
  co_await server.stop();
}
TEST(Interrupt_W11, ALiveSessionIsStoppedByItsVerb) {
  run(over_a_socket_to_an_emulator());
}

}  // namespace
}  // namespace parley::testing
