#include "parley/audio/barge_in.hpp"

#include <map>

#include <gtest/gtest.h>

#include "parley/audio/playout.hpp"
#include "parley/audio/test_signal.hpp"

namespace parley::audio {
namespace {

using namespace std::chrono_literals;
using Kind = BargeInEvent::Kind;
using Reason = BargeInEvent::Reason;
using Events = std::vector<BargeInEvent>;

constexpr TimePoint kStart{};

Events drain(BargeIn& machine) {
  Events all;
  while (const auto event = machine.poll_event()) all.push_back(*event);
  return all;
}

TEST(BargeIn_W10, AGuessThatTheServiceConfirmsThrowsTheRestAway) {
  BargeIn machine;
  machine.reply_audio(0);
  machine.local_started(kStart);
  EXPECT_EQ(drain(machine), (Events{{Kind::hold, 0, Reason::user_speaks}}));
  EXPECT_EQ(machine.next_timeout(), kStart + 1500ms);
  machine.interrupted(0);
  EXPECT_EQ(drain(machine), (Events{{Kind::flush, 0, Reason::interrupted},
                                    {Kind::resume, 0, Reason::interrupted}}));
  EXPECT_FALSE(machine.next_timeout());
  machine.interrupted(0);
  EXPECT_TRUE(drain(machine).empty()) << "said twice";
}

TEST(BargeIn_W10, WithoutAConfirmationTheAnswerGoesOn) {
  BargeIn machine;
  machine.reply_audio(3);
  machine.local_started(kStart);
  machine.local_ended(kStart + 200ms);
  EXPECT_EQ(machine.next_timeout(), kStart + 900ms) << "a cough is over soon";
  machine.handle_timeout(kStart + 899ms);
  EXPECT_TRUE(machine.guessing());
  machine.handle_timeout(kStart + 900ms);
  EXPECT_EQ(drain(machine), (Events{{Kind::hold, 3, Reason::user_speaks},
                                    {Kind::resume, 3, Reason::not_confirmed}}));
}

TEST(BargeIn_W10, TheServiceNeedsNoGuess) {
  BargeIn machine;
  machine.reply_audio(0);
  machine.interrupted(0);
  EXPECT_EQ(drain(machine), (Events{{Kind::flush, 0, Reason::interrupted}}));
  EXPECT_FALSE(machine.replying());
}

TEST(BargeIn_W10, SpeechBeforeTheAnswerDoesNotHoldIt) {
  BargeIn machine;
  machine.local_started(kStart);
  machine.reply_audio(0);
  machine.local_ended(kStart + 1s);
  EXPECT_TRUE(drain(machine).empty());
}

TEST(BargeIn_W10, ALateInterruptionDoesNotCutTheNextAnswer) {
  BargeIn machine;
  machine.reply_audio(0);
  machine.reply_audio(1);
  machine.local_started(kStart);
  drain(machine);
  machine.interrupted(0);
  EXPECT_EQ(drain(machine), (Events{{Kind::flush, 0, Reason::interrupted}}))
      << "the guess about turn 1 is still open";
  machine.handle_timeout(kStart + 1500ms);
  EXPECT_EQ(drain(machine), (Events{{Kind::resume, 1, Reason::not_confirmed}}));
}

TEST(BargeIn_W10, ANewAnswerConfirmsOrWaitsBehindTheHeldOne) {
  for (const bool confirms : {true, false}) {
    BargeInOptions options;
    options.new_reply_confirms = confirms;
    BargeIn machine(options);
    machine.reply_audio(0);
    machine.local_started(kStart);
    drain(machine);
    machine.reply_audio(1);
    if (confirms) {
      EXPECT_EQ(drain(machine), (Events{{Kind::flush, 0, Reason::new_reply},
                                        {Kind::resume, 0, Reason::new_reply}}));
    } else {
      EXPECT_TRUE(drain(machine).empty());
    }
    EXPECT_TRUE(machine.replying());
  }
}

TEST(BargeIn_W10, ADuckedAnswerThatEndsIsDuckedNoLonger) {
  BargeInOptions options;
  options.reaction = BargeInOptions::Reaction::duck;
  BargeIn machine(options);
  machine.reply_audio(0);
  machine.local_started(kStart);
  machine.reply_finished(0);
  EXPECT_EQ(drain(machine),
            (Events{{Kind::hold, 0, Reason::user_speaks}, {Kind::resume, 0, Reason::finished}}));
}

// The machine with a real queue and a speaker, and what must hold at each moment.
class World {
 public:
  explicit World(BargeInOptions options) : machine_(options), options_(options) {
    PlayoutOptions playout;
    playout.rate = 1'000;
    playout.start_after = 0ms;
    playout.lead = 40ms;
    playout_ = Playout(playout);
  }

  static constexpr int kActions = 7;
  void act(int action) {
    now_ += 50ms;
    obey();
    switch (action) {
      case 0:
        machine_.local_started(now_);
        break;
      case 1:
        machine_.local_ended(now_);
        break;
      case 2:
        interrupt(turn_);
        break;
      case 3:
        if (turn_ > 0) interrupt(turn_ - 1);
        break;
      case 4:
        reply(turn_ + 1, 130);
        break;
      case 5:
        reply(turn_, 70);
        break;
      default:
        now_ = machine_.next_timeout().value_or(now_ + 200ms);
        machine_.handle_timeout(now_);
    }
    obey();
  }

