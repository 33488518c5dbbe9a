// What follows of what connections tell, step by step.
#include "rules.hpp"

#include <gtest/gtest.h>

namespace parley {
namespace {

using namespace gemini;
using std::chrono::milliseconds;
using testing::Rules;

ContinuityPolicy durable() {
  return ContinuityPolicy::durable();
}
LiveUsage spent(std::int64_t prompt, std::int64_t answer) {
  LiveUsage out;
  out.usage.prompt = prompt;
  out.usage.answer = answer;
  out.usage.total = prompt + answer;
  out.usage.prompt_by.audio = prompt;
  out.usage.answer_by.audio = answer;
  return out;
}
LiveGoAway away(milliseconds left) {
  LiveGoAway out;
  out.left = left;
  return out;
}

TEST(Continuity_W4, CloseCodesSayWhatFollows) {
  struct Case {
    std::uint16_t code;
    const char* reason;
    CloseAction action;
  };
  const Case cases[] = {
      {1006, "", CloseAction::resume},
      {1001, "", CloseAction::resume},
      {1011, "", CloseAction::resume},
      {1011, "Internal error encountered.", CloseAction::resume},
      {1011, "You exceeded your current quota, please check your plan", CloseAction::stop},
      {1008, "API key not valid", CloseAction::stop},
      {1008, "BidiGenerateContent session not found", CloseAction::reseed},
      {1007, "Request contains an invalid argument.", CloseAction::stop},
      {3000, "", CloseAction::stop},
  };
  for (const auto& one : cases) {
    Rules rules(durable());
    rules.open();
    rules.say("hello");
    rules.answer("good evening");
    rules.give_handle("h1");
    rules.lose(one.code, one.reason);
    const auto lost = rules.told<ConnectionLost>();
    ASSERT_EQ(lost.size(), 1u) << one.code << one.reason;
    EXPECT_EQ(lost[0].action, one.action) << one.code << " " << one.reason;
    rules.pass(std::chrono::seconds(30));
    EXPECT_EQ(rules.opens.size(), one.action == CloseAction::stop ? 1u : 2u) << one.code;
    if (one.action == CloseAction::stop) continue;
    EXPECT_EQ(rules.handle_of_last(), one.action == CloseAction::resume ? "h1" : "");
  }
}

TEST(Continuity_W4, AttemptsEndAndCountAnewOnlyBehindStableTime) {
  auto policy = durable();
  policy.retry.max_attempts = 3;
  policy.retry.stable = std::chrono::seconds(10);
  const auto lose_and_reopen = [](Rules& rules, milliseconds held) {
    rules.pass(held);
    rules.lose(1006);
    rules.pass(std::chrono::seconds(15));
    if (!rules.core.is_over()) rules.open();
  };
  Rules shaky(policy);
  shaky.open();
  for (int i = 0; i < 10 && !shaky.core.is_over(); ++i) lose_and_reopen(shaky, milliseconds(100));
  EXPECT_EQ(shaky.opens.size(), 4u);
  Rules steady(policy);
  steady.open();
  for (int i = 0; i < 10; ++i) lose_and_reopen(steady, std::chrono::seconds(11));
  EXPECT_EQ(steady.opens.size(), 11u);
  EXPECT_FALSE(steady.core.is_over());
}

TEST(Continuity_W1_B33, WithinTheMarginItIsMadeInTheMiddleOfAnAnswer) {
  auto policy = durable();
  policy.hand_over.margin = std::chrono::seconds(5);
  Rules rules(policy);
  rules.open();
  rules.give_handle("h0");
  rules.say("a long one");
  LiveText piece;
  piece.text = "once ";
  rules.hear(piece);
  rules.hear(away(std::chrono::seconds(20)));
  rules.say("while it goes on");
  EXPECT_EQ(rules.sends.back().link, 1u) << "sending goes on after goAway";
  rules.pass(milliseconds(14'900));
  EXPECT_EQ(rules.opens.size(), 1u);
  rules.pass(milliseconds(200));
  ASSERT_EQ(rules.opens.size(), 2u);
  EXPECT_TRUE(rules.told<HandoverBegun>().at(0).forced);
  rules.open();
  EXPECT_EQ(rules.told<AnswerVoided>().size(), 1u);
  EXPECT_EQ(rules.told<MessagesReplayed>().at(0).messages, 2u);
}

TEST(Continuity_W3, AnswersOfCallsGoFirstOverTheNextConnection) {
  Rules rules(durable());
  rules.open();
  rules.say("weather?");
  LiveToolCalls calls;
  calls.calls.emplace_back("get_weather").id = "c1";
  rules.hear(calls);
  rules.give_handle("h1");
  rules.lose(1006);
  rules.say("and tomorrow?");
  FunctionResponse response("get_weather");
  response.id = "c1";
  rules.send(answers_message({response}));
  EXPECT_TRUE(rules.last_sent);
  rules.pass(std::chrono::seconds(20));
  const auto before = rules.sends.size();
  rules.open();
  std::vector<std::string> kinds;
  for (auto i = before; i < rules.sends.size(); ++i)
    kinds.emplace_back(to_string(kind_of(rules.sends[i].message)));
  ASSERT_FALSE(kinds.empty());
  EXPECT_EQ(kinds.front(), "answers");
  EXPECT_EQ(kinds.back(), "complete_turns");
}

TEST(Continuity_W8, SilenceIsToldThenNudgedThenLeft) {
  auto policy = durable();
  policy.silence.limit = std::chrono::seconds(8);
  policy.silence.then = SilencePolicy::Then::nudge;
  Rules rules(policy);
  rules.open();
  rules.give_handle("h1");
  rules.pass(std::chrono::minutes(5));
  EXPECT_TRUE(rules.told<SilenceNoticed>().empty()) << "nothing is owed";
  rules.say("are you there?");
  rules.pass(milliseconds(8'100));
  ASSERT_EQ(rules.told<SilenceNoticed>().size(), 1u);
  EXPECT_EQ(rules.told<SilenceNoticed>()[0].then, SilenceNoticed::Then::nudged);
  EXPECT_EQ(rules.sends.size(), 2u);
  rules.pass(milliseconds(8'100));
  ASSERT_EQ(rules.told<SilenceNoticed>().size(), 2u);
  EXPECT_EQ(rules.told<SilenceNoticed>()[1].then, SilenceNoticed::Then::resumed);
  rules.pass(std::chrono::seconds(5));
  ASSERT_EQ(rules.opens.size(), 2u);
  rules.open();
  EXPECT_EQ(rules.told<MessagesReplayed>().at(0).messages, 1u);

  auto quiet = ContinuityPolicy();
  quiet.silence.limit = std::chrono::seconds(8);
  Rules told(quiet);
  told.open();
  told.say("are you there?");
  told.pass(std::chrono::minutes(5));
  EXPECT_EQ(told.told<SilenceNoticed>().size(), 1u);
  EXPECT_EQ(told.opens.size(), 1u);
}

TEST(Continuity_W19, MoneyAndMinutesAreBudgetsToo) {
  auto policy = durable();
  policy.budget.time = std::chrono::minutes(10);
  policy.budget.then = BudgetPolicy::Then::warn;
  policy.budget.money = 1;
  TokenPrice price;
  price.model = "gemini-live-2.5-flash-preview";
  price.in_text = price.in_audio = price.in_image = 1;
  price.out_text = price.out_audio = 1000;
  policy.budget.prices = {price};
  Rules rules(policy);
  rules.open();
  rules.pass(std::chrono::minutes(7));
  EXPECT_TRUE(rules.told<BudgetNotice>().empty());
  rules.pass(std::chrono::minutes(20));
  EXPECT_EQ(rules.told<BudgetNotice>().size(), 2u);
  EXPECT_FALSE(rules.core.is_over());
  rules.hear(spent(1000, 2000));
  const auto notices = rules.told<BudgetNotice>();
  ASSERT_EQ(notices.size(), 3u);
  EXPECT_EQ(notices[2].of, BudgetNotice::Of::money);
  EXPECT_NEAR(notices[2].used, 0.001 + 2.0, 1e-9);
}

TEST(Continuity_W4, TheHookSeesEachAttemptAndMayStopIt) {
  auto policy = durable();
  std::vector<int> seen;
  policy.on_attempt = [&seen](const ConnectionAttempt& attempt, AttemptPlan& plan) {
    seen.push_back(attempt.number);
    plan.delay = std::chrono::seconds(3);
    if (attempt.number == 2) plan.setup.system_instruction = user_content("Changed.");
    plan.stop = attempt.number == 3;
  };
  Rules rules(policy);
  EXPECT_TRUE(rules.opens.empty());
  rules.pass(std::chrono::seconds(3));
  rules.open();
  rules.give_handle("h1");
  rules.lose(1006);
  rules.pass(std::chrono::seconds(3));
  ASSERT_EQ(rules.opens.size(), 2u);
  EXPECT_TRUE(rules.opens[1].setup.system_instruction);
  rules.open();
  rules.lose(1006);
  EXPECT_TRUE(rules.core.is_over());
  EXPECT_EQ(rules.core.outcome().error().kind(), ErrorKind::cancelled);
  EXPECT_EQ(seen, (std::vector<int>{1, 2, 3}));
}

TEST(Continuity_W1, TheNextConnectionIsReadyBeforeTheOldOneEnds) {
  Rules rules(durable());
  rules.open();
  rules.say("hello");
  rules.give_handle("h0");
  rules.hear(away(std::chrono::seconds(50)));
  EXPECT_EQ(rules.opens.size(), 1u) << "an answer is owed";
  rules.core.received(1, LiveText(), rules.now);
  rules.hear(LiveGenerationComplete());
  rules.hear(LiveTurnComplete());
  EXPECT_EQ(rules.opens.size(), 1u) << "the handle of the turn is waited for";
  rules.give_handle("h1");
  ASSERT_EQ(rules.opens.size(), 2u);
  EXPECT_EQ(rules.handle_of_last(), "h1");
  EXPECT_TRUE(rules.closes.empty());
  EXPECT_TRUE(rules.core.is_connected());
  rules.open();
  EXPECT_EQ(rules.closes, std::vector<LinkId>{1});
  const auto done = rules.told<HandoverDone>();
  ASSERT_EQ(done.size(), 1u);
  EXPECT_EQ(done[0].why, LinkReason::go_away);
  EXPECT_EQ(done[0].gap.count(), 0);
  rules.say("again");
  EXPECT_EQ(rules.sends.back().link, 2u);
}

TEST(Continuity_W17, AnotherVoiceComesByAHandOver) {
  Rules rules(durable());
  rules.open();
  rules.say("hello");
  rules.answer("good evening");
  rules.give_handle("h1");
  LiveOptions other("gemini-live-2.5-flash-preview");
  other.speak_with("Kore").instruct("Be brief.");
  EXPECT_TRUE(rules.core.change(other.setup, rules.now));
  rules.drain();
  ASSERT_EQ(rules.opens.size(), 2u);
  EXPECT_EQ(rules.handle_of_last(), "h1");
  EXPECT_EQ(rules.opens[1].setup.generation_config, other.setup.generation_config);
  EXPECT_EQ(rules.opens[1].setup.system_instruction, other.setup.system_instruction);
  rules.open();
  EXPECT_EQ(rules.told<HandoverDone>().at(0).why, LinkReason::change);

  LiveOptions model("gemini-2.5-flash-native-audio-latest");
  EXPECT_TRUE(rules.core.change(model.setup, rules.now));
  rules.drain();
  EXPECT_EQ(rules.handle_of_last(), "") << "a handle is of its model";
}

TEST(Continuity_W18, EachTurnIsCountedOnceOverHandOversAndByModality) {
  Rules rules(durable());
  rules.open();
  rules.say("one");
  LiveText piece;
  piece.text = "1";
  rules.hear(piece);
  rules.hear(spent(10, 1));
  rules.hear(spent(10, 5));
  rules.hear(LiveTurnComplete());
  rules.give_handle("h1");
  rules.say("two");
  rules.hear(piece);
  rules.hear(spent(20, 2));
  rules.lose(1006);
  rules.pass(std::chrono::seconds(20));
  rules.open();
  rules.hear(piece);
  rules.hear(spent(22, 7));
  rules.hear(LiveTurnComplete());
  const auto usage = rules.core.usage();
  EXPECT_EQ(usage.prompt, 10 + 20 + 22);
  EXPECT_EQ(usage.answer, 5 + 2 + 7);
  EXPECT_EQ(usage.total, 66);
  EXPECT_EQ(usage.prompt_by.audio, 52);
  EXPECT_EQ(usage.answer_by.audio, 14);
}

}  // namespace
}  // namespace parley
