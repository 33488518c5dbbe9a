#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "parley/emulator/live/session.hpp"
#include "parley/emulator/record/recording.hpp"
#include "parley/emulator/rest/service.hpp"

namespace parley::emulator {

// Answers from recordings, without I/O. A call is answered by the first recorded one of its method,
// path and body (JSON is compared as JSON) that was not played yet, and by the last one of them
// again and again; a Live session by the next one of its path. Not thread-safe.
class Player {
 public:
  // `in_time`: pieces and messages come as far apart as they were recorded; else at once.
  Player(std::vector<RecordedExchange> exchanges, bool in_time);

  // An answer 404 with what was recorded, where nothing fits.
  Answer answer(const http::Request& request);
  // What the service said in the session, each message when the client has said as much as it had
  // before it. Null where no session of that path was recorded; one without a path is of each.
  std::unique_ptr<LiveVoice> session(const std::string& target, TimePoint now);

 private:
  struct Entry {
    explicit Entry(RecordedExchange of) : exchange(std::move(of)) {}
    RecordedExchange exchange;
    bool played = false;
  };
  std::vector<Entry> entries_;
  bool in_time_;
};

}  // namespace parley::emulator
