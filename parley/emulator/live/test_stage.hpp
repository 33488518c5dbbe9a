#pragma once

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "parley/emulator/live/session.hpp"

namespace parley::emulator::testing {

// A session on a clock that moves only when it is told to.
struct Stage {
  explicit Stage(LiveOptions live_options = LiveOptions(), LiveDoor door = LiveDoor())
      : options(std::move(live_options)), session(options, memory, std::move(door), now) {}

  void say(std::string_view text) {
    session.received(text, now);
    take();
  }
  void setup(std::string_view model, std::string_view more = "") {
    say(R"({"setup":{"model":"models/)" + std::string(model) + '"' + std::string(more) + "}}");
  }
  // Goes on until nothing more is due within that time.
  void pass(std::chrono::milliseconds time) {
    const auto end = now + time;
    while (const auto next = session.next_timeout()) {
      if (*next > end) break;
      now = std::max(now, *next);
      session.handle_timeout(now);
      take();
    }
    now = end;
  }
  void take() {
    while (auto output = session.poll()) {
      if (output->kind == LiveOutput::Kind::close) {
        ended = std::to_string(output->close_code) + " " + output->close_reason;
      } else if (output->cut_at) {
        ended = "cut";
      } else {
        messages.push_back(output->text);
        times.push_back(now);
      }
    }
  }
  std::size_t count(std::string_view word) const {
    return static_cast<std::size_t>(std::ranges::count_if(messages, [word](const auto& message) {
      return message.find('"' + std::string(word) + '"') != std::string::npos;
    }));
  }
  // Where the first message with that word stands.
  std::size_t at(std::string_view word) const {
    for (std::size_t i = 0; i < messages.size(); ++i)
      if (messages[i].find('"' + std::string(word) + '"') != std::string::npos) return i;
    return messages.size();
  }

  TimePoint now{};
  LiveOptions options;
  LiveMemory memory{1};
  LiveSession session;
  std::vector<std::string> messages;
  std::vector<TimePoint> times;
  std::string ended;
};

// A turn of the user, as a client sends it.
inline std::string turn(std::string_view text) {
  return R"({"clientContent":{"turns":[{"role":"user","parts":[{"text":")" + std::string(text) +
         R"("}]}],"turnComplete":true}})";
}

}  // namespace parley::emulator::testing
