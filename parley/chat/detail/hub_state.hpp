#pragma once

#include <algorithm>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "parley/chat/hub.hpp"

namespace parley::chat {

struct Hub::Member {
  ConnectionInfo info;
  std::string session;  // the current one; empty: none
  bool typing = false;
  bool typing_shown = false;  // the others were told
  std::optional<TimePoint> typing_until;
  std::optional<TimePoint> last_typing_relay;
  std::string compat_generation;  // the answer that `compat` cuts
  CompatChunks compat;
};

struct Hub::Room {
  Session session;       // as committed
  bool durable = false;  // its own row is committed
  bool deleting = false;
  std::vector<std::string> members;
  std::deque<std::shared_ptr<Generation>> queue;  // committed questions that wait
  std::shared_ptr<Generation> running;
  std::size_t pending = 0;  // questions whose commit is under way
};

struct Hub::Generation {
  std::string id;
  std::string session;
  std::string model;
  std::string asker;  // connection
  Message question;
  std::string answer_id;
  TimePoint asked{};  // commit of the question
  std::optional<TimePoint> first_text;
  std::string text;   // all that the model gave
  std::string shown;  // what members have seen: committed
  std::string held;   // text that came with the finish reason and is not committed yet
  int chunks = 0;     // shown
  bool lost = false;  // a piece was not committed; nothing after it is shown before the end
  bool ending = false;
  bool over = false;  // cancelled or ended: nothing more of it is shown
  bool queued_notice = false;
};

}  // namespace parley::chat
