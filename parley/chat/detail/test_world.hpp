#pragma once

// For tests only: a hub with a clock, a log that commits when told, and clients that remember.

#include <deque>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "parley/chat/hub.hpp"
#include "parley/json/value.hpp"

namespace parley::chat::testing {

using Frames = std::vector<json::Object>;

inline std::string type_of(const json::Object& frame) {
  return std::string(frame.at("type").as_string());
}
inline std::string text_of(const json::Object& frame, std::string_view key) {
  const auto* value = frame.if_contains(key);
  return value && value->is_string() ? std::string(value->as_string()) : "";
}
inline std::int64_t number_of(const json::Object& frame, std::string_view key) {
  const auto* value = frame.if_contains(key);
  return value && value->is_int64() ? value->as_int64() : -1;
}

class World {
 public:
  explicit World(HubOptions options = HubOptions()) : hub(std::move(options), random, now) {}

  void connect(const std::string& id, bool compat = false) {
    ConnectionInfo info;
    info.id = id;
    info.address = "192.0.2.1";
    info.compat_v1 = compat;
    hub.connected(info, now);
    settle();
  }
  void say(const std::string& id, std::string_view frame) {
    hub.received_text(id, frame, now);
    settle();
  }
  // A connection that is in a new session; returns the session's id.
  std::string start(const std::string& id) {
    connect(id);
    say(id, R"({"type":"create_session"})");
    return text_of(last(id, "session_created"), "session_id");
  }
  void join(const std::string& id, const std::string& session) {
    say(id, R"({"type":"join_session","session_id":")" + session + "\"}");
  }
  void chat(const std::string& id, const std::string& text) {
    say(id, R"({"type":"chat","message":")" + text + "\"}");
  }
  void advance(Duration duration) {
    now.mono += duration;
    now.wall += std::chrono::duration_cast<std::chrono::milliseconds>(duration);
    hub.handle_timeout(now);
    settle();
  }
  // Commits up to `count` waiting transactions.
  void commit(std::size_t count = 1, const Result<void>& result = {}) {
    for (; count > 0 && !log.empty(); --count) {
      const auto ticket = log.front().ticket;
      log.pop_front();
      hub.committed(ticket, result, now);
      settle();
    }
  }
  void model_says(std::string_view text, bool last = false) {
    hub.generation_text(running().generation_id, text, last, now);
    settle();
  }
  void model_ends() {
    hub.generation_done(running().generation_id, now);
    settle();
  }
  void model_fails(const Error& error) {
    hub.generation_failed(running().generation_id, error, now);
    settle();
  }
  const StartGeneration& running() const { return started.back(); }

  // Carries effects out; with `hold` the log waits for commit().
  void settle() {
    while (auto effect = hub.poll_effect()) {
      if (auto* send = std::get_if<Send>(&*effect)) {
        const auto frame = json::parse(*send->frame);
        ASSERT_TRUE(frame) << *send->frame;
        for (const auto& to : send->connections) seen[to].push_back(frame->as_object());
      } else if (auto* append = std::get_if<Append>(&*effect)) {
        if (hold) {
          log.push_back(*append);
        } else {
          transactions.push_back(append->transaction);
          hub.committed(append->ticket, {}, now);
        }
      } else if (auto* begin = std::get_if<StartGeneration>(&*effect)) {
        started.push_back(*begin);
      } else if (auto* cancel = std::get_if<CancelGeneration>(&*effect)) {
        cancelled.push_back(cancel->generation_id);
      } else if (auto* close = std::get_if<Close>(&*effect)) {
        closed[close->connection] = close->code;
      } else if (auto* reply = std::get_if<Reply>(&*effect)) {
        replies.insert_or_assign(reply->token, reply->result);
      } else if (auto* notice = std::get_if<Notice>(&*effect)) {
        notices.push_back(notice->event);
      }
    }
  }

  std::vector<std::string> types(const std::string& id) const {
    std::vector<std::string> all;
    for (const auto& frame : seen.at(id))
      all.push_back(type_of(frame) == "session_update" ? text_of(frame, "update_type")
                                                       : type_of(frame));
    return all;
  }
  json::Object last(const std::string& id, std::string_view type) const {
    const auto found = seen.find(id);
    if (found != seen.end())
      for (auto frame = found->second.rbegin(); frame != found->second.rend(); ++frame)
        if (type_of(*frame) == type || text_of(*frame, "update_type") == type) return *frame;
    return {};
  }
  std::size_t count(const std::string& id, std::string_view type) const {
    std::size_t all = 0;
    if (const auto found = seen.find(id); found != seen.end())
      for (const auto& frame : found->second)
        all += type_of(frame) == type || text_of(frame, "update_type") == type;
    return all;
  }
  std::string answer_seen(const std::string& id) const {
    std::string text;
    for (const auto& frame : seen.at(id))
      if (type_of(frame) == "chunk") text += text_of(frame, "text");
    return text;
  }
  void forget() {
    for (auto& [id, frames] : seen) frames.clear();
  }

  SeededRandom random{7};
  Now now{TimePoint(std::chrono::hours(1)), WallTime(std::chrono::milliseconds(1'790'000'000'000))};
  Hub hub;
  bool hold = false;
  std::map<std::string, Frames> seen;
  std::vector<Event> notices;
  std::deque<Append> log;
  std::vector<Transaction> transactions;
  std::vector<StartGeneration> started;
  std::vector<std::string> cancelled;
  std::map<std::string, std::uint16_t> closed;
  std::map<std::uint64_t, Result<std::string>> replies;
};

}  // namespace parley::chat::testing
