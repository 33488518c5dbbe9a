#include <algorithm>
#include <charconv>

#include "parley/emulator/live/detail/state.hpp"
#include "parley/emulator/model/tokens.hpp"

// What a session remembers for later connections, and how much the model can hold.
namespace parley::emulator {
namespace {

int number_of(const std::optional<json::Decimal>& text, int otherwise) {
  int out = otherwise;
  if (text) std::from_chars(text->text.data(), text->text.data() + text->text.size(), out);
  return out;
}

}  // namespace

bool LiveSession::State::transparent() const {
  return config.session_resumption && config.session_resumption->transparent.value_or(false);
}

// It is answering, or waits for answers of functions: there is nothing to resume.
bool LiveSession::State::is_busy() const {
  return seeding || !pending_calls.empty() || std::ranges::any_of(coming, &Due::of_answer);
}

void LiveSession::State::tell_busy(TimePoint now) {
  if (config.session_resumption && !is_busy())
    say(R"({"sessionResumptionUpdate":{"resumable":false}})", now);
}

// A message of the client has been taken in.
void LiveSession::State::consumed_one(TimePoint now) {
  if (closed || !transparent() || is_busy()) return;
  if (consumed - told_consumed >= options.handle_every) tell_handle(now);
}

// The oldest turns go where the setup says so; what is left begins with the user. False: the
// session was closed, as the context is full.
bool LiveSession::State::fit_context() {
  const auto& compression = config.context_window_compression;
  int tokens = count_tokens(history);
  if (!compression) {
    if (tokens <= options.context_tokens) return true;
    close(1007, "Request contains an invalid argument.");
    return false;
  }
  const int trigger = number_of(compression->trigger_tokens, options.context_tokens / 10 * 8);
  if (tokens <= trigger) return true;
  const auto& window = compression->sliding_window;
  const int target = number_of(window ? window->target_tokens : std::nullopt, trigger / 2);
  const auto goes = [this, target, &tokens] {
    return history.size() > 1 && (tokens > target || history.front().role != "user");
  };
  while (goes()) {
    history.erase(history.begin());
    tokens = count_tokens(history);
  }
  return true;
}

}  // namespace parley::emulator
