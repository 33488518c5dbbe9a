#pragma once

#include <array>
#include <deque>
#include <string>

#include "parley/ws/connection.hpp"
#include "parley/ws/detail/frame_header.hpp"
#include "parley/ws/detail/utf8_stream.hpp"

namespace parley::ws {

// connection.cpp reads, connection_send.cpp writes and keeps time.
struct Connection::Impl {
  Impl(Role of, const Options& connection_options, Random& source, TimePoint now)
      : role(of), options(connection_options), random(source), last_received(now) {}

  // Reading.
  bool step();  // one frame, or a part of one; false: the input is used up
  bool begin_frame();
  bool refuse_header();
  void take_payload();
  void deliver_whole(MutableBytesView payload);
  void end_data_frame();
  void take_control();
  void take_close();
  void fail(std::uint16_t code, std::string_view reason);
  void finish(std::uint16_t code, std::string_view reason);
  void emit(Event::Kind kind, BytesView data, std::uint16_t code = 0);

  // Writing.
  Result<void> send(Opcode opcode, BytesView payload);
  void append_frame(Opcode opcode, BytesView payload);
  void append_close(std::uint16_t code, std::string_view reason);
  Result<void> check_open() const;
  Result<void> check_room(std::size_t size) const;
  std::size_t output_size() const { return output.size() - output_at; }

  Role role;
  Options options;
  Random& random;

  // Input: the caller's buffer, and what was left of a frame header before it.
  MutableBytesView input;
  std::array<std::byte, detail::kMaxHeader> partial{};
  std::size_t partial_size = 0;

  // The frame that is being read.
  detail::FrameHeader frame;
  bool in_frame = false;
  std::uint64_t frame_left = 0;

  // The message that is being put together.
  bool in_message = false;  // a first fragment has come
  Opcode message_opcode = Opcode::text;
  std::string message;
  detail::Utf8Stream utf8;
  std::string control;  // payload of a control frame

  std::deque<Event> events;
  std::string delivered;  // what the last message event views, where not the caller's buffer
  std::string notice;     // what the last control or close event views

  std::string output;
  std::size_t output_at = 0;
  std::size_t last_pong = std::string::npos;  // where an unsent pong stands at the end of output

  bool close_sent = false;
  bool close_received = false;
  bool ended = false;
  std::uint16_t code = 0;
  std::string reason;

  TimePoint last_received;
  std::optional<TimePoint> last_ping;
  std::optional<TimePoint> close_deadline;
};

}  // namespace parley::ws
