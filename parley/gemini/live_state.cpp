#include "parley/gemini/detail/live_state.hpp"

#include <fmt/format.h>

#include "parley/gemini/live_models.hpp"

namespace parley::gemini {
namespace {

std::unexpected<Error> not_sent(std::string why) {
  return fail(Error(ErrorKind::invalid_argument, std::move(why)).with_stage(Stage::send));
}

auto by_id(std::string_view id) {
  return [id](const FunctionCall& call) { return call.id == id; };
}

}  // namespace

Live::State::State(const LiveOptions& options)
    : model(options.setup.model),
      on_state(options.on_state),
      automatic(finds_activity(options.setup)),
      interrupting(interrupt_way(options.setup)),
      open_calls(options.open_calls) {
  if (options.setup.tools) tools = *options.setup.tools;
}

void Live::State::note(LiveEvent& event) {
  if (auto* end = std::get_if<LiveTurnComplete>(&event))
    end->of_tool_calls = std::exchange(calls_in_turn, false);
  if (account) account->note(event);
  if (vertex && std::holds_alternative<LiveToolCalls>(event)) calls_in_turn = true;
  if (std::holds_alternative<LiveInterrupted>(event)) calls_in_turn = false;
  if (const auto* update = std::get_if<LiveResumption>(&event);
      update && update->resumable && !update->handle.empty())
    handle = update->handle;
  if (auto* away = std::get_if<LiveGoAway>(&event)) away->handle = handle;
  if (const auto* spent = std::get_if<LiveUsage>(&event)) usage += spent->usage;
  if (const auto* wanted = std::get_if<LiveToolCalls>(&event))
    for (const auto& call : wanted->calls) {
      calls_have_ids = calls_have_ids && call.id && !call.id->empty();
      open_calls.push_back(call);
    }
  if (const auto* cancelled = std::get_if<LiveToolCallsCancelled>(&event))
    for (const auto& id : cancelled->ids) {
      std::erase_if(open_calls, by_id(id));
      cancelled_calls.insert(id);
    }
}

Result<void> Live::State::may_send() const {
  if (link->ended())
    return fail(Error(ErrorKind::disconnected, "the Live session is not connected (disconnected)")
                    .with_stage(Stage::send));
  if (closing)
    return fail(Error(ErrorKind::invalid_state, "the Live session is not ready (closing)")
                    .with_stage(Stage::send));
  return {};
}

Result<void> Live::State::may_respond(const FunctionResponse& response) const {
  if (auto good = check_scheduling(model, tools, response); !good) return good;
  if (vertex && response.scheduling && !response.scheduling->empty())
    return not_sent(fmt::format(
        "Vertex AI schedules no answers of functions; that of {} must say nothing about it",
        response.name));
  if (!calls_have_ids) return {};
  const auto id = response.id.value_or("");
  if (id.empty())
    return not_sent(fmt::format("the answer of {} names no call: id is missing", response.name));
  if (cancelled_calls.contains(id))
    return not_sent(fmt::format("the call {} of {} was cancelled", id, response.name));
  if (std::ranges::none_of(open_calls, by_id(id)))
    return not_sent(fmt::format("no call {} is open", id));
  return {};
}

void Live::State::responded(const FunctionResponse& response) {
  if (response.will_continue.value_or(false)) return;
  if (response.id && !response.id->empty()) {
    std::erase_if(open_calls, by_id(*response.id));
    return;
  }
  const auto first = std::ranges::find(open_calls, response.name, &FunctionCall::name);
  if (first != open_calls.end()) open_calls.erase(first);
}

}  // namespace parley::gemini
