// What is told of a connection that is lost, in which order, and how soon the next one is tried.
#include <algorithm>
#include <memory>

#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "parley/emulator/server.hpp"
#include "parley/gemini/continuity/conversation.hpp"
#include "parley/net/system.hpp"

#include "world.hpp"

namespace parley {
namespace {

using namespace gemini;
using std::chrono::milliseconds;
using testing::Break;
using testing::World;
using testing::WorldOptions;

WorldOptions long_talk() {
  WorldOptions options;
  options.setup = testing::text_setup();
  options.policy = testing::durable();
  return options;
}

std::size_t place_of(const World& world, bool (*is)(const ConversationEvent&)) {
  const auto& news = world.heard().news;
  return static_cast<std::size_t>(std::ranges::find_if(news, is) - news.begin());
}

TEST(Continuity_B35, TheLossIsToldBeforeTheAnswerThatItVoids) {
  auto options = long_talk();
  options.breaks = [](LinkId link) {
    Break out;
    if (link == 1) out.after_told = 4;
    return out;
  };
  World world(std::move(options));
  world.say("repeat: one two three four five six seven");
  ASSERT_TRUE(world.run_until([&] { return world.heard().answers.size() == 1; }));
  const auto lost = place_of(world, [](const ConversationEvent& event) {
    return std::holds_alternative<ConnectionLost>(event);
  });
  const auto voided = place_of(world, [](const ConversationEvent& event) {
    return std::holds_alternative<AnswerVoided>(event);
  });
  const auto replayed = place_of(world, [](const ConversationEvent& event) {
    return std::holds_alternative<MessagesReplayed>(event);
  });
  EXPECT_LT(lost, voided);
  EXPECT_LT(voided, replayed);
  EXPECT_LT(replayed, world.heard().news.size());
}

TEST(Continuity_W4, AHandleThatTheServiceDoesNotKnowIsGivenUpAtOnceAndTheDelaysGoOn) {
  auto options = long_talk();
  options.breaks = [](LinkId link) {
    Break out;
    if (link >= 2 && link <= 5) out.refused = Error(ErrorKind::connect_failed, "nobody listens");
    if (link == 6) out.refused = live_error(1008, "BidiGenerateContent session not found");
    if (link == 7) out.refused = Error(ErrorKind::connect_failed, "nobody listens");
    return out;
  };
  World world(std::move(options));
  world.say("repeat: one");
  ASSERT_TRUE(world.run_until([&] { return world.heard().answers.size() == 1; }));
  world.run_for(std::chrono::seconds(5));
  world.cut_now();
  world.say("repeat: two");
  ASSERT_TRUE(world.run_until([&] { return world.heard().answers.size() == 2; }));
  std::vector<ConnectionAttempt> attempts;
  for (const auto& event : world.heard().news)
    if (const auto* one = std::get_if<ConnectionAttempt>(&event)) attempts.push_back(*one);
  ASSERT_EQ(attempts.size(), 8u);
  EXPECT_GE(attempts[5].delay, milliseconds(1600));
  EXPECT_EQ(attempts[5].start, LinkStart::handle);
  EXPECT_EQ(attempts[6].delay, milliseconds(0)) << "the service is there";
  EXPECT_EQ(attempts[6].start, LinkStart::seeded);
  EXPECT_GE(attempts[7].delay, milliseconds(3200)) << "once";
}

// A connection whose network has gone: a send finds it first, and the reader what came before.
class Gone final : public LiveSocket {
 public:
  Task<Result<void>> send(std::string) override {
    if (++sends_ == 1) co_return Result<void>();
    ended_ = true;
    co_return fail(
        Error(ErrorKind::invalid_state, "the WebSocket is closing or closed").with_close(1006, ""));
  }
  Task<std::optional<std::string>> next() override {
    if (++reads_ == 1) co_return R"({"setupComplete":{}})";
    while (!ended_) co_await sleep_for(milliseconds(1));
    if (reads_ == 2) co_return R"({"serverContent":{"modelTurn":{"parts":[{"text":"came"}]}}})";
    co_return std::nullopt;
  }
  Result<void> outcome() const override {
    return fail(Error(ErrorKind::disconnected, "the network is gone").with_close(1006, ""));
  }
  void close() override { ended_ = true; }

