#include "parley/gemini/detail/live_account.hpp"

#include <utility>

#include "parley/net/system.hpp"

namespace parley::gemini::detail {
namespace {

void settle_as(limit::Lease& lease, limit::Outcome::Kind how) {
  limit::Outcome outcome(how);
  lease.settle(outcome);
}

}  // namespace

TurnBegins turn_of(const ClientContentMessage& message) {
  return message.client_content.turn_complete.value_or(false) ? TurnBegins::anew : TurnBegins::no;
}
TurnBegins turn_of(const RealtimeInputMessage& message) {
  const auto& input = message.realtime_input;
  if (input.text || input.activity_start) return TurnBegins::anew;
  return input.audio || input.video || input.media_chunks ? TurnBegins::if_none : TurnBegins::no;
}
TurnBegins turn_of(const ToolResponseMessage&) {
  return TurnBegins::if_none;
}
TurnBegins turn_of(const ContextUpdateMessage&) {
  return TurnBegins::no;
}

LiveAccount::LiveAccount(LiveLimits limits, limit::Lease place)
    : limits_(std::move(limits)), place_(std::move(place)) {}

Task<Result<std::shared_ptr<LiveAccount>>> LiveAccount::open(LiveLimits limits) {
  limit::Demand demand;
  demand.requests = 0;
  demand.priority = limits.priority;
  demand.caller = limits.caller;
  auto place = co_await limits.limiter.acquire(limits.pool, std::move(demand), limits.wait);
  if (!place) co_return fail(std::move(place.error()));
  co_return std::make_shared<LiveAccount>(std::move(limits), std::move(*place));
}

bool LiveAccount::needs_turn(TurnBegins begins) {
  if (ended_ || begins == TurnBegins::no) return false;
  if (begins == TurnBegins::anew) return true;
  if (turns_.empty() || (turns_.size() == 1 && complete_)) return true;
  auto& last = turns_.back();
  if (!last.by_sound || last.noticed || net::now() - last.at < limits_.renew_silence) return false;
  settle_as(last.lease, limit::Outcome::Kind::unsent);
  turns_.pop_back();
  return true;
}

Task<Result<bool>> LiveAccount::pay(std::shared_ptr<LiveAccount> self, TurnBegins begins) {
  if (!self->needs_turn(begins)) co_return false;
  limit::Demand demand(self->limits_.turn);
  demand.slots = 0;
  demand.priority = self->limits_.priority;
  demand.caller = self->limits_.caller;
  auto lease = co_await self->limits_.limiter.acquire(self->limits_.pool, std::move(demand),
                                                      self->limits_.wait);
  if (!lease) co_return fail(std::move(lease.error()));
  // Somebody else may have begun one while this one waited.
  if (!self->needs_turn(begins)) {
    settle_as(*lease, limit::Outcome::Kind::unsent);
    co_return false;
  }
  if (self->complete_) self->close_turns();
  self->turns_.emplace_back(std::move(*lease), begins == TurnBegins::if_none, net::now());
  co_return true;
}

void LiveAccount::unsent() {
  if (turns_.empty() || turns_.back().noticed) return;
  settle_as(turns_.back().lease, limit::Outcome::Kind::unsent);
  turns_.pop_back();
}

void LiveAccount::note(const LiveEvent& event) {
  if (const auto* spent = std::get_if<LiveUsage>(&event)) return note_usage(spent->usage);
  if (const auto* end = std::get_if<LiveTurnComplete>(&event)) {
    // Vertex AI ends a turn for calls; what they answer goes on with it.
    if (end->of_tool_calls || end->more_to_come) return;
    complete_ = true;
    if (told_ || turns_.empty()) close_turns();
  } else if (std::holds_alternative<LiveInterrupted>(event)) {
    note_sign();
    interrupted_ = true;
  } else if (std::holds_alternative<LiveText>(event) || std::holds_alternative<LiveAudio>(event) ||
             std::holds_alternative<LiveTranscript>(event) ||
             std::holds_alternative<LiveToolCalls>(event) ||
             std::holds_alternative<LiveVoiceActivity>(event)) {
    note_sign();
  }
}

// The service is at the next turn; the usage of the one before did not come.
void LiveAccount::note_sign() {
  if (complete_) close_turns();
  if (!turns_.empty()) turns_.front().noticed = true;
}

void LiveAccount::note_usage(const Usage& usage) {
  const auto more = meter_.advance(
      limit::Usage(usage.prompt + usage.tool_use, usage.answer + usage.thoughts, usage.cached));
  if (turns_.empty()) {
    place_.charge(more);
    return;
  }
  used_.input_tokens += more.input_tokens;
  used_.output_tokens += more.output_tokens;
  used_.cached_tokens += more.cached_tokens;
  told_ = true;
  // The usage comes with the end or behind it.
  if (complete_) close_turns();
}

void LiveAccount::refused(const Error& why) {
  limit::Outcome outcome = limit::Outcome::of(why);
  if (ended_ || outcome.kind != limit::Outcome::Kind::rate_limited) return;
  limit::Demand nothing;
  nothing.requests = nothing.slots = 0;
  // Where not even nothing may go, the limiter knows already.
  if (auto lease = limits_.limiter.try_acquire(limits_.pool, nothing)) lease->settle(outcome);
}

// What was asked before the answer began is in one turn with it; what interrupted it is not.
void LiveAccount::close_turns() {
  bool first = true;
  while (!turns_.empty() && (first || !interrupted_)) {
    limit::Outcome outcome(limit::Outcome::Kind::success);
    if (!first || told_) outcome.usage = first ? used_ : limit::Usage();
    turns_.front().lease.settle(outcome);
    turns_.pop_front();
    first = false;
  }
  meter_.restart();
  used_ = limit::Usage();
  told_ = complete_ = interrupted_ = false;
}

void LiveAccount::give_up(Turn& turn) {
  const bool silence = turn.by_sound && !turn.noticed;
  settle_as(turn.lease, silence ? limit::Outcome::Kind::unsent : limit::Outcome::Kind::cancelled);
}

void LiveAccount::end() {
  if (std::exchange(ended_, true)) return;
  if (told_ || complete_) close_turns();
  for (auto& turn : turns_) give_up(turn);
  turns_.clear();
  settle_as(place_, limit::Outcome::Kind::success);
}

}  // namespace parley::gemini::detail
