#include "parley/emulator/live/session.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "parley/base/random.hpp"
#include "parley/base/text.hpp"
#include "parley/emulator/detail/wire.hpp"
#include "parley/emulator/live/detail/check.hpp"
#include "parley/emulator/live/detail/state.hpp"

namespace parley::emulator {

std::string LiveMemory::keep(Conversation conversation) {
  SeededRandom random(seed_ * 0x30005 + ++made_);
  std::string handle;
  for (int i = 0; i < 4; ++i) handle += fmt::format("{:016x}", random.next());
  kept_[handle] = std::move(conversation);
  return handle;
}

const LiveMemory::Conversation* LiveMemory::find(const std::string& handle, TimePoint now) {
  std::erase_if(kept_, [now](const auto& entry) { return entry.second.until <= now; });
  const auto found = kept_.find(handle);
  return found == kept_.end() ? nullptr : &found->second;
}

LiveSession::LiveSession(LiveOptions options, LiveMemory& memory, LiveDoor door, TimePoint now)
    : state_(std::make_unique<State>(std::move(options), memory, std::move(door), now)) {
  if (state_->door.refusal) state_->close(state_->door.refusal_code, *state_->door.refusal);
}
LiveSession::LiveSession(LiveSession&&) noexcept = default;
LiveSession::~LiveSession() = default;

void LiveSession::received(std::string_view text, TimePoint now) {
  if (!state_->closed) state_->received(text, now);
  state_->release(now);
}
void LiveSession::handle_timeout(TimePoint now) {
  if (!state_->closed) state_->timeout(now);
}
std::optional<TimePoint> LiveSession::next_timeout() const {
  return state_->next_timeout();
}
std::optional<LiveOutput> LiveSession::poll() {
  if (state_->outputs.empty()) return std::nullopt;
  LiveOutput output = std::move(state_->outputs.front());
  state_->outputs.pop_front();
  return output;
}

void LiveSession::State::close(std::uint16_t code, std::string reason) {
  if (std::exchange(closed, true)) return;
  coming.clear();
  LiveOutput output;
  output.kind = LiveOutput::Kind::close;
  output.close_code = code;
  // The service cuts reasons where a close frame ends, often inside a word.
  while (reason.size() > 123)
    reason.resize(first_scalars(reason, count_scalars(reason) - 1).size());
  output.close_reason = std::move(reason);
  outputs.push_back(std::move(output));
}

void LiveSession::State::say(std::string compact, TimePoint at, bool of_answer) {
  Due due;
  due.at = at;
  due.text = std::move(compact);
  due.of_answer = of_answer;
  const auto place = std::ranges::upper_bound(coming, at, {}, &Due::at);
  coming.insert(place, std::move(due));
}

void LiveSession::State::release(TimePoint now) {
  while (!closed && !coming.empty() && coming.front().at <= now) {
    if (put_off(now)) return;
    const Due due = std::move(coming.front());
    coming.pop_front();
    said += due.said;
    if (due.keeps_turn) {
      if (!said.empty()) history.push_back(gemini::model_content(std::exchange(said, {})));
      tell_handle(now);
    }
    if (due.act) {
      due.act(*this, now);
      continue;
    }
    if (!door.vertex) {
      emit(due.text);
    } else {
      for (auto& text : dialect.say(due.text))
        if (!closed) emit(std::move(text));
    }
    if (due.keeps_turn) now_idle(now);
  }
}

void LiveSession::State::timeout(TimePoint now) {
  release(now);
  if (closed) return;
  const auto end = begun + options.lifetime;
  if (!warned && now >= end - options.notice) {
    warned = true;
    const auto left = std::chrono::duration_cast<std::chrono::seconds>(end - now);
    emit(fmt::format(R"({{"goAway":{{"timeLeft":"{}s"}}}})", left.count()));
  }
  if (now >= end) close(options.end_code, options.end_reason);
}

std::optional<TimePoint> LiveSession::State::next_timeout() const {
  if (closed) return std::nullopt;
  const auto end = begun + options.lifetime;
  const auto life = warned ? end : end - options.notice;
  return coming.empty() ? life : std::min(life, coming.front().at);
}

void LiveSession::State::received(std::string_view text, TimePoint now) {
  detail::LiveInput input;
  if (const auto bad = detail::read_live_input(text, input); !bad.empty()) return close(1007, bad);
  if (input.setup.has_value() == ready)
    return close(1007, "setup must be the first message and only the first");
  if (input.setup) return setup(std::move(*input.setup), now);
  ++consumed;
  if (input.client_content) client_content(*input.client_content, now);
  if (input.realtime_input) realtime_input(*input.realtime_input, now);
  if (input.tool_response) tool_response(*input.tool_response, now);
  if (input.context_update) context_update(*input.context_update);
  consumed_one(now);
}

}  // namespace parley::emulator
