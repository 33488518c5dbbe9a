#include "parley/gemini/continuity/event.hpp"

#include <fmt/format.h>

namespace parley::gemini {
namespace {

constexpr std::string_view kLiveNames[] = {"text",
                                           "audio",
                                           "part",
                                           "transcript",
                                           "tool calls",
                                           "calls cancelled",
                                           "interrupted",
                                           "generation complete",
                                           "turn complete",
                                           "usage",
                                           "go away",
                                           "resumption",
                                           "voice activity",
                                           "grounding",
                                           "started",
                                           "unknown message",
                                           "unreadable message"};
static_assert(std::size(kLiveNames) == std::variant_size_v<LiveEvent>);

std::string words(const LiveEvent& event) {
  return std::string(kLiveNames[event.index()]);
}
std::string at_service(const std::string& name) {
  return name.empty() ? name : " at " + name;
}
std::string words(const ConnectionAttempt& event) {
  return fmt::format("attempt {} ({} in a row){}: {}, {}, in {} ms", event.number, event.in_a_row,
                     at_service(event.service), to_string(event.why), to_string(event.start),
                     event.delay.count());
}
std::string words(const ConnectionLost& event) {
  return fmt::format("connection lost: {}; {}{}{}", event.error.describe(), to_string(event.action),
                     event.advice.empty() ? "" : "; ", event.advice);
}
std::string words(const HandoverBegun& event) {
  return fmt::format("hand-over begun: {}{}", to_string(event.why), event.forced ? ", forced" : "");
}
std::string words(const HandoverDone& event) {
  return fmt::format("hand-over done{}: {}, {}, gap {} ms", at_service(event.service),
                     to_string(event.why), to_string(event.start), event.gap.count());
}
std::string words(const HandoverFailed& event) {
  return fmt::format("hand-over not made: {}; {}", to_string(event.why), event.error.describe());
}
std::string words(const HistorySeeded& event) {
  return fmt::format("history told: {} turns, {} forgotten, {} without text", event.turns,
                     event.forgotten, event.without_text);
}
std::string words(const MessagesReplayed& event) {
  return fmt::format("replayed: {} messages, {} doubtful, {} bytes of audio, {} dropped",
                     event.messages, event.doubtful, event.audio_bytes, event.dropped_audio);
}
std::string words(const AnswerVoided& event) {
  return fmt::format("answer begins anew: {} bytes of text and {} of audio are void",
                     event.text_bytes, event.audio_bytes);
}
std::string words(const AnswerCut& event) {
  return fmt::format("answer {} was heard for {} ms: {} of {} bytes of its text stay", event.turn,
                     event.heard.count(), event.text.size(), event.said.size());
}
std::string words(const MessagesLost& event) {
  return fmt::format("{} messages lost: {}", event.messages.size(), event.why);
}
std::string words(const SilenceNoticed& event) {
  constexpr std::string_view names[] = {"told", "nudged", "resumed"};
  return fmt::format("silence for {} ms: {}", event.since.count(),
                     names[static_cast<std::size_t>(event.then)]);
}
std::string words(const ContextNearlyFull& event) {
  return fmt::format("context: {} of {} tokens; {}", event.used, event.window, event.advice);
}
std::string words(const DeadlinePassed&) {
  return "the connection's announced end has passed";
}
std::string words(const BudgetNotice& event) {
  constexpr std::string_view names[] = {"tokens", "money", "minutes"};
  return fmt::format("budget: {:.2f} of {:.2f} {}{}{}", event.used, event.limit,
                     names[static_cast<std::size_t>(event.of)], event.reached ? ", reached" : "",
                     event.stopped ? ", stopped" : "");
}

}  // namespace

std::string_view to_string(LinkReason reason) {
  constexpr std::string_view names[] = {"first",   "loss",   "go_away", "lifetime",
                                        "overdue", "change", "silence"};
  return names[static_cast<std::size_t>(reason)];
}
std::string_view to_string(LinkStart start) {
  constexpr std::string_view names[] = {"fresh", "handle", "seeded"};
  return names[static_cast<std::size_t>(start)];
}

std::string describe(const ConversationEvent& event) {
  return std::visit([](const auto& one) { return words(one); }, event);
}

}  // namespace parley::gemini
