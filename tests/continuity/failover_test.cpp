// A conversation goes on with another service.
#include <gtest/gtest.h>

#include "rules.hpp"

namespace parley {
namespace {

using namespace gemini;
using testing::Rules;

void with_model(Setup& setup, const char* model) {
  setup.model = model;
}

ContinuityPolicy three_services() {
  ContinuityPolicy policy;
  policy.history.enabled = true;
  auto& services = policy.failover.services;
  services.emplace_back("first", [](Setup& setup) { with_model(setup, "models/one-live"); });
  services.emplace_back("second", [](Setup& setup) {
    with_model(setup, "models/two-live");
    setup.generation_config.reset();
  });
  services.emplace_back("third", [](Setup& setup) { with_model(setup, "models/three-live"); });
  return policy;
}

std::string sent_text(const SendOnLink& send) {
  const auto* turns = std::get_if<ClientContentMessage>(&send.message);
  std::string out;
  if (!turns || !turns->client_content.turns) return out;
  for (const auto& turn : *turns->client_content.turns)
    for (const auto& part : parts_of(turn)) out += part.text.value_or("") + "|";
  return out;
}

TEST(Failover_W20, TheNextServiceIsToldTheHistoryAndAnswersTheOpenQuestion) {
  Rules rules(three_services());
  rules.open();
  rules.give_handle("of-the-first");
  rules.say("My name is Ada");
  rules.answer("Good evening");
  rules.say("Who am I?");
  rules.lose(1006);
  ASSERT_EQ(rules.opens.size(), 2u) << "at once: retry is off";
  EXPECT_EQ(rules.opens[1].service, 1u);
  EXPECT_EQ(rules.opens[1].setup.model, "models/two-live");
  EXPECT_EQ(rules.handle_of_last(), "") << "a handle is good for the service that gave it";
  const auto before = rules.sends.size();
  rules.open();
  ASSERT_EQ(rules.sends.size(), before + 2);
  EXPECT_EQ(sent_text(rules.sends[before]), "My name is Ada|Good evening|");
  EXPECT_EQ(sent_text(rules.sends[before + 1]), "Who am I?|");
  const auto attempts = rules.told<ConnectionAttempt>();
  EXPECT_EQ(attempts[0].service, "first");
  EXPECT_EQ(attempts[1].service, "second");
  EXPECT_EQ(rules.told<HandoverDone>().back().service, "second");
  rules.answer("You are Ada");
  EXPECT_FALSE(rules.core.is_over());
}

TEST(Failover_W20, WithARetryTheSameServiceIsTriedFirst) {
  auto policy = three_services();
  policy.retry.max_attempts = 5;
  policy.failover.attempts = 3;
  Rules rules(std::move(policy));
  rules.open();
  rules.give_handle("h1");
  rules.say("hello");
  rules.answer("hello");
  rules.lose(1006);
  rules.pass(std::chrono::seconds(20));
  EXPECT_EQ(rules.opens.back().service, 0u);
  EXPECT_EQ(rules.handle_of_last(), "h1");
  for (int i = 0; i < 2; ++i) {
    rules.refuse(Error(ErrorKind::connect_failed, "nobody listens"));
    rules.pass(std::chrono::seconds(5));
  }
  EXPECT_EQ(rules.opens.back().service, 1u) << "the third failure";
  rules.open();
  EXPECT_TRUE(rules.core.is_connected());
}

TEST(Failover_W20, ARefusalMovesAtOnceAndIsNotTriedAgain) {
  auto policy = three_services();
  policy.retry.max_attempts = 4;
  Rules rules(std::move(policy));
  rules.refuse(Error(ErrorKind::unauthenticated, "no such key"));
  ASSERT_EQ(rules.opens.size(), 2u) << "also the first connection fails over";
  EXPECT_EQ(rules.opens[1].service, 1u);
  rules.refuse(Error(ErrorKind::connect_failed, "nobody listens"));
  rules.pass(std::chrono::seconds(5));
  EXPECT_EQ(rules.opens.back().service, 1u) << "the second failure is still owed";
  rules.refuse(Error(ErrorKind::connect_failed, "nobody listens"));
  EXPECT_EQ(rules.opens.back().service, 2u);
  rules.refuse(Error(ErrorKind::unauthenticated, "no such key"));
  rules.pass(std::chrono::seconds(5));
  EXPECT_EQ(rules.opens.back().service, 1u) << "the only one that has not said no";
  for (const auto& open : rules.opens) EXPECT_TRUE(&open == &rules.opens[0] || open.service != 0);
}

TEST(Failover_W20, WhenAllHaveFailedTheLastErrorEndsIt) {
  Rules rules(three_services());
  for (int i = 0; i < 3; ++i) rules.refuse(Error(ErrorKind::connect_failed, "nobody listens"));
  EXPECT_TRUE(rules.core.is_over());
  EXPECT_EQ(rules.opens.size(), 3u);
  EXPECT_EQ(rules.core.outcome().error().kind(), ErrorKind::connect_failed);
}

TEST(Failover_W20, AServiceGetsTheProgramsSetupNotWhatTheLastOneMadeOfIt) {
  LiveOptions options("one-live");
  auto setup = options.answer_in(Modality::text).setup;
  setup.generation_config->temperature = 0.5;
  Rules rules(three_services(), setup);
  rules.refuse(Error(ErrorKind::connect_failed, "nobody listens"));
  EXPECT_FALSE(rules.opens[1].setup.generation_config);
  rules.refuse(Error(ErrorKind::connect_failed, "nobody listens"));
  ASSERT_TRUE(rules.opens[2].setup.generation_config);
  EXPECT_EQ(rules.opens[2].setup.generation_config->temperature, 0.5);
}

TEST(Failover_W20, AfterStableTimeTheFirstCountsAgain) {
  auto policy = three_services();
  policy.retry.stable = std::chrono::seconds(10);
  policy.failover.services.pop_back();
  Rules rules(std::move(policy));
  rules.refuse(Error(ErrorKind::unauthenticated, "no such key"));
  rules.open();
  rules.say("hello");
  rules.answer("hello");
  rules.pass(std::chrono::seconds(20));
  rules.lose(1006);
  EXPECT_EQ(rules.opens.back().service, 0u);
}

TEST(Failover_W20, WithoutAHistoryNothingSaidIsLostBySilence) {
  auto policy = three_services();
  policy.history.enabled = false;
  Rules rules(std::move(policy));
  rules.open();
  rules.say("hello");
  rules.answer("hello");
  rules.lose(1006);
  EXPECT_TRUE(rules.core.is_over());
  EXPECT_EQ(rules.opens.size(), 1u);
}

}  // namespace
}  // namespace parley
