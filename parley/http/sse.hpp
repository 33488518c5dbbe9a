#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "parley/base/error.hpp"

namespace parley::http {

// One dispatched event of a text/event-stream (WHATWG HTML, 9.2.6).
struct SseEvent {
  SseEvent() = default;
  std::string type = "message";
  std::string data;  // the data lines, joined by LF
  std::string id;    // the last event ID at that point
};

// Decodes Server-Sent Events from text that is split anywhere, also inside a code point or between
// CR and LF. Line ends CRLF, LF and CR; a leading BOM is dropped; comments are dropped.
class SseDecoder {
 public:
  // `max_event`: bytes of one event's data; more is a too_large error.
  explicit SseDecoder(std::size_t max_event = 64 * 1024 * 1024) : max_event_(max_event) {}

  Result<void> receive(std::string_view text);
  std::optional<SseEvent> poll_event();
  // The stream ended as its transport promised: an event that lacks only its empty line is
  // dispatched (browsers drop it; services do forget the line).
  Result<void> finish();

  // Lines that are no field of the format, from the last dispatched event on, joined by LF, at most
  // 64 KiB: some services end a stream with a bare JSON document that says what went wrong.
  const std::string& foreign_text() const { return foreign_; }
  // Milliseconds of the last `retry:` field.
  std::optional<std::size_t> retry_ms() const { return retry_ms_; }

 private:
  Result<void> take_line(std::string_view line);
  void dispatch();

  std::size_t max_event_;
  std::string line_;
  bool skip_lf_ = false;
  bool at_start_ = true;
  SseEvent event_;
  bool has_data_ = false;
  std::string foreign_;
  std::optional<std::size_t> retry_ms_;
  std::deque<SseEvent> ready_;
};

// One event as its bytes: "data: …" lines and the empty line, ended by `line_end`.
std::string serialize_event(std::string_view data, std::string_view line_end = "\n");

}  // namespace parley::http