  // The rest of the conversation: the limit passes, and what was not thrown away is heard.
  void finish() {
    playout_.end_turn(turn_, now_);
    if (machine_.next_timeout()) {
      now_ = *machine_.next_timeout();
      machine_.handle_timeout(now_);
      obey();
    }
    ASSERT_FALSE(machine_.guessing());
    now_ += 60s;
    obey();
    for (auto due = playout_.next_timeout(); due; due = playout_.next_timeout()) {
      now_ = *due;
      obey();
    }
    ASSERT_FALSE(playout_.turn());
    for (const auto& [turn, sent] : sent_) {
      ASSERT_LE(heard_[turn], sent);
      ASSERT_TRUE(heard_[turn] == sent || may_be_cut_.contains(turn)) << turn;
    }
  }

 private:
  void interrupt(std::uint64_t turn) {
    for (std::uint64_t cut = 0; cut <= turn; ++cut) may_be_cut_[cut] = true;
    machine_.interrupted(turn);
  }
  void reply(std::uint64_t turn, std::size_t size) {
    if (options_.new_reply_confirms && turn > turn_ && machine_.guessing())
      for (std::uint64_t cut = 0; cut < turn; ++cut) may_be_cut_[cut] = true;
    turn_ = turn;
    machine_.reply_audio(turn);
    obey();  // events before the audio, as a program does
    const auto late = playout_.counters().late;
    ASSERT_TRUE(playout_.push(turn, test::counting(size, sent_[turn]), now_));
    if (playout_.counters().late == late) sent_[turn] += size;
  }
  // Until neither has anything to say: what was heard may end a guess.
  void obey() {
    for (bool more = true; more;) {
      serve();
      more = false;
      while (const auto event = machine_.poll_event()) {
        more = true;
        carry_out(*event);
      }
    }
    ASSERT_EQ(stopped_, machine_.guessing());
    ASSERT_EQ(machine_.next_timeout().has_value(), machine_.guessing()) << "it cannot hang";
  }
  void carry_out(const BargeInEvent& event) {
    const bool holds = options_.reaction == BargeInOptions::Reaction::hold;
    if (event.kind == Kind::hold) {
      ASSERT_FALSE(stopped_) << "a hold in a hold";
      stopped_ = true;
      holds ? playout_.hold(now_) : playout_.set_gain(0.5);
    } else if (event.kind == Kind::resume) {
      ASSERT_TRUE(stopped_) << "a resume without a hold";
      stopped_ = false;
      holds ? playout_.resume(now_) : playout_.set_gain(1);
    } else {
      ASSERT_TRUE(may_be_cut_.contains(event.turn)) << event.turn;
      playout_.flush(event.turn, now_);
    }
  }
  void serve() {
    while (playout_.poll(now_)) {
    }
    while (const auto event = playout_.poll_event()) {
      ASSERT_GE(event->heard, heard_[event->turn]);
      heard_[event->turn] = event->heard;
      if (event->kind == PlayoutEvent::Kind::finished) machine_.reply_finished(event->turn);
    }
  }

  BargeIn machine_;
  BargeInOptions options_;
  Playout playout_;
  TimePoint now_ = kStart;
  bool stopped_ = false;
  std::uint64_t turn_ = 0;
  std::map<std::uint64_t, std::uint64_t> sent_, heard_;
  std::map<std::uint64_t, bool> may_be_cut_;
};

std::uint64_t explore(const World& world, int depth) {
  World end = world;
  end.finish();
  if (depth == 0 || testing::Test::HasFatalFailure()) return 1;
  std::uint64_t count = 1;
  for (int action = 0; action < World::kActions; ++action) {
    World next = world;
    next.act(action);
    if (testing::Test::HasFatalFailure()) return count;
    count += explore(next, depth - 1);
  }
  return count;
}

TEST(BargeIn_W10, EveryInterleavingHoldsOnceEndsAndCutsNoLaterAnswer) {
  std::uint64_t all = 0;
  for (const bool confirms : {true, false})
    for (const auto reaction : {BargeInOptions::Reaction::hold, BargeInOptions::Reaction::duck}) {
      BargeInOptions options;
      options.reaction = reaction;
      options.new_reply_confirms = confirms;
      World world(options);
      world.act(4);
      all += explore(world, 5);
      ASSERT_FALSE(HasFatalFailure());
    }
  EXPECT_EQ(all, 4u * 19'608u) << "seven actions, five deep";
}

// Deeper than every interleaving can be tried.
TEST(BargeIn_W10, LongRandomConversationsHoldTheSameRules) {
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    SeededRandom random(seed);
    BargeInOptions options;
    options.reaction =
        random.below(2) == 0 ? BargeInOptions::Reaction::hold : BargeInOptions::Reaction::duck;
    options.new_reply_confirms = random.below(2) == 0;
    World world(options);
    for (int step = 0; step < 60; ++step) {
      world.act(static_cast<int>(random.below(World::kActions)));
      ASSERT_FALSE(HasFatalFailure()) << seed << ", step " << step;
    }
    world.finish();
    ASSERT_FALSE(HasFatalFailure()) << seed;
  }
}

}  // namespace
}  // namespace parley::audio
