#include <fmt/format.h>

#include "parley/gemini/detail/live_state.hpp"
#include "parley/gemini/live_models.hpp"
#include "parley/json/cursor.hpp"

// The verbs of a Live session that send. What the state or the service forbids is refused first.
namespace parley::gemini {
namespace {

Task<Result<void>> refused(Error why) {
  co_return fail(std::move(why));
}

Task<Result<void>> accepted() {
  co_return Result<void>();
}

Error bad_argument(std::string why) {
  return Error(ErrorKind::invalid_argument, std::move(why)).with_stage(Stage::send);
}

Task<Result<void>> bad_state(std::string why) {
  return refused(Error(ErrorKind::invalid_state, std::move(why)).with_stage(Stage::send));
}

template <class Fill>
RealtimeInputMessage realtime(Fill fill) {
  RealtimeInputMessage message;
  fill(message.realtime_input);
  return message;
}

template <class State, class Message>
Task<Result<void>> send_paid(std::shared_ptr<State> state, Message message) {
  auto paid = co_await detail::LiveAccount::pay(state->account, detail::turn_of(message));
  if (!paid) co_return fail(std::move(paid.error()));
  auto may = state->may_send();  // it may have waited
  if (may) may = co_await state->link->send(std::move(message));
  if (!may && *paid) state->account->unsent();
  co_return may;
}
// Sends, once the turn that it begins is paid for.
template <class State, class Message>
Task<Result<void>> send_out(const std::shared_ptr<State>& state, Message message) {
  if (!state->account || detail::turn_of(message) == detail::TurnBegins::no)
    return state->link->send(std::move(message));
  return send_paid(state, std::move(message));
}

// An activity that was not sent, for a limit or the connection, has not begun.
template <class State>
Task<Result<void>> begin_activity_on(std::shared_ptr<State> state, bool interrupts) {
  state->active = true;
  state->began_to_interrupt = interrupts;
  auto message = realtime([](RealtimeInput& input) { input.activity_start.emplace(); });
  auto sent = co_await send_out(state, std::move(message));
  if (!sent) state->active = state->began_to_interrupt = false;
  co_return sent;
}

}  // namespace

Task<Result<void>> Live::say(std::string_view text) {
  switch (live_text_way(state_->model)) {
    case LiveTextWay::turn:
      return send_turn(text);
    case LiveTextWay::realtime:
      return send_text(text);
    case LiveTextWay::none:
      break;
  }
  return refused(bad_argument(fmt::format("{} takes speech, not text", state_->model)));
}

Task<Result<void>> Live::send_turns(std::vector<Content> turns, bool complete) {
  if (auto may = state_->may_send(); !may) return refused(std::move(may.error()));
  for (const auto& turn : turns)
    for (const auto& part : parts_of(turn))
      if (part.function_call || part.function_response)
        return refused(
            bad_argument("a turn of a Live session's history may hold no function call or answer; "
                         "respond() answers calls"));
  ClientContentMessage message;
  message.client_content.turns = std::move(turns);
  message.client_content.turn_complete = complete;
  return send_out(state_, std::move(message));
}

Task<Result<void>> Live::send_turn(std::string_view text) {
  std::vector<Content> turns;
  turns.push_back(user_content(text));
  return send_turns(std::move(turns), true);
}

Task<Result<void>> Live::send_text(std::string_view text) {
  if (auto may = state_->may_send(); !may) return refused(std::move(may.error()));
  return send_out(state_, realtime([&](RealtimeInput& input) { input.text = std::string(text); }));
}

Task<Result<void>> Live::send_audio(Bytes pcm, int rate) {
  if (auto may = state_->may_send(); !may) return refused(std::move(may.error()));
  if (rate <= 0 || pcm.size() % 2 != 0)
    return refused(bad_argument(
        fmt::format("audio is PCM16: whole samples and a rate above 0, not {} bytes at {} Hz",
                    pcm.size(), rate)));
  return send_out(state_, realtime([&](RealtimeInput& input) {
                    auto& blob = input.audio.emplace();
                    blob.mime_type = fmt::format("audio/pcm;rate={}", rate);
                    blob.data = std::move(pcm);
                  }));
}

Task<Result<void>> Live::send_image(Bytes image, std::string_view mime_type) {
  if (auto may = state_->may_send(); !may) return refused(std::move(may.error()));
  return send_out(state_, realtime([&](RealtimeInput& input) {
                    auto& blob = input.video.emplace();
                    blob.mime_type = std::string(mime_type);
                    blob.data = std::move(image);
                  }));
}

Task<Result<void>> Live::end_audio() {
  if (!state_->automatic)
    return bad_state("end_audio() is for automatic detection of activity, which is off");
  if (auto may = state_->may_send(); !may) return refused(std::move(may.error()));
  return send_out(state_, realtime([](RealtimeInput& input) { input.audio_stream_end = true; }));
}

Task<Result<void>> Live::begin_activity() {
  if (state_->automatic)
    return bad_state("begin_activity() needs LiveOptions::detect_activity(false)");
  if (auto may = state_->may_send(); !may) return refused(std::move(may.error()));
  if (std::exchange(state_->began_to_interrupt, false)) return accepted();
  return begin_activity_on(state_, false);
}

Task<Result<void>> Live::end_activity() {
  if (state_->automatic)
    return bad_state("end_activity() needs LiveOptions::detect_activity(false)");
  if (auto may = state_->may_send(); !may) return refused(std::move(may.error()));
  state_->active = state_->began_to_interrupt = false;
  return send_out(state_, realtime([](RealtimeInput& input) { input.activity_end.emplace(); }));
}

Task<Result<void>> Live::interrupt() {
  if (auto may = state_->may_send(); !may) return refused(std::move(may.error()));
  if (!state_->interrupting) return refused(state_->interrupting.error());
  if (*state_->interrupting == InterruptWay::turn) {
    ClientContentMessage message;
    message.client_content.turn_complete = false;
    return send_out(state_, std::move(message));
  }
  if (state_->active)
    return bad_state("an activity has begun, which has interrupted what was said before it");
  return begin_activity_on(state_, true);
}

Task<Result<void>> Live::respond(std::vector<FunctionResponse> responses) {
  if (auto may = state_->may_send(); !may) return refused(std::move(may.error()));
  if (responses.empty()) return refused(bad_argument("there is no answer to send"));
  for (const auto& response : responses)
    if (auto may = state_->may_respond(response); !may) return refused(std::move(may.error()));
  for (const auto& response : responses) state_->responded(response);
  ToolResponseMessage message;
  message.tool_response.function_responses = std::move(responses);
  return send_out(state_, std::move(message));
}

Task<Result<void>> Live::update_context(ContextUpdate update) {
  if (!takes_context_updates(state_->model))
    return refused(bad_argument(fmt::format(
        "{} takes no contextUpdate: resume the conversation with another setup", state_->model)));
  if (auto may = state_->may_send(); !may) return refused(std::move(may.error()));
  if (update.tools && update.tools->tools) state_->tools = *update.tools->tools;
  ContextUpdateMessage message;
  message.context_update = std::move(update);
  return send_out(state_, std::move(message));
}

namespace {

// Read as its type, with what the type does not know.
template <class Message, class State>
Task<Result<void>> send_as(const std::shared_ptr<State>& state, std::string_view json) {
  auto message = json::decode_text<Message>(json);
  if (!message) return refused(std::move(message.error()));
  return send_out(state, std::move(*message));
}

}  // namespace

Task<Result<void>> Live::send_message(std::string_view json) {
  if (auto may = state_->may_send(); !may) return refused(std::move(may.error()));
  std::size_t members = 0;
  std::string name;
  const auto looked = json::inspect(json, [&](json::Cursor root) {
    root.each_field([&](json::Key key, json::Cursor) {
      ++members;
      name = key;
    });
  });
  if (!looked) return refused(looked.error());
  if (members == 1 && name == "clientContent") return send_as<ClientContentMessage>(state_, json);
  if (members == 1 && name == "realtimeInput") return send_as<RealtimeInputMessage>(state_, json);
  if (members == 1 && name == "toolResponse") return send_as<ToolResponseMessage>(state_, json);
  if (members == 1 && name == "contextUpdate") return send_as<ContextUpdateMessage>(state_, json);
  return refused(bad_argument(
      "a message of a Live client has one member: clientContent, realtimeInput, toolResponse or "
      "contextUpdate"));
}

}  // namespace parley::gemini
