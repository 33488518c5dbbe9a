#include <algorithm>

#include "parley/gemini/continuity/detail/state.hpp"
#include "parley/gemini/live_models.hpp"

// What the present connection tells, and what follows of it for messages, history and handle.
namespace parley::gemini {

using detail::Outgoing;
using std::chrono::milliseconds;

namespace {

milliseconds duration_of(const LiveAudio& audio) {
  return milliseconds(static_cast<std::int64_t>(audio.pcm.size() / 2 * 1000) /
                      std::max(audio.rate, 1));
}

bool interrupts(const Setup& setup) {
  if (!setup.realtime_input_config) return true;
  const auto& handling = setup.realtime_input_config->activity_handling;
  return !handling || !(*handling == ActivityHandling::no_interruption);
}

}  // namespace

// What is said, by either side.
void Continuity::State::take_words(const LiveEvent& event, TimePoint now) {
  if (const auto* text = std::get_if<LiveText>(&event)) {
    sign(now);
    turn.text_bytes += text->text.size();
    if (!text->thought) answers_told.words(text->text);
  } else if (const auto* audio = std::get_if<LiveAudio>(&event)) {
    sign(now);
    turn.audio_bytes += audio->pcm.size();
    answers_told.sound(duration_of(*audio));
    turn.played_until = std::max(turn.played_until, now) + duration_of(*audio);
  } else if (std::holds_alternative<LivePart>(event)) {
    sign(now);
  } else if (const auto* transcript = std::get_if<LiveTranscript>(&event)) {
    if (!transcript->of_user) {
      sign(now);
      turn.text_bytes += transcript->text.size();
      answers_told.transcript(transcript->text);
    } else if (!transcript->interim) {
      turn.heard += transcript->text;
    }
  }
}

void Continuity::State::received(LiveEvent event, TimePoint now) {
  last_message = now;
  silence_told = false;
  take_words(event, now);
  if (auto* wanted_calls = std::get_if<LiveToolCalls>(&event)) {
    calls_came(*wanted_calls, now);
    if (wanted_calls->calls.empty()) return;
  } else if (auto* cancelled = std::get_if<LiveToolCallsCancelled>(&event)) {
    cancelled->ids = calls.cancelled(cancelled->ids);
    turn.called = turn.called && calls.any_open();
    if (cancelled->ids.empty()) return;
  } else if (auto* spent = std::get_if<LiveUsage>(&event)) {
    ledger.note(spent->usage);
  } else if (auto* activity = std::get_if<LiveVoiceActivity>(&event)) {
    turn.user_speaks = activity->started;
    turn.speech_owed = turn.speech_owed || !activity->started;
  }
  const bool of_turn = std::holds_alternative<LiveInterrupted>(event) ||
                       std::holds_alternative<LiveGenerationComplete>(event);
  const bool interrupted = std::holds_alternative<LiveInterrupted>(event);
  if (of_turn && turn.phase == Phase::answering && (interrupted || !turn.called)) commit_turn(now);
  if (interrupted) turn.played_until = now;
  if (interrupted) answers_told.interrupted();
  const auto* end = std::get_if<LiveTurnComplete>(&event);
  if (end != nullptr && !end->more_to_come && !end->of_tool_calls) {
    const bool open =
        turn.phase == Phase::answering || (turn.phase == Phase::idle && turn.is_owed());
    if (open && !turn.called) commit_turn(now);
    turn_completed(now);
  }
  if (end != nullptr) answers_told.turn_complete();
  const auto* update = std::get_if<LiveResumption>(&event);
  if (update != nullptr) handle_came(*update, now);
  const auto* away = std::get_if<LiveGoAway>(&event);
  if (away != nullptr) {
    active->announced = true;
    active->deadline = now + away->left;
  }
  const bool counted = std::holds_alternative<LiveUsage>(event);
  tell(std::move(event));
  tell_cuts();
  if (counted) check_context();
  if (counted) check_budget(now);
}

// Something of an answer has come.
void Continuity::State::sign(TimePoint now) {
  if (turn.phase == Phase::answering && !turn.called) return;
  if (turn.phase == Phase::answered) ledger.end_turn();
  ledger.begin_turn();
  if (turn.phase != Phase::answering) {
    turn.phase = Phase::answering;
    turn.sure_stamp = turn.owed.empty() ? 0 : turn.owed.front().stamp;
    outbox.for_each([&](Outgoing& entry) {
      const bool arrived = entry.stamp != 0 && entry.at + policy.replay.flight <= now;
      if (arrived && !detail::is_sound(entry.kind))
        turn.sure_stamp = std::max(turn.sure_stamp, entry.stamp);
    });
    answers_told.begin();
    turn.text_bytes = turn.audio_bytes = 0;
  }
  turn.called = false;
  turn.sign_stamp = outbox.last_stamp();
}

void Continuity::State::calls_came(LiveToolCalls& message, TimePoint now) {
  sign(now);
  turn.called = true;
  std::vector<FunctionResponse> answers;
  message.calls = calls.came(std::move(message.calls), active->id, answers);
  if (answers.empty()) return;
  outbox.add_first(answers_message(std::move(answers)), LiveMessageKind::answers);
  flush(now);
}

// Whether it belongs to the turn that is complete. The service had found the end of what it heard
// when it began to answer; a text may still have been on its way.
bool Continuity::State::is_answered(const Outgoing& entry) const {
  const bool heard = detail::is_sound(entry.kind) && finds_activity(setup);
  return entry.stamp <= (heard ? turn.sign_stamp : turn.sure_stamp);
}

// What the model said is said, and what was asked is answered: both belong to the history.
void Continuity::State::commit_turn(TimePoint now) {
  if (turn.phase == Phase::idle && !turn.owed.empty()) turn.sure_stamp = turn.owed.front().stamp;
  bool spoken = false;
  outbox.take_out([this](Outgoing& entry) { return is_answered(entry); },
                  [&](Outgoing& entry) {
                    spoken = spoken || detail::is_sound(entry.kind);
                    remember(entry);
                  });
  const bool asked = !turn.owed.empty() && turn.owed.front().stamp <= turn.sure_stamp;
  std::erase_if(turn.owed, [this](const auto& one) {
    return one.stamp <= (one.of_function ? turn.sign_stamp : turn.sure_stamp);
  });
  outbox.for_each([this](Outgoing& entry) {
    if (entry.stamp != 0 && entry.stamp <= turn.sign_stamp && detail::is_trigger(entry.kind))
      entry.maybe_answered = true;
  });
  if (!turn.heard.empty())
    history.add(user_content(turn.heard));
  else if (spoken && !asked)
    history.add_unknown();
  LiveToolCallsCancelled dropped;
  dropped.ids = calls.turn_done();
  auto call_words = calls.take_words();
  if (const auto said = answers_told.said() + call_words; !said.empty())
    answers_told.commit(history.add(model_content(said)), std::move(call_words));
  else if (!answers_told.drop_unheard() && turn.audio_bytes > 0)
    history.add_unknown();
  if (!dropped.ids.empty()) tell(LiveEvent(std::move(dropped)));
  answers_told.begin();
  turn.heard.clear();
  turn.speech_owed = turn.called = false;
  turn.phase = Phase::answered;
  turn.idle_since = now;
  ++counters.turns;
  if (active) active->completed_turn = true;
  handle_failures = 0;
  handle_is_fresh = false;
  handle_holds_speech = handle_holds_speech || (transparent() && !asked);
}

void Continuity::State::turn_completed(TimePoint now) {
  ledger.end_turn();
  turn.sound_sent = false;
  turn.phase = Phase::idle;
  turn.idle_since = now;
  turn.merge_at = now + policy.replay.flight;
  turn.text_bytes = turn.audio_bytes = 0;
}

// Triggers that were on their way when an answer began, and of which nothing was heard since then,
// were answered together with the one before them.
void Continuity::State::drop_merged(TimePoint now) {
  if (turn.phase != Phase::idle || turn.owed.empty() || counters.turns == 0) return;
  if (turn.idle_since + policy.replay.flight > now) return;
  std::uint64_t until = 0;
  outbox.for_each([&](Outgoing& entry) {
    if (entry.maybe_answered && entry.stamp <= turn.sign_stamp) until = entry.stamp;
  });
  const bool automatic = finds_activity(setup);
  outbox.take_out(
      [&](Outgoing& entry) {
        return entry.stamp <= until && !(automatic && detail::is_sound(entry.kind));
      },
      [this](Outgoing& entry) { remember(entry); });
  std::erase_if(turn.owed, [until](const auto& one) { return one.stamp <= until; });
}

void Continuity::State::remember(Outgoing& entry) {
  if (auto* content = std::get_if<ClientContentMessage>(&entry.message)) {
    if (content->client_content.turns)
      for (auto& one : *content->client_content.turns) history.add(one);
  } else if (auto* input = std::get_if<RealtimeInputMessage>(&entry.message)) {
    if (input->realtime_input.text) history.add(user_content(*input->realtime_input.text));
  }
}

void Continuity::State::void_answer() {
  AnswerVoided told;
  told.text_bytes = turn.text_bytes;
  told.audio_bytes = turn.audio_bytes;
  if (turn.told_anything()) tell(told);
  answers_told.begin();
  turn.text_bytes = turn.audio_bytes = 0;
}

// What the user heard of an answer, and no more of it.
void Continuity::State::heard(std::uint64_t of_turn, Duration sound) {
  if (const auto change = answers_told.heard(of_turn, sound))
    history.replace(change->entry, change->words);
  tell_cuts();
}

void Continuity::State::tell_cuts() {
  while (auto cut = answers_told.poll_cut()) tell(std::move(*cut));
}

// The service's state up to here can be gone on with. Updates without a handle, or that say that
// there is nothing to resume, leave the last one as it is.
void Continuity::State::handle_came(const LiveResumption& update, TimePoint now) {
  if (!update.resumable || update.handle.empty()) return;
  // A connection that is being opened begins with what came before.
  if (next || planned) return;
  handle = update.handle;
  handle_at = now;
  active->given_up = false;
  handle_expires.reset();
  if (update.last_consumed_message) {
    const auto last = *update.last_consumed_message;
    outbox.take_out(
        [&](Outgoing& entry) { return entry.index + policy.replay.first_index <= last; },
        [this](Outgoing& entry) { remember(entry); });
  } else {
    drop_heard(now);
    outbox.take_out(
        [&](Outgoing& entry) {
          const bool inside =
              entry.kind == LiveMessageKind::turns && entry.at + policy.replay.flight <= now;
          if (entry.kind == LiveMessageKind::turns) entry.maybe_in_handle = true;
          return inside;
        },
        [this](Outgoing& entry) { remember(entry); });
  }
  handle_is_fresh = true;
  handle_holds_speech = false;
  calls.mark();
  history.mark();
}

// Behind a turn the service listens anew: what went out well before its end was no speech, else it
// would have interrupted.
void Continuity::State::drop_heard(TimePoint now) {
  const bool behind_turn = !handle_is_fresh && turn.phase == Phase::idle &&
                           now <= turn.idle_since + policy.hand_over.handle_wait;
  if (!behind_turn || turn.user_speaks || !finds_activity(setup) || !interrupts(setup)) return;
  outbox.take_out(
      [&](Outgoing& entry) {
        return detail::is_sound(entry.kind) && entry.at + policy.replay.audio_overlap <= now;
      },
      [](Outgoing&) {});
}

}  // namespace parley::gemini
