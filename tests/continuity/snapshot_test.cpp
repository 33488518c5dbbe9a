// A conversation at rest: sealed, opened by another process, or refused in words.
#include "parley/gemini/continuity/snapshot.hpp"

#include <gtest/gtest.h>

#include "parley/gemini/live.hpp"

#include "world.hpp"

namespace parley {
namespace {

using namespace gemini;
using testing::World;
using testing::WorldOptions;

constexpr auto kTaken = std::chrono::hours(500'000);  // since 1970

SealKey key_of(std::string_view words) {
  return SealKey::of_passphrase(Secret(std::string(words))).value();
}

WorldOptions lasting() {
  WorldOptions options;
  options.setup = testing::text_setup();
  options.policy = testing::durable();
  return options;
}

ConversationSnapshot a_snapshot() {
  World world(lasting());
  world.say("My name is Ada");
  EXPECT_TRUE(world.run_until([&] { return !world.heard().answers.empty(); }));
  world.run_for(std::chrono::seconds(3));
  return world.core().snapshot(WallTime(kTaken), world.now());
}

SnapshotRules rules_at(std::chrono::minutes later) {
  SnapshotRules rules;
  rules.now = WallTime(kTaken) + later;
  return rules;
}

TEST(Snapshot_W39, AnotherProcessGoesOnWithTheHistoryAndTheHandle) {
  const auto taken = a_snapshot();
  EXPECT_FALSE(taken.handle.empty());
  EXPECT_GT(taken.usage.total, 0);
  SeededRandom random(1);
  const auto sealed = seal_snapshot(taken, key_of("correct horse battery"), random);
  EXPECT_EQ(sealed.find("Ada"), std::string::npos);
  EXPECT_EQ(sealed.find(taken.handle), std::string::npos);
  auto opened =
      open_snapshot(sealed, key_of("correct horse battery"), rules_at(std::chrono::minutes(5)));
  ASSERT_TRUE(opened) << opened.error().describe();
  EXPECT_EQ(*opened, taken);
}

// The handle has expired: what was said is told anew.
TEST(Snapshot_W39, AnExpiredHandleIsLeftOutAndTheHistoryIsTold) {
  SeededRandom random(1);
  const auto sealed = seal_snapshot(a_snapshot(), key_of("correct horse battery"), random);
  auto opened =
      open_snapshot(sealed, key_of("correct horse battery"), rules_at(std::chrono::hours(3)));
  ASSERT_TRUE(opened);
  EXPECT_TRUE(opened->handle.empty());
  auto options = lasting();
  options.from = std::move(*opened);
  World world(std::move(options));
  world.say("Who am I?");
  ASSERT_TRUE(world.run_until([&] { return !world.heard().answers.empty(); }));
  EXPECT_NE(world.heard().answers[0].find("Ada"), std::string::npos) << world.heard().answers[0];
  EXPECT_EQ(world.taken(), (std::vector<std::string>{"My name is Ada", "Who am I?"}));
}

void expect_refusal(const Result<ConversationSnapshot>& result, ErrorKind kind, std::string words) {
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind(), kind);
  EXPECT_NE(result.error().message().find(words), std::string::npos) << result.error().message();
}

TEST(Snapshot_W39, ExpiredForeignAndDamagedOnesAreRefusedInWords) {
  const auto key = key_of("correct horse battery");
  SeededRandom random(1);
  auto taken = a_snapshot();
  const auto sealed = seal_snapshot(taken, key, random);
  using enum ErrorKind;
  expect_refusal(open_snapshot(sealed, key, rules_at(std::chrono::hours(25))), conflict, "expired");
  expect_refusal(open_snapshot(sealed, key, rules_at(-std::chrono::hours(1))), conflict, "future");
  auto other = rules_at(std::chrono::minutes(1));
  other.model = "gemini-3.8-live";
  expect_refusal(open_snapshot(sealed, key, other), conflict, "gemini-3.8-live");
  const auto soon = rules_at(std::chrono::minutes(1));
  EXPECT_EQ(open_snapshot(sealed, key_of("another passphrase"), soon).error().kind(),
            invalid_argument);
  auto damaged = sealed;
  damaged[damaged.size() / 2] = damaged[damaged.size() / 2] == 'A' ? 'B' : 'A';
  EXPECT_EQ(open_snapshot(damaged, key, soon).error().kind(), invalid_argument);
  taken.history.clear();
  taken.history_in_handle = 0;
  expect_refusal(
      open_snapshot(seal_snapshot(taken, key, random), key, rules_at(std::chrono::hours(3))),
      conflict, "no history");
}

TEST(Snapshot_W39, TheReaderIsStrict) {
  const auto text = to_json(a_snapshot());
  ASSERT_TRUE(snapshot_from_json(text));
  EXPECT_EQ(to_json(*snapshot_from_json(text)), text);
  const auto with = [&](std::string_view from, std::string_view to) {
    auto out = text;
    out.replace(out.find(from), from.size(), to);
    return snapshot_from_json(out);
  };
  using enum ErrorKind;
  expect_refusal(with("\"parleyConversation\":1", "\"parleyConversation\":2"), invalid_argument,
                 "version 2");
  expect_refusal(with("\"turns\":", "\"turn\":"), invalid_argument, "no such member");
  expect_refusal(with("\"turns\":", "\"takenMs\":1,\"turns\":"), invalid_argument, "twice");
  expect_refusal(with("\"historyInHandle\":", "\"historyInHandle\":9"), invalid_argument,
                 "more than");
  for (std::size_t at = 0; at < text.size(); ++at)
    EXPECT_FALSE(snapshot_from_json(std::string_view(text).substr(0, at)));
}

}  // namespace
}  // namespace parley
