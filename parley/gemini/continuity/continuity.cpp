#include "parley/gemini/continuity/continuity.hpp"

#include "parley/gemini/continuity/detail/state.hpp"

namespace parley::gemini {

Continuity::Continuity(Setup setup, ContinuityPolicy policy, Random& random)
    : state_(std::make_unique<State>(std::move(setup), std::move(policy), random)) {}

Continuity::Continuity(ConversationSnapshot from, ContinuityPolicy policy, Random& random)
    : Continuity(std::move(from.setup), std::move(policy), random) {
  state_->handle = std::move(from.handle);
  state_->handle_is_fresh = !state_->handle.empty();
  state_->handle_expires = from.handle_expires;
  state_->history.restore(std::move(from.history), from.history_in_handle);
  state_->ledger.restore(from.usage);
  state_->counters.turns = from.turns;
}

Continuity::Continuity(Continuity&&) noexcept = default;
Continuity::~Continuity() = default;

void Continuity::start(TimePoint now) {
  if (std::exchange(state_->started, true)) return;
  state_->last_message = now;
  if (!state_->plan(LinkReason::first, std::chrono::milliseconds(0), now))
    state_->finish(fail(ErrorKind::cancelled, "the program's hook stopped the first attempt"));
}

Result<void> Continuity::send(LiveMessage message, TimePoint now) {
  return state_->send(std::move(message), now);
}

Result<void> Continuity::interrupt(TimePoint now) {
  return state_->interrupt(now);
}
void Continuity::heard(std::uint64_t turn, Duration sound) {
  state_->heard(turn, sound);
}

Result<void> Continuity::change(Setup setup, TimePoint now) {
  auto& state = *state_;
  const bool other_model = setup.model != state.setup.model;
  if (other_model && !state.history.keeps() && !state.history.empty())
    return fail(ErrorKind::invalid_state,
                "a handle is good for its model only, and no history is kept (HistoryPolicy)");
  state.changed = true;
  if (!setup.session_resumption) setup.session_resumption = state.setup.session_resumption;
  if (setup.session_resumption) setup.session_resumption->handle.reset();
  if (other_model) state.handle.clear();
  state.setup = std::move(setup);
  state.own = state.setup;
  if (state.planned) state.planned->setup = state.setup_for(state.planned->start);
  state.setup_is_newer = state.next.has_value();
  state.want_handover(LinkReason::change, std::nullopt, now);
  return {};
}

void Continuity::hand_over(TimePoint now) {
  state_->changed = true;
  state_->want_handover(LinkReason::change, std::nullopt, now);
}

void Continuity::close(TimePoint now) {
  state_->close(now);
}

void Continuity::opened(LinkId link, TimePoint now) {
  state_->opened(link, now);
}
void Continuity::failed(LinkId link, Error why, TimePoint now) {
  state_->failed(link, std::move(why), now);
}

void Continuity::received(LinkId link, LiveEvent event, TimePoint now) {
  auto& state = *state_;
  if (state.over) return;
  if (!state.active || state.active->id != link) {
    // What the old connection was paid for counts, whatever it says.
    if (const auto* usage = std::get_if<LiveUsage>(&event)) state.ledger.note(usage->usage);
    return;
  }
  state.received(std::move(event), now);
  if (state.over || state.closing) return;
  state.watch_deadline(now);
  state.consider_handover(now);
}

void Continuity::written(LinkId link, std::uint64_t stamp, TimePoint) {
  auto& state = *state_;
  if (!state.active || state.active->id != link) return;
  state.outbox.written(stamp, state.keeps_messages());
  state.outbox.trim([&state](detail::Outgoing& entry) { state.remember(entry); });
  state.counters.dropped_audio = state.outbox.dropped_audio_total();
}

void Continuity::ended(LinkId link, Result<void> outcome, TimePoint now) {
  state_->ended(link, std::move(outcome), now);
}
void Continuity::handle_timeout(TimePoint now) {
  state_->handle_timeout(now);
}

std::optional<ContinuityEffect> Continuity::poll_effect() {
  if (state_->effects.empty()) return std::nullopt;
  auto out = std::move(state_->effects.front());
  state_->effects.pop_front();
  return out;
}

std::optional<ConversationEvent> Continuity::poll_event() {
  if (state_->events.empty()) return std::nullopt;
  auto out = std::move(state_->events.front());
  state_->events.pop_front();
  return out;
}

std::optional<TimePoint> Continuity::next_timeout() const {
  return state_->next_timeout();
}
bool Continuity::is_connected() const {
  return state_->active.has_value();
}
bool Continuity::is_over() const {
  return state_->over;
}
Result<void> Continuity::outcome() const {
  return state_->result;
}
std::size_t Continuity::unsent_bytes() const {
  return state_->outbox.unsent_bytes();
}
std::size_t Continuity::kept_bytes() const {
  return state_->outbox.bytes() + state_->history.bytes();
}
const Setup& Continuity::setup() const {
  return state_->setup;
}
const std::string& Continuity::handle() const {
  return state_->handle;
}
Usage Continuity::usage() const {
  return state_->ledger.total();
}
const ConversationCounters& Continuity::counters() const {
  return state_->counters;
}

ConversationSnapshot Continuity::snapshot(WallTime wall, TimePoint now) const {
  const auto& state = *state_;
  ConversationSnapshot out;
  out.setup = state.setup;
  if (state.start_of_next() != LinkStart::seeded) out.handle = state.handle;
  out.taken = wall;
  const auto age = std::chrono::duration_cast<std::chrono::milliseconds>(now - state.handle_at);
  if (!out.handle.empty())
    out.handle_expires = state.handle_expires.value_or(wall - age + std::chrono::hours(2));
  out.history = state.history.turns();
  out.history_in_handle = state.history.in_handle();
  out.usage = state.ledger.total();
  out.turns = state.counters.turns;
  return out;
}

}  // namespace parley::gemini
