#include "parley/narrative/bots.hpp"

#include <cstdlib>
#include <filesystem>
#include <set>

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "parley/json/value.hpp"
#include "parley/narrative/sqlite_tables.hpp"
#include "parley/narrative/test_world.hpp"

namespace parley::narrative {
namespace {

using namespace std::chrono_literals;

// What bots do, written down; the run ends (as by a kill) where `stop_at` says.
class TestActions final : public BotActions {
 public:
  explicit TestActions(testing::TestClock& of) : clock(of) {}
  Task<Result<void>> generate(Bot bot) override {
    note("generate " + bot.name);
    if (generated) generated();
    while (waits && waits(bot)) co_await boost::asio::post(boost::asio::use_awaitable);
    if (fails) co_return fail(ErrorKind::unavailable, "the service is busy");
    co_return ended();
  }
  Task<Result<Verdict>> judge(Bot, ContentRow item) override {
    note("judge " + item.item);
    co_return read_verdict(item.item == "2" ? "No, it is dull" : R"({"accept": true})");
  }
  Task<Result<void>> post(Bot, ContentRow item) override {
    note("post " + item.item);
    if (item.item == refuse) {
      refuse.clear();
      co_return fail(Error(ErrorKind::unavailable, "later").with_detail("not_posted", "yes"));
    }
    if (item.item == broken) co_return fail(ErrorKind::service, "exit code 1");
    co_return ended();
  }
  void note(const std::string& what) {
    notes.push_back(fmt::format("{} {}", (clock.time - 1'000'000ms) / 1min, what));
  }
  Result<void> ended() {
    if (static_cast<int>(notes.size()) < stop_at) return {};
    return fail(ErrorKind::cancelled, "the test ends here");
  }

  testing::TestClock& clock;
  std::vector<std::string> notes;  // "minute what"
  int stop_at = 1000;
  bool fails = false;
  std::string refuse, broken;
  std::function<void()> generated;
  std::function<bool(const Bot&)> waits;  // as long as it says so, the bot goes on
};

class Bots_D56 : public ::testing::Test {
 protected:
  Bots_D56() : timer(clock), actions(clock) {
    char made[] = "/tmp/parley-bots-XXXXXX";
    folder = ::mkdtemp(made);
    ports.clock = &clock;
    ports.timer = &timer;
    ports.random = &random;
    ports.actions = &actions;
    ports.state = &state;
    ports.content = folder + "/content.db";
    ports.tell = [this](const BotEvent& event) {
      told.push_back(event.bot + " " + event.what + " " + event.item);
    };
  }
  ~Bots_D56() override { std::filesystem::remove_all(folder); }

  std::vector<Bot> bots_of(const std::string& text) {
    testing::MapSources sources{{"b.toml", text}};
    auto loaded = load_bots("b.toml", sources);
    EXPECT_TRUE(loaded.ok()) << to_text(loaded.diagnostics);
    return std::move(loaded.bots);
  }
  Result<void> run(const std::string& text, BotOptions options = BotOptions()) {
    auto task = run_bots(bots_of(text), std::move(options), ports);
    return parley::run(std::move(task));
  }
  // Items "1", "2" … of the table posts.
  void make(int first, int last, const std::string& status = "good") {
    SqliteContent content(ports.content, clock);
    for (int i = first; i <= last; ++i) {
      ContentItem item;
      item.id = fmt::format("item-{}", i);
      item.status = status;
      item.item = json::Any(json::Value(i));
      EXPECT_TRUE(content.keep("posts", item));
    }
  }
  std::string statuses() {
    std::string out;
    auto rows = ContentBook::open(ports.content)->rows("posts", ContentFilter());
    for (const auto& row : *rows) out += (out.empty() ? "" : " ") + row.status;
    return out;
  }

