#include <algorithm>

#include "parley/gemini/continuity/detail/state.hpp"
#include "parley/gemini/live_models.hpp"

// What the program sends.
namespace parley::gemini {

namespace {

std::unexpected<Error> refuse(ErrorKind kind, std::string why) {
  return fail(Error(kind, std::move(why)).with_stage(Stage::send));
}

bool holds_calls(const LiveMessage& message) {
  const auto* content = std::get_if<ClientContentMessage>(&message);
  if (content == nullptr || !content->client_content.turns) return false;
  for (const auto& turn : *content->client_content.turns)
    for (const auto& part : parts_of(turn))
      if (part.function_call || part.function_response) return true;
  return false;
}

bool all_silent(const LiveMessage& message) {
  const auto& responses = std::get<ToolResponseMessage>(message).tool_response.function_responses;
  return std::ranges::all_of(
      responses, [](const auto& one) { return one.scheduling.value_or("") == "SILENT"; });
}

}  // namespace

Result<void> Continuity::State::check(const LiveMessage& message, LiveMessageKind kind) const {
  using enum LiveMessageKind;
  if (over || closing)
    return refuse(ErrorKind::invalid_state,
                  over ? "the conversation has ended" : "the conversation is being closed");
  const bool automatic = finds_activity(setup);
  if ((kind == activity_start || kind == activity_end) && automatic)
    return refuse(ErrorKind::invalid_state,
                  "marks of activity need automatic detection to be off (detect_activity(false))");
  if (kind == audio_end && !automatic)
    return refuse(ErrorKind::invalid_state,
                  "the end of audio is for automatic detection of activity, which is off");
  if (holds_calls(message))
    return refuse(ErrorKind::invalid_argument,
                  "a turn of a Live session's history may hold no function call or answer");
  if (kind == context && !takes_context_updates(setup.model))
    return refuse(ErrorKind::invalid_argument,
                  setup.model + " takes no context update; change() does it by a hand-over");
  return {};
}

// False: nothing of it goes out for the time being.
Result<bool> Continuity::State::take_answers(ToolResponseMessage& message) {
  MessagesLost late;
  std::vector<FunctionResponse> dropped;
  auto& responses = message.tool_response.function_responses;
  for (const auto& response : responses)
    if (setup.tools)
      if (auto good = check_scheduling(setup.model, *setup.tools, response); !good)
        return fail(std::move(good.error()));
  if (auto taken = calls.answer(responses, active.has_value(), dropped); !taken)
    return fail(std::move(taken.error()));
  if (!dropped.empty()) {
    late.why = "nobody waits for these answers any more";
    late.messages.push_back(answers_message(std::move(dropped)));
    tell(std::move(late));
  }
  return !responses.empty();
}

// False: the activity that it begins has been begun by interrupt().
bool Continuity::State::mark_activity(LiveMessageKind kind) {
  using enum LiveMessageKind;
  if (kind == activity_end) activity_open = began_to_interrupt = false;
  if (kind != activity_start) return true;
  activity_open = true;
  return !std::exchange(began_to_interrupt, false);
}

// Nothing is being said, asked or heard that could be interrupted.
bool Continuity::State::is_silent() const {
  return turn.phase == Phase::idle && !turn.is_owed() && !turn.called && !turn.sound_sent &&
         outbox.unsent_bytes() == 0;
}

Result<void> Continuity::State::interrupt(TimePoint now) {
  const auto way = interrupt_way(setup);
  if (!way) return fail(way.error());
  const bool marks = *way == InterruptWay::activity;
  auto message = marks ? activity_message(true) : turns_message({}, false);
  if (auto good = check(message, kind_of(message)); !good) return good;
  if (marks && activity_open)
    return refuse(ErrorKind::invalid_state,
                  "an activity has begun, which has interrupted what was said before it");
  if (is_silent()) return {};
  auto sent = send(std::move(message), now);
  began_to_interrupt = sent && marks;
  return sent;
}

Result<void> Continuity::State::send(LiveMessage message, TimePoint now) {
  const auto kind = kind_of(message);
  if (auto good = check(message, kind); !good) return good;
  if (!mark_activity(kind)) return {};
  if (auto* answers = std::get_if<ToolResponseMessage>(&message)) {
    auto some = take_answers(*answers);
    if (!some) return fail(std::move(some.error()));
    if (!*some) return {};
    outbox.add_first(std::move(message), kind);
    flush(now);
    return {};
  }
  if (const auto* update = std::get_if<ContextUpdateMessage>(&message)) {
    const auto& change = update->context_update;
    for (auto* one : {&setup, &own}) {
      if (change.system_instruction) one->system_instruction = change.system_instruction;
      if (change.tools) one->tools = change.tools->tools;
    }
  }
  const bool may_drop = detail::is_media(kind) && !active;
  if (auto taken = outbox.add(std::move(message), kind, may_drop); !taken) return taken;
  counters.dropped_audio = outbox.dropped_audio_total();
  flush(now);
  return {};
}

void Continuity::State::note_handed_out(const detail::Outgoing& entry, TimePoint now) {
  using enum LiveMessageKind;
  if (entry.kind == activity_start) turn.user_speaks = true;
  if (entry.kind == activity_end) turn.user_speaks = false;
  if (detail::is_sound(entry.kind)) turn.sound_sent = true;
  if (!detail::is_trigger(entry.kind)) return;
  const bool of_function = entry.kind == answers;
  // A silent answer is not followed by anything.
  if (of_function && all_silent(entry.message)) {
    turn.called = false;
    return;
  }
  turn.owed.push_back({entry.stamp, now, of_function});
  last_message = now;
  nudges = 0;
}

}  // namespace parley::gemini
