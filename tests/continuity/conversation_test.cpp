// gemini::Conversation beside the emulator, over loopback sockets.
#include "parley/gemini/continuity/conversation.hpp"

#include <boost/asio/this_coro.hpp>
#include <gtest/gtest.h>

#include "parley/emulator/server.hpp"
#include "parley/net/http_server.hpp"

namespace parley {
namespace {

using namespace gemini;
using std::chrono::milliseconds;

constexpr const char* kModel = "gemini-live-2.5-flash-preview";

emulator::ServerOptions quick() {
  emulator::ServerOptions options;
  options.live.pace = milliseconds(1);
  options.live.playback = 0;
  return options;
}

ConversationOptions options_for(emulator::Server& server) {
  LiveOptions live(kModel);
  live.base_url = server.base_url();
  live.key = Secret("live-key-9");
  live.answer_in(Modality::text);
  return ConversationOptions(std::move(live));
}

ConversationOptions lasting(emulator::Server& server) {
  auto options = options_for(server);
  options.policy = ContinuityPolicy::durable();
  options.policy.retry.first_delay = milliseconds(1);
  return options;
}

// Fault header of the first connection alone.
void break_first(ConversationOptions& options, std::string fault,
                 const char* header = "x-parley-live-fault") {
  options.prepare = [fault = std::move(fault), header](LinkId link, LiveOptions& live) {
    if (link == 1) live.connect.offer.headers.set(header, fault);
  };
}

std::size_t upgrades(emulator::Server& server) {
  std::size_t count = 0;
  for (const auto& entry : server.service().journal())
    count += entry.method == "GET" && entry.target.find("BidiGenerateContent") != std::string::npos;
  return count;
}

struct Told {
  Told() = default;
  std::string text;
  std::vector<std::string> log;
  std::size_t turns = 0, voided = 0;
};

// Reads until that many turns are complete. False: the conversation ended before.
Task<bool> read(Conversation& conversation, Told& told, std::size_t turns) {
  while (told.turns < turns) {
    auto event = co_await conversation.next();
    if (!event) co_return false;
    const auto* live = std::get_if<LiveEvent>(&*event);
    if (live == nullptr) told.log.push_back(describe(*event));
    if (std::holds_alternative<AnswerVoided>(*event)) told.text.clear();
    if (live == nullptr) continue;
    if (const auto* text = std::get_if<LiveText>(live)) told.text += text->text;
    if (std::holds_alternative<LiveTurnComplete>(*live)) ++told.turns;
  }
  co_return true;
}

using Body = Task<void> (*)(emulator::Server& server);
Task<void> start_and_run(Body body, emulator::ServerOptions options) {
  emulator::Server server(co_await boost::asio::this_coro::executor, std::move(options));
  EXPECT_TRUE(server.start());
  co_await body(server);
  co_await server.stop();
}
void with_emulator(Body body, emulator::ServerOptions options = quick()) {
  run(start_and_run(body, std::move(options)));
}

Task<void> one_attempt(emulator::Server& server) {
  auto options = options_for(server);
  break_first(options, "after=3; cut");
  auto conversation = co_await Conversation::open(std::move(options));
  EXPECT_TRUE(conversation);
  if (!conversation) co_return;
  const auto sent = co_await conversation->say("repeat: one two three four five six seven");
  EXPECT_TRUE(sent);
  Told told;
  const bool whole = co_await read(*conversation, told, 1);
  EXPECT_FALSE(whole);
  EXPECT_EQ(conversation->outcome().error().kind(), ErrorKind::disconnected);
  EXPECT_EQ(conversation->counters().attempts, 1u);
  co_await sleep_for(milliseconds(20));
  EXPECT_EQ(upgrades(server), 1u) << "no second connection without a policy";
}
TEST(Conversation_B35, WithoutAPolicyTheServiceSeesOneConnection) {
  with_emulator(one_attempt);
}

Task<void> refused_once(emulator::Server& server) {
  auto options = options_for(server);
  options.live.resume("no-such-handle");
  auto conversation = co_await Conversation::open(std::move(options));
  EXPECT_FALSE(conversation);
  EXPECT_EQ(conversation.error().kind(), ErrorKind::not_found);
  EXPECT_EQ(upgrades(server), 1u);
}
TEST(Conversation_B35, WithoutAPolicyAWrongHandleIsAnError) {
  with_emulator(refused_once);
}

Task<void> survives_a_cut(emulator::Server& server) {
  auto options = lasting(server);
  break_first(options, "after=3; cut=5");
  auto conversation = co_await Conversation::open(std::move(options));
  EXPECT_TRUE(conversation);
  if (!conversation) co_return;
  auto sent = co_await conversation->say("repeat: one two three four five six seven");
  EXPECT_TRUE(sent);
  Told told;
  bool whole = co_await read(*conversation, told, 1);
  EXPECT_TRUE(whole);
  EXPECT_EQ(told.text, "one two three four five six seven");
  EXPECT_EQ(upgrades(server), 2u);
  sent = co_await conversation->say("repeat: and on");
  EXPECT_TRUE(sent);
  told.text.clear();
  whole = co_await read(*conversation, told, 2);
  EXPECT_TRUE(whole);
  EXPECT_EQ(told.text, "and on");
  conversation->close();
  while (co_await conversation->next()) {
  }
  EXPECT_TRUE(conversation->outcome());
  EXPECT_TRUE(conversation->is_over());
}
TEST(Conversation_B35, AnAnswerThatWasCutInsideAFrameIsToldWhole) {
  with_emulator(survives_a_cut);
}

// The fault lies in a message of a little more than sixty bytes, its frame's header included.
Task<void> survives_byte(emulator::Server& server, int byte) {
  auto options = lasting(server);
  break_first(options, "after=3; cut=" + std::to_string(byte));
  auto conversation = co_await Conversation::open(std::move(options));
  EXPECT_TRUE(conversation);
  if (!conversation) co_return;
  const auto sent = co_await conversation->say("repeat: one two");
  EXPECT_TRUE(sent);
  Told told;
  const bool whole = co_await read(*conversation, told, 1);
  EXPECT_TRUE(whole && told.text == "one two") << byte << ": " << told.text;
  EXPECT_EQ(conversation->counters().losses, 1u) << byte;
}
Task<void> each_byte(emulator::Server& server) {
  for (int byte = 1; byte <= 60; ++byte) co_await survives_byte(server, byte);
}
TEST(Conversation_B35, AnAnswerIsToldWholeWhereverItsFrameIsCut) {
  with_emulator(each_byte);
}

// A connection of texts, without network: says what it is given, and then ends.
class Script final : public LiveSocket {
 public:
  explicit Script(std::vector<std::string> says) : says_(std::move(says)) {}
  Task<Result<void>> send(std::string text) override {
    heard.push_back(std::move(text));
    co_return Result<void>();
  }
  Task<std::optional<std::string>> next() override {
    co_await sleep_for(milliseconds(1));
    if (closed_ || at_ == says_.size()) co_return std::nullopt;
    co_return says_[at_++];
  }
  Result<void> outcome() const override {
    return fail(Error(ErrorKind::disconnected, "the script is over").with_close(1006, ""));
  }
  void close() override { closed_ = true; }

