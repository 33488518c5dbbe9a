#include <algorithm>

#include <fmt/format.h>

#include "parley/emulator/live/detail/state.hpp"
#include "parley/emulator/model/offline_model.hpp"
#include "parley/emulator/model/tokens.hpp"
#include "parley/json/codec.hpp"

// Function calls of a Live session. A blocking call holds the model up until it is answered; beside
// a NON_BLOCKING one the conversation goes on, and its answer is used as its scheduling says.
namespace parley::emulator {

bool LiveSession::State::is_non_blocking(std::string_view function) const {
  const bool newest = config.model.find("gemini-3.8") != std::string::npos;
  const bool able = newest || config.model.find("gemini-2.5") != std::string::npos;
  if (!able || !config.tools) return false;  // others accept the word, and block
  for (const auto& tool : *config.tools)
    if (tool.function_declarations)
      for (const auto& declared : *tool.function_declarations)
        if (declared.name == function)
          return declared.behavior ? *declared.behavior == "NON_BLOCKING" : newest;
  return false;
}

void LiveSession::State::announce_calls(const std::vector<gemini::FunctionCall>& calls,
                                        TimePoint now) {
  gemini::ToolCallMessage message;
  auto& list = message.tool_call.function_calls.emplace();
  gemini::Content turn;
  turn.role = "model";
  auto& parts = turn.parts.emplace();
  for (auto call : calls) {
    if (!call.id) call.id = fmt::format("function-call-{}", 1000 + ++calls_made);
    (is_non_blocking(call.name) ? side_calls : pending_calls).insert(*call.id);
    parts.emplace_back().function_call = call;
    list.push_back(std::move(call));
  }
  history.push_back(std::move(turn));
  say(json::encode_text(message), now);
}

void LiveSession::State::cancel_calls(const std::vector<std::string>& ids, TimePoint now) {
  gemini::ToolCallCancellationMessage message;
  message.tool_call_cancellation.ids = ids;
  say(json::encode_text(message), now);
  for (const auto& id : ids) {
    pending_calls.erase(id);
    side_calls.erase(id);
  }
  if (pending_calls.empty()) call_results.clear();
}

void LiveSession::State::call_tools(const std::vector<gemini::FunctionCall>& calls, TimePoint now) {
  announce_calls(calls, now);
  if (!pending_calls.empty()) return;
  OfflineAnswer meanwhile;
  meanwhile.pieces = {"I am ", "looking ", "that up."};
  meanwhile.prompt_tokens = count_tokens(history);
  meanwhile.answer_tokens = 6;
  speak_turn(meanwhile, now, "");
}

void LiveSession::State::tool_response(const gemini::ToolResponse& response, TimePoint now) {
  for (const auto& one : response.function_responses) {
    const auto id = one.id.value_or("");
    if (side_calls.contains(id)) {
      if (!one.will_continue.value_or(false)) side_calls.erase(id);
      take_side_result(one, now);
      continue;
    }
    if (!pending_calls.contains(id)) continue;
    if (!one.will_continue.value_or(false)) pending_calls.erase(id);
    call_results.emplace_back().function_response = one;
  }
  if (call_results.empty() || !pending_calls.empty()) return;
  add_results(std::exchange(call_results, {}));
  answer(now);
}

void LiveSession::State::add_results(std::vector<gemini::Part> results) {
  gemini::Content turn;
  turn.role = "user";
  turn.parts = std::move(results);
  history.push_back(std::move(turn));
}

// INTERRUPT: at once; WHEN_IDLE: behind what is being said; SILENT: known, not said.
void LiveSession::State::take_side_result(const gemini::FunctionResponse& response, TimePoint now) {
  const auto scheduling = response.scheduling.value_or("WHEN_IDLE");
  std::vector<gemini::Part> results(1);
  results[0].function_response = response;
  if (scheduling == "SILENT") return add_results(std::move(results));
  const bool speaking = std::ranges::any_of(coming, &Due::of_answer);
  if (scheduling != "INTERRUPT" && (speaking || !pending_calls.empty())) {
    idle_results.push_back(std::move(results[0]));
    return;
  }
  if (speaking) interrupt(now);
  add_results(std::move(results));
  answer(now);
}

void LiveSession::State::now_idle(TimePoint now) {
  if (idle_results.empty() || !pending_calls.empty() ||
      std::ranges::any_of(coming, &Due::of_answer))
    return;
  add_results(std::exchange(idle_results, {}));
  answer(now);
}

}  // namespace parley::emulator
