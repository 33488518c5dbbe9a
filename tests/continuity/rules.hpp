#pragma once

// The rules alone: what connections tell is made up, what is wanted is collected.

#include <memory>
#include <string>
#include <vector>

#include "parley/gemini/continuity/continuity.hpp"
#include "parley/gemini/live.hpp"

namespace parley::testing {

using std::chrono::milliseconds;

struct Rules {
  explicit Rules(gemini::ContinuityPolicy policy,
                 gemini::Setup setup = gemini::LiveOptions("gemini-live-2.5-flash-preview").setup)
      : core(std::move(setup), std::move(policy), random) {
    core.start(now);
    drain();
  }

  void drain() {
    while (auto effect = core.poll_effect()) {
      if (const auto* open = std::get_if<gemini::OpenLink>(&*effect)) opens.push_back(*open);
      if (const auto* send = std::get_if<gemini::SendOnLink>(&*effect)) {
        sends.push_back(*send);
        core.written(send->link, send->stamp, now);
      }
      if (const auto* close = std::get_if<gemini::CloseLink>(&*effect))
        closes.push_back(close->link);
    }
    while (auto event = core.poll_event()) {
      log.push_back(gemini::describe(*event));
      events.push_back(std::move(*event));
    }
  }

  // The connection that was asked for last is set up.
  void open() {
    core.opened(opens.back().link, now);
    drain();
  }
  void refuse(Error why) {
    core.failed(opens.back().link, std::move(why), now);
    drain();
  }
  void hear(gemini::LiveEvent event) {
    core.received(opens.back().link, std::move(event), now);
    drain();
  }
  void end(Result<void> outcome) {
    core.ended(opens.back().link, std::move(outcome), now);
    drain();
  }
  void lose(std::uint16_t code, std::string_view reason = {}) {
    end(fail(code == 1006 ? Error(ErrorKind::disconnected, "cut").with_close(1006, "")
                          : gemini::live_error(code, reason)));
  }
  // As time goes by; timers are served.
  void pass(milliseconds time) {
    const auto until = now + time;
    for (auto next = core.next_timeout(); next && *next <= until; next = core.next_timeout()) {
      now = std::max(now, *next);
      core.handle_timeout(now);
      drain();
    }
    now = until;
  }
  void send(gemini::LiveMessage message) {
    last_sent = core.send(std::move(message), now);
    drain();
  }
  void say(std::string_view text) {
    std::vector<gemini::Content> turns(1, gemini::user_content(text));
    send(gemini::turns_message(std::move(turns), true));
  }
  void give_handle(std::string handle) {
    gemini::LiveResumption update;
    update.handle = std::move(handle);
    update.resumable = true;
    hear(std::move(update));
  }
  void answer(std::string text) {
    gemini::LiveText one;
    one.text = std::move(text);
    hear(std::move(one));
    hear(gemini::LiveGenerationComplete());
    hear(gemini::LiveTurnComplete());
  }

  template <class Event>
  std::vector<Event> told() const {
    std::vector<Event> out;
    for (const auto& event : events)
      if (const auto* one = std::get_if<Event>(&event)) out.push_back(*one);
    return out;
  }
  std::string handle_of_last() const {
    const auto& resumption = opens.back().setup.session_resumption;
    return resumption ? resumption->handle.value_or("") : "no resumption";
  }

  SeededRandom random{1};
  TimePoint now{std::chrono::hours(1)};
  gemini::Continuity core;
  std::vector<gemini::OpenLink> opens;
  std::vector<gemini::SendOnLink> sends;
  std::vector<gemini::LinkId> closes;
  std::vector<gemini::ConversationEvent> events;
  std::vector<std::string> log;
  Result<void> last_sent;
};

}  // namespace parley::testing