  std::vector<std::string> heard;

 private:
  std::vector<std::string> says_;
  std::size_t at_ = 0;
  bool closed_ = false;
};

Task<Result<std::shared_ptr<LiveSocket>>> give(std::shared_ptr<LiveSocket> socket) {
  co_return socket;
}

Task<void> scripted() {
  const std::string ready = R"({"setupComplete":{}})";
  const std::vector<std::string> first = {ready};
  const std::vector<std::string> second = {
      ready, R"({"serverContent":{"modelTurn":{"parts":[{"text":"hello"}]}}})",
      R"({"serverContent":{"turnComplete":true}})"};
  const auto scripts = std::make_shared<std::vector<std::shared_ptr<Script>>>();
  LiveOptions live(kModel);
  live.answer_in(Modality::text);
  live.dial = [=] {
    scripts->push_back(std::make_shared<Script>(scripts->empty() ? first : second));
    return give(scripts->back());
  };
  ConversationOptions options(std::move(live));
  options.policy = ContinuityPolicy::durable();
  options.policy.retry.first_delay = milliseconds(1);
  auto conversation = co_await Conversation::open(std::move(options));
  EXPECT_TRUE(conversation);
  if (!conversation) co_return;
  auto sent = co_await conversation->say("are you there?");
  EXPECT_TRUE(sent);
  Told told;
  const bool whole = co_await read(*conversation, told, 1);
  EXPECT_TRUE(whole);
  EXPECT_EQ(told.text, "hello");
  EXPECT_EQ(scripts->size(), 2u);
  if (scripts->size() < 2) co_return;
  EXPECT_NE(scripts->at(1)->heard.back().find("are you there?"), std::string::npos);
}
TEST(Conversation_B35, AnyConnectionWillDoAlsoAScript) {
  run(scripted());
}

Task<void> hands_over(emulator::Server& server) {
  auto options = lasting(server);
  options.policy.hand_over.margin = milliseconds(50);
  auto conversation = co_await Conversation::open(std::move(options));
  EXPECT_TRUE(conversation);
  if (!conversation) co_return;
  Told told;
  for (std::size_t turn = 1; turn <= 12; ++turn) {
    auto sent = co_await conversation->say("repeat: one two three four");
    EXPECT_TRUE(sent);
    const bool whole = co_await read(*conversation, told, turn);
    EXPECT_TRUE(whole);
    if (!whole) co_return;
    co_await sleep_for(milliseconds(60));
  }
  std::string wanted;
  for (int turn = 0; turn < 12; ++turn) wanted += "one two three four";
  EXPECT_EQ(told.text, wanted);
  EXPECT_GE(conversation->counters().hand_overs, 1u);
  EXPECT_EQ(conversation->counters().losses, 0u);
}
TEST(Conversation_W1, HandOversAtGoAwayAreNotHeard) {
  auto options = quick();
  options.live.lifetime = milliseconds(2'000);
  options.live.notice = milliseconds(1'700);
  with_emulator(hands_over, std::move(options));
}

Task<void> wrong_handle(emulator::Server& server) {
  auto options = lasting(server);
  options.live.resume("no-such-handle");
  auto conversation = co_await Conversation::open(std::move(options));
  EXPECT_TRUE(conversation);
  if (!conversation) co_return;
  auto sent = co_await conversation->say("repeat: begun anew");
  EXPECT_TRUE(sent);
  Told told;
  const bool whole = co_await read(*conversation, told, 1);
  EXPECT_TRUE(whole);
  EXPECT_EQ(told.text, "begun anew");
  EXPECT_NE(::testing::PrintToString(told.log).find("reseed"), std::string::npos);
  EXPECT_EQ(upgrades(server), 2u);
}
TEST(Conversation_B35_W4, AHandleThatTheServiceDoesNotKnowIsGivenUp) {
  with_emulator(wrong_handle);
}

Task<void> refuse(net::Exchange& exchange) {
  http::Response response(std::stoi(std::string(*exchange.request().headers.find("x-status"))));
  auto sent = co_await exchange.respond(std::move(response));
  EXPECT_TRUE(sent);
}

Task<void> refused_upgrade(emulator::Server& server) {
  auto options = lasting(server);
  const std::string good = options.live.base_url;
  net::HttpServer wall(co_await boost::asio::this_coro::executor, net::HttpServerOptions(), refuse);
  const auto port = wall.listen();
  const std::string walled = "http://127.0.0.1:" + std::to_string(port.value_or(0));
  for (const bool passing : {true, false}) {
    options.prepare = [=](LinkId link, LiveOptions& live) {
      live.base_url = link == 1 ? walled : good;
      live.connect.offer.headers.set("x-status", passing ? "503" : "404");
    };
    auto tried = options;
    auto opened = co_await Conversation::open(std::move(tried));
    EXPECT_EQ(opened.has_value(), passing) << "404 does not get better";
    if (opened) continue;
    EXPECT_EQ(opened.error().kind(), ErrorKind::upgrade_refused);
  }
  co_await wall.stop(milliseconds(0));
  // Nobody listens there.
  options.prepare = [good](LinkId link, LiveOptions& live) {
    live.base_url = link == 1 ? "http://127.0.0.1:1" : good;
  };
  auto conversation = co_await Conversation::open(std::move(options));
  EXPECT_TRUE(conversation);
  if (!conversation) co_return;
  EXPECT_EQ(conversation->counters().attempts, 2u);
  EXPECT_EQ(conversation->counters().connections, 1u);
}
TEST(Conversation_W4, RefusedUpgradesAndPortsFollowTheTable) {
  with_emulator(refused_upgrade);
}

Task<void> snapshots(emulator::Server& server) {
  std::string sealed;
  const auto key = SealKey::of_passphrase(Secret("correct horse battery")).value();
  SeededRandom random(1);
  {
    auto first = co_await Conversation::open(lasting(server));
    EXPECT_TRUE(first);
    if (!first) co_return;
    auto sent = co_await first->say("My name is Ada");
    EXPECT_TRUE(sent);
    Told told;
    const bool whole = co_await read(*first, told, 1);
    EXPECT_TRUE(whole);
    sealed = seal_snapshot(first->snapshot(), key, random);
  }
  SnapshotRules rules;
  rules.now = std::chrono::time_point_cast<milliseconds>(std::chrono::system_clock::now());
  auto opened = open_snapshot(sealed, key, rules);
  EXPECT_TRUE(opened);
  if (!opened) co_return;
  auto second = co_await Conversation::resume(lasting(server), std::move(*opened));
  EXPECT_TRUE(second);
  if (!second) co_return;
  auto sent = co_await second->say("Who am I?");
  EXPECT_TRUE(sent);
  Told told;
  const bool whole = co_await read(*second, told, 1);
  EXPECT_TRUE(whole);
  EXPECT_NE(told.text.find("Ada"), std::string::npos) << told.text;
}
TEST(Conversation_W39, ASealedSnapshotGoesOnElsewhere) {
  with_emulator(snapshots);
}

Task<void> waits(emulator::Server& server) {
  auto conversation = co_await Conversation::open(options_for(server));
  EXPECT_TRUE(conversation);
  if (!conversation) co_return;
  auto first = co_await conversation->receive(milliseconds(20));
  EXPECT_TRUE(first && std::holds_alternative<ConnectionAttempt>(*first));
  auto nothing = co_await conversation->receive(milliseconds(5));
  EXPECT_EQ(nothing.error().kind(), ErrorKind::timeout);
  conversation->close();
  auto refused = co_await conversation->say("too late");
  EXPECT_EQ(refused.error().kind(), ErrorKind::invalid_state);
  auto odd = co_await conversation->send_audio(Bytes(3));
  EXPECT_EQ(odd.error().kind(), ErrorKind::invalid_argument);
  auto end = co_await conversation->receive();
  EXPECT_EQ(end.error().kind(), ErrorKind::disconnected) << end.error().describe();
}
TEST(Conversation_B35, ReceivingMayBeLimitedAndWhatIsClosedTakesNothing) {
  with_emulator(waits);
}

}  // namespace
}  // namespace parley
