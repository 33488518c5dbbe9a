#include <algorithm>

#include "parley/gemini/continuity/detail/state.hpp"
#include "parley/gemini/live_models.hpp"

// One connection takes over from another.
namespace parley::gemini {

using detail::Outgoing;
using std::chrono::duration_cast;
using std::chrono::milliseconds;

void Continuity::State::want_handover(LinkReason why, std::optional<TimePoint> latest,
                                      TimePoint now) {
  if (!active || closing) return;
  if (!wanted) {
    wanted.emplace();
    wanted->why = why;
  }
  if (latest) wanted->latest = std::min(wanted->latest.value_or(*latest), *latest);
  consider_handover(now);
}

bool Continuity::State::is_quiet() const {
  return turn.phase == Phase::idle && !turn.is_owed() && !turn.user_speaks && !calls.any_open();
}

// A moment at which nothing is owed, said, asked or spoken, and the handle contains all of it.
bool Continuity::State::is_boundary(TimePoint now) const {
  if (!is_quiet()) return false;
  if (!setup.session_resumption || handle_is_fresh || !history.is_behind_handle()) return true;
  return now >= turn.idle_since + policy.hand_over.handle_wait;
}

void Continuity::State::consider_handover(TimePoint now) {
  if (!wanted || !active || next || planned || wanted->breaking || closing) return;
  const bool late = wanted->latest && now >= *wanted->latest;
  if (late || is_boundary(now)) begin_handover(late, now);
}

void Continuity::State::begin_handover(bool forced, TimePoint now) {
  if (!may_go_on())
    return give_up_handover(
        Error(ErrorKind::invalid_state,
              "the service gave no handle, and no history is kept (HistoryPolicy)"));
  wanted->forced = forced;
  HandoverBegun begun;
  begun.why = wanted->why;
  begun.forced = forced;
  tell(begun);
  if (policy.hand_over.break_first) {
    wanted->breaking = true;
    effect(CloseLink{active->id});
    return;
  }
  if (!plan(wanted->why, milliseconds(0), now))
    give_up_handover(Error(ErrorKind::cancelled, "the program's hook stopped the hand-over"));
}

void Continuity::State::give_up_handover(Error why) {
  HandoverFailed failed;
  failed.why = wanted->why;
  failed.error = std::move(why);
  wanted.reset();
  if (active) active->given_up = true;
  tell(std::move(failed));
}

// It began before something was said that it cannot be told any more.
bool Continuity::State::knows_too_little(const Link& link) const {
  if (link.start == LinkStart::fresh && !history.keeps()) return !history.empty();
  if (link.seeds_first || detail::seed_way(setup.model) != detail::SeedWay::initial) return false;
  HistorySeeded told;
  return !history.seed(link.start == LinkStart::handle, told).empty();
}

// The connection that has been opened becomes the one that is spoken over.
void Continuity::State::take_over(TimePoint now) {
  const auto old = std::exchange(active, std::nullopt);
  if (old) end_answer_of_old(now);
  active = std::exchange(next, std::nullopt);
  wanted.reset();
  last_message = now;
  nudges = 0;
  silence_told = false;
  HandoverDone done;
  done.why = active->why;
  done.service = service_name();
  if (gap_since) done.gap = duration_cast<milliseconds>(now - *gap_since);
  gap_since.reset();
  const bool first = counters.connections == 1;
  seed();
  done.start = active->start;
  replay(now);
  flush(now);
  if (!first) {
    ++counters.hand_overs;
    tell(done);
  }
  if (old) effect(CloseLink{old->id});
  if (std::exchange(setup_is_newer, false)) want_handover(LinkReason::change, std::nullopt, now);
}

// What is left of an answer when its connection goes.
void Continuity::State::end_answer_of_old(TimePoint now) {
  ledger.end_turn();
  const bool keep = policy.replay.cut_answer == ReplayPolicy::CutAnswer::keep;
  if (turn.phase == Phase::answering && keep && turn.told_anything()) {
    commit_turn(now);
    tell(LiveEvent(LiveInterrupted()));
    turn.phase = Phase::answered;
  }
  if (turn.phase == Phase::answered) {
    turn_completed(now);
    tell(LiveEvent(LiveTurnComplete()));
  }
  drop_merged(now);
  if (turn.phase == Phase::answering) void_answer();
  // What was heard of the user will be heard again.
  turn.heard.clear();
  turn.phase = Phase::idle;
  turn.owed.clear();
  turn.speech_owed = turn.user_speaks = turn.called = false;
  turn.played_until = TimePoint{};
  turn.merge_at.reset();
  turn.sign_stamp = turn.sure_stamp = 0;
}

// The new connection is told what it does not know.
void Continuity::State::seed() {
  HistorySeeded told;
  auto turns = history.seed(active->start == LinkStart::handle, told);
  if (detail::seed_way(setup.model) == detail::SeedWay::none) return;
  if (!turns.empty()) {
    if (active->start == LinkStart::fresh) active->start = LinkStart::seeded;
    send_own(turns_message(std::move(turns), active->seeds_first));
  }
  if (told.turns + told.forgotten + told.without_text > 0) tell(told);
}

bool Continuity::State::stays_behind(const Outgoing& entry, bool with_handle, TimePoint now) const {
  using enum LiveMessageKind;
  if (entry.kind == answers) return true;  // the calls have them
  if (entry.kind == context) return true;  // the setup has it
  const bool heard_long_ago = detail::is_media(entry.kind) && finds_activity(setup) &&
                              !transparent() && entry.at + policy.replay.audio_limit <= now;
  return entry.written && heard_long_ago && with_handle;
}

// What the service has not taken over goes out again; answers of functions first.
void Continuity::State::replay(TimePoint now) {
  const bool with_handle = active->start == LinkStart::handle;
  const bool leave_out = policy.replay.doubtful == ReplayPolicy::Doubtful::leave_out;
  MessagesReplayed told;
  outbox.take_out(
      [&](Outgoing& entry) {
        if (stays_behind(entry, with_handle, now)) return true;
        const bool doubtful =
            entry.written && (entry.maybe_answered || (with_handle && entry.maybe_in_handle));
        told.doubtful += doubtful ? 1 : 0;
        return doubtful && leave_out;
      },
      [this, with_handle, now](Outgoing& entry) {
        if (!stays_behind(entry, with_handle, now)) remember(entry);
      });
  outbox.rewind();
  auto answers = calls.moved(with_handle);
  told.messages = answers.empty() ? 0 : 1;
  if (!answers.empty())
    outbox.add_first(answers_message(std::move(answers)), LiveMessageKind::answers);
  outbox.for_each([&told](Outgoing& entry) {
    entry.maybe_answered = entry.maybe_in_handle = false;
    if (!entry.was_out) return;
    ++told.messages;
    told.audio_bytes += detail::audio_bytes(entry.message);
  });
  told.dropped_audio = outbox.take_dropped_audio();
  counters.replayed += told.messages;
  if (told.messages + told.doubtful + told.dropped_audio > 0) tell(told);
}

void Continuity::State::send_own(LiveMessage message) {
  SendOnLink send;
  send.link = active->id;
  send.stamp = outbox.next_stamp();
  send.message = std::move(message);
  ++active->messages;
  effect(std::move(send));
}

void Continuity::State::flush(TimePoint now) {
  while (active) {
    auto* entry = outbox.waiting();
    if (entry == nullptr) return;
    outbox.hand_out(*entry, active->messages++, now);
    note_handed_out(*entry, now);
    SendOnLink send;
    send.link = active->id;
    send.stamp = entry->stamp;
    send.message = entry->message;
    effect(std::move(send));
  }
}

}  // namespace parley::gemini