 private:
  int sends_ = 0, reads_ = 0;
  bool ended_ = false;
};

Task<Result<std::shared_ptr<LiveSocket>>> give_gone() {
  co_return std::make_shared<Gone>();
}
LiveOptions over_gone() {
  LiveOptions live("gemini-2.0-flash-live-001");
  live.answer_in(Modality::text);
  live.dial = [] { return give_gone(); };
  return live;
}

Task<void> send_finds_it() {
  auto live = co_await Live::connect(over_gone());
  EXPECT_TRUE(live);
  if (!live) co_return;
  const auto sent = co_await live->send_turn("hello");
  EXPECT_FALSE(sent);
  EXPECT_EQ(sent.error().kind(), ErrorKind::disconnected) << sent.error().describe();
  EXPECT_EQ(sent.error().stage(), Stage::send);
  EXPECT_EQ(sent.error().close_code(), 1006);
}
TEST(Live_B15, ASendThatFindsTheNetworkGoneSaysDisconnected) {
  run(send_finds_it());
}

Task<void> reader_tells() {
  ConversationOptions options(over_gone());
  auto talk = co_await Conversation::open(std::move(options));
  EXPECT_TRUE(talk);
  if (!talk) co_return;
  const auto said = co_await talk->say("hello");
  EXPECT_TRUE(said);
  std::string text;
  std::optional<Error> lost;
  for (;;) {
    auto event = co_await talk->next();
    if (!event) break;
    if (const auto* end = std::get_if<ConnectionLost>(&*event)) lost = end->error;
    const auto* live = std::get_if<LiveEvent>(&*event);
    const auto* words = live == nullptr ? nullptr : std::get_if<LiveText>(live);
    if (words != nullptr) text += words->text;
  }
  EXPECT_EQ(text, "came") << "what came before the end is told";
  EXPECT_TRUE(lost && lost->kind() == ErrorKind::disconnected);
  EXPECT_EQ(talk->outcome().error().kind(), ErrorKind::disconnected);
}
TEST(Conversation_B35, ANetworkThatASendFindsGoneIsDisconnectedBehindWhatCame) {
  run(reader_tells());
}

// Over a socket: sound goes out all the time, so that a send may be the first to find the cut.
Task<void> cut_while_speaking(emulator::Server& server, int after) {
  LiveOptions live("gemini-2.5-flash-native-audio-latest");
  live.base_url = server.base_url();
  live.key = Secret("live-key-9");
  live.connect.offer.headers.set("x-parley-live-fault", fmt::format("after={}; cut", after));
  auto session = co_await Live::connect(std::move(live));
  EXPECT_TRUE(session);
  if (!session) co_return;
  auto sent = co_await session->say("repeat: one two three four five six seven");
  for (int piece = 0; sent && piece < 10'000; ++piece) {
    Bytes silence(640);
    sent = co_await session->send_audio(std::move(silence));
    (void)co_await session->receive_all();
    co_await sleep_for(milliseconds(1));
  }
  EXPECT_FALSE(sent);
  if (sent) co_return;
  EXPECT_EQ(sent.error().kind(), ErrorKind::disconnected) << sent.error().describe();
  EXPECT_EQ(sent.error().stage(), Stage::send);
  EXPECT_EQ(sent.error().cause(), nullptr) << sent.error().describe();
}
Task<void> cuts(emulator::ServerOptions options) {
  emulator::Server server(co_await boost::asio::this_coro::executor, std::move(options));
  EXPECT_TRUE(server.start());
  for (int after = 1; after <= 3; ++after) co_await cut_while_speaking(server, after);
  co_await server.stop();
}
TEST(Live_B15, ACutThatASendFindsOnASocketIsDisconnected) {
  emulator::ServerOptions options;
  options.live.pace = milliseconds(1);
  options.live.playback = 0;
  run(cuts(std::move(options)));
}

}  // namespace
}  // namespace parley
