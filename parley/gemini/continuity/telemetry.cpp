#include "parley/gemini/continuity/telemetry.hpp"

namespace parley::gemini {
namespace {

std::string ms(std::chrono::milliseconds time) {
  return std::to_string(time.count());
}

Event error_event(std::string_view name, const Error& error) {
  Event event(name);
  event.with("kind", std::string(to_string(error.kind())));
  if (error.close_code() != 0) event.with("code", std::to_string(error.close_code()));
  return event;
}

struct Tell {
  using Told = std::optional<Event>;

  Told operator()(const LiveStarted&) const { return Event("gemini.live_ready"); }
  Told operator()(const LiveToolCalls& calls) const {
    return Event("gemini.live_tool_calls").with("calls", std::to_string(calls.calls.size()));
  }
  Told operator()(const LiveToolCallsCancelled& calls) const {
    return Event("gemini.live_tool_calls_cancelled")
        .with("calls", std::to_string(calls.ids.size()));
  }
  Told operator()(const LiveInterrupted&) const { return Event("gemini.live_interrupted"); }
  Told operator()(const LiveTurnComplete&) const { return Event("gemini.live_turn_complete"); }
  Told operator()(const LiveGoAway& away) const {
    return Event("gemini.live_go_away").with("left_ms", ms(away.left));
  }
  Told operator()(const LiveUsage& told) const {
    const auto& usage = told.usage;
    return Event("gemini.live_usage")
        .with("prompt_tokens", std::to_string(usage.prompt))
        .with("cached_tokens", std::to_string(usage.cached))
        .with("answer_tokens", std::to_string(usage.answer))
        .with("thought_tokens", std::to_string(usage.thoughts))
        .with("total_tokens", std::to_string(usage.total));
  }
  Told operator()(const LiveUnreadable&) const { return Event("gemini.live_unreadable"); }

  Told operator()(const ConnectionAttempt& attempt) const {
    return Event("gemini.live_attempt")
        .with("attempt", std::to_string(attempt.number))
        .with("why", std::string(to_string(attempt.why)))
        .with("start", std::string(to_string(attempt.start)))
        .with("service", attempt.service)
        .with("delay_ms", ms(attempt.delay));
  }
  Told operator()(const ConnectionLost& lost) const {
    return error_event("gemini.live_lost", lost.error);
  }
  Told operator()(const HandoverDone& done) const {
    return Event("gemini.live_handover")
        .with("why", std::string(to_string(done.why)))
        .with("start", std::string(to_string(done.start)))
        .with("service", done.service)
        .with("gap_ms", ms(done.gap));
  }
  Told operator()(const HandoverFailed& failed) const {
    return error_event("gemini.live_handover_failed", failed.error);
  }
  Told operator()(const MessagesReplayed& again) const {
    return Event("gemini.live_replayed").with("messages", std::to_string(again.messages));
  }
  Told operator()(const MessagesLost& lost) const {
    return Event("gemini.live_unsent").with("messages", std::to_string(lost.messages.size()));
  }
  Told operator()(const AnswerVoided&) const { return Event("gemini.live_answer_voided"); }
  Told operator()(const SilenceNoticed&) const { return Event("gemini.live_silence"); }

  Told operator()(const LiveEvent& event) const { return std::visit(*this, event); }
  template <class Other>
  Told operator()(const Other&) const {
    return std::nullopt;
  }
};

}  // namespace

std::optional<Event> telemetry_event(const ConversationEvent& event) {
  return std::visit(Tell(), event);
}

}  // namespace parley::gemini