  testing::TestClock clock;
  testing::TestTimer timer;
  TestActions actions;
  testing::TestState state;
  SeededRandom random{1};
  std::string folder;
  BotPorts ports;
  std::vector<std::string> told;
};

constexpr auto kPosting =
    "[posting.p]\ntable = \"posts\"\nevery = \"1h\"\nfrom = \"good\"\nrun = [\"post\"]\n";

TEST_F(Bots_D56, EachRunsAtItsInterval) {
  actions.stop_at = 5;
  EXPECT_TRUE(
      run("[generation.a]\nnarrative = \"a.toml\"\nevery = \"1h\"\n"
          "[generation.b]\nnarrative = \"b.toml#x\"\nevery = \"25m\"\n"));
  EXPECT_EQ(actions.notes,
            (std::vector<std::string>{"0 generate a", "0 generate b", "25 generate b",
                                      "50 generate b", "60 generate a"}));
}

constexpr auto kThree =
    "[generation.a]\nnarrative = \"a.toml\"\nevery = \"10h\"\n"
    "[generation.b]\nnarrative = \"b.toml\"\nevery = \"10h\"\n"
    "[generation.c]\nnarrative = \"c.toml\"\nevery = \"10h\"\n";

TEST_F(Bots_D56, ThoseOfDifferentTablesRunSideBySideWithABound) {
  auto bots = bots_of(kThree);
  bots[0].table = "one";
  bots[1].table = "two";
  bots[2].table = "one";
  // Each goes once around the loop.
  actions.waits = [seen = std::map<std::string, int>()](const Bot& bot) mutable {
    return seen[bot.name]++ % 2 == 0;
  };
  BotOptions options;
  options.once = true;
  parley::run(run_bots(bots, options, ports)).value();
  EXPECT_EQ(told, (std::vector<std::string>{"a begin ", "b begin ", "a done ", "b done ",
                                            "c begin ", "c done "}));
  told.clear();
  clock.time += 10h;
  options.at_once = 1;
  parley::run(run_bots(bots, options, ports)).value();
  const std::vector<std::string> one_by_one{"a begin ", "a done ",  "b begin ",
                                            "b done ",  "c begin ", "c done "};
  EXPECT_EQ(told, one_by_one);
  // One whose table is not known runs alone.
  told.clear();
  clock.time += 10h;
  options.at_once = 4;
  bots[1].table.clear();
  parley::run(run_bots(bots, options, ports)).value();
  EXPECT_EQ(told, one_by_one);
}

TEST_F(Bots_D56, OneThatTakesLongHoldsNoOtherUp) {
  auto bots = bots_of(kThree);
  bots.pop_back();
  bots[0].table = "one";
  bots[1].table = "two";
  bots[1].every = 1h;
  actions.waits = [this](const Bot& bot) { return bot.name == "a" && actions.notes.size() < 5; };
  actions.stop_at = 5;
  parley::run(run_bots(bots, BotOptions(), ports)).value();
  EXPECT_EQ(actions.notes,
            (std::vector<std::string>{"0 generate a", "0 generate b", "60 generate b",
                                      "120 generate b", "180 generate b"}));
}

TEST_F(Bots_D56, JitterMakesEachTurnLaterByAShareAndNeverEarlier) {
  actions.stop_at = 40;
  EXPECT_TRUE(run("[generation.a]\nnarrative = \"a.toml\"\nevery = \"1h\"\njitter = \"30m\"\n"));
  std::set<int> waits;
  for (const auto wait : timer.waits) {
    EXPECT_GE(wait, 60min);
    EXPECT_LE(wait, 90min);
    waits.insert(static_cast<int>(wait / 1min));
  }
  EXPECT_GT(waits.size(), 10u);
}

TEST_F(Bots_D56, WhenABotIsNextIsKeptBeforeItActs) {
  const auto text = "[generation.a]\nnarrative = \"a.toml\"\nevery = \"1h\"\n";
  actions.stop_at = 1;  // killed in its first turn
  EXPECT_TRUE(run(text));
  clock.time += 10min;
  actions.stop_at = 2;
  EXPECT_TRUE(run(text));
  clock.time += 24h;  // switched off for a day: one turn, not twenty-four
  BotOptions once;
  once.once = true;
  actions.stop_at = 1000;
  EXPECT_TRUE(run(text, once));
  EXPECT_TRUE(run(text, once));
  EXPECT_EQ(actions.notes,
            (std::vector<std::string>{"0 generate a", "60 generate a", "1500 generate a"}));
}

TEST_F(Bots_D56, AFailureIsToldAndTheBotGoesOn) {
  actions.fails = true;
  actions.generated = [this] { actions.fails = actions.notes.size() < 3; };
  actions.stop_at = 3;
  EXPECT_TRUE(run("[generation.a]\nnarrative = \"a.toml\"\nevery = \"1h\"\n"));
  EXPECT_EQ(actions.notes.size(), 3u);
  EXPECT_EQ(std::ranges::count(told, "a failed "), 3) << "the third by the test's end";
}

TEST_F(Bots_D56, CurationAcceptsAndRejectsAndPostingPostsWhatIsAccepted) {
  make(1, 3);
  BotOptions once;
  once.once = true;
  const auto text =
      "[curation.c]\ntable = \"posts\"\nnarrative = \"judge.toml\"\nevery = \"1h\"\nbatch = 10\n"
      "[posting.p]\ntable = \"posts\"\nevery = \"2h\"\nurl = \"https://example.org/post\"\n";
  EXPECT_TRUE(run(text, once));
  EXPECT_EQ(statuses(), "posted rejected accepted");
  EXPECT_EQ(ContentBook::open(ports.content)->row("posts", "item-2")->note, "No, it is dull");
  clock.time += 1h;
  EXPECT_TRUE(run(text, once));
  EXPECT_EQ(statuses(), "posted rejected accepted") << "its interval is two hours";
  clock.time += 1h;
  EXPECT_TRUE(run(text, once));
  EXPECT_EQ(statuses(), "posted rejected posted");
}

TEST_F(Bots_D56, NothingIsPostedTwiceWhereverTheRunEnds) {
  make(1, 3);
  actions.stop_at = 2;  // the run ends in the middle of the second posting
  EXPECT_TRUE(run(kPosting));
  EXPECT_EQ(statuses(), "posted posting good");
  clock.time += 1h;
  actions.stop_at = 5;
  actions.generated = nullptr;
  BotOptions once;
  once.once = true;
  EXPECT_TRUE(run(kPosting, once));
  EXPECT_EQ(statuses(), "posted posting posted") << "nobody knows of the second one";
  EXPECT_EQ(actions.notes, (std::vector<std::string>{"0 post 1", "60 post 2", "120 post 3"}));
  EXPECT_NE(std::ranges::find(told, "p unsettled item-2"), told.end());
}

TEST_F(Bots_D56, WhatWasCertainlyNotPostedIsPostedLaterAndWhatFailedIsNot) {
  make(1, 2);
  actions.refuse = "1";
  actions.broken = "2";
  BotOptions once;
  once.once = true;
  EXPECT_TRUE(run(kPosting, once));
  EXPECT_EQ(statuses(), "good good");
  clock.time += 1h;
  EXPECT_TRUE(run(kPosting, once));
  EXPECT_EQ(statuses(), "posted good");
  clock.time += 1h;
  EXPECT_TRUE(run(kPosting, once));
  EXPECT_EQ(statuses(), "posted failed");
  clock.time += 1h;
  EXPECT_TRUE(run(kPosting, once));
  EXPECT_EQ(actions.notes.size(), 3u);
}

TEST_F(Bots_D56, OnlySomeMayRun) {
  BotOptions options;
  options.only = {"b"};
  options.once = true;
  const auto text =
      "[generation.a]\nnarrative = \"a.toml\"\nevery = \"1h\"\n"
      "[generation.b]\nnarrative = \"a.toml\"\nevery = \"1h\"\n";
  EXPECT_TRUE(run(text, options));
  EXPECT_EQ(actions.notes, std::vector<std::string>{"0 generate b"});
  options.only = {"be"};
  const auto wrong = run(text, options);
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().message(), "there is no bot be, did you mean b?");
}

TEST(BotFile_D56, MistakesAreToldWithTheirPlaces) {
  const std::pair<const char*, const char*> rows[] = {
      {"[generation.a]\nevery = \"1h\"\n", "b.toml:1:1: error: generation a: narrative is missing"},
      {"[generation.a]\nnarrative = \"a.toml\"\n", "every is missing"},
      {"[generation.a]\nnarrative = \"a.toml\"\nevery = \"10ms\"\n", "every must be at least 1s"},
      {"[generation.a]\nnarrative = \"a.toml\"\nevery = \"1h\"\njiter = \"1m\"\n",
       "b.toml:4:1: error: generation a: unknown key \"jiter\", did you mean jitter?"},
      {"[posting.p]\ntable = \"t\"\nevery = \"1h\"\n", "exactly one of run and url"},
      {"[posting.p]\ntable = \"t\"\nevery = \"1h\"\nurl = \"http://example.org\"\n",
       "url must be https"},
      {"[posting.p]\ntable = \"t\"\nevery = \"1h\"\nurl = \"http://localhost.example.org\"\n",
       "url must be https"},
      {"[curation.p]\nnarrative = \"a.toml\"\nevery = \"1h\"\n", "table is missing"},
      {"[curation.a]\ntable = \"t\"\nnarrative = \"a.toml\"\nevery = \"1h\"\nbatch = 0\n", "batch"},
      {"[generations.a]\nevery = \"1h\"\n",
       "unknown key \"generations\", did you mean generation?"},
      {"# nothing\n", "there are no bots"},
      {"[generation.a]\nnarrative = \"a.toml\"\nevery = \"1h\"\n[posting.a]\ntable = \"t\"\n"
       "every = \"1h\"\nrun = [\"x\"]\n",
       "there is another bot a"}};
  for (const auto& [text, told] : rows) {
    testing::MapSources sources{{"b.toml", text}};
    const auto mistakes = to_text(load_bots("b.toml", sources).diagnostics);
    EXPECT_NE(mistakes.find(told), std::string::npos) << text << "\n" << mistakes;
  }
}

TEST(BotFile_D56, AVerdictIsJsonOrBeginsWithYesOrNo) {
  EXPECT_TRUE(read_verdict("```json\n{\"accept\": true, \"reason\": \"good\"}\n```")->accepted);
  EXPECT_EQ(read_verdict("{\"accept\": false, \"reason\": \"dull\"}")->reason, "dull");
  EXPECT_TRUE(read_verdict(" Yes, it is.")->accepted);
  EXPECT_FALSE(read_verdict("no")->accepted);
  for (const char* text : {"", "maybe", "{\"accept\": \"yes\"}", "[]"})
    EXPECT_FALSE(read_verdict(text)) << text;
}

}  // namespace
}  // namespace parley::narrative
