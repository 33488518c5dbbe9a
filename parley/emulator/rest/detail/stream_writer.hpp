#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "parley/emulator/rest/service.hpp"

namespace parley::emulator::detail {

// Makes the body of a streamed answer: events, or one JSON array.
class StreamWriter {
 public:
  StreamWriter(bool sse, std::chrono::milliseconds pace);

  // A message as compact JSON. `wait`: before it, instead of the pace.
  void add(std::string_view compact);
  void wait(std::chrono::milliseconds time);
  // Text that is no message of its own.
  void add_raw(std::string text);
  // An error, as an event (or element) or as JSON that is no event.
  void add_error(std::string document, bool as_event);
  // The next byte drops the connection.
  void cut();
  Answer finish() &&;

 private:
  void push(std::string piece);
  bool sse_;
  bool empty_ = true;  // no element yet
  std::optional<std::chrono::milliseconds> next_wait_;
  Answer answer_;
};

}  // namespace parley::emulator::detail
