#pragma once

#include <array>
#include <memory>
#include <string>

#include "parley/ws/connection.hpp"
#include "parley/ws/detail/frame_header.hpp"
#include "parley/ws/detail/spare.hpp"
#include "parley/ws/detail/utf8_stream.hpp"

namespace parley::ws {

// What an idle connection holds; the rest is made when it is needed. connection.cpp reads frames,
// connection_message.cpp puts messages together, connection_send.cpp writes, connection_time.cpp
// keeps time.
struct Connection::Impl {
  // The frame and the message that are being read.
  struct Reading {
    std::array<std::byte, detail::kMaxHeader> partial{};
    std::size_t partial_size = 0;
    detail::FrameHeader frame;
    bool in_frame = false;
    std::uint64_t frame_left = 0;

    bool in_message = false;  // a first fragment has come
    bool compressed = false;
    bool first = true;       // no part was delivered yet
    bool delivered = false;  // an event views `message`
    Opcode opcode = Opcode::text;
    std::size_t fragments = 0;
    std::size_t size = 0;         // bytes of the message so far, decompressed
    std::uint64_t wire_size = 0;  // and as they came
    std::string message;
    detail::Utf8Stream utf8;
    std::string control;  // payload of a control frame
    std::unique_ptr<detail::Inflater> inflater;

    bool idle() const { return !in_frame && partial_size == 0 && !in_message && !delivered; }
  };
  // A message that is being sent in parts.
  struct Sending {
    Opcode opcode = Opcode::text;
    bool first = true;
    bool compressed = false;
    detail::Utf8Stream utf8;
    std::unique_ptr<detail::Deflater> deflater;
  };
  struct Compression {
    DeflateAgreement agreement;
    // Kept from message to message where the context is taken over.
    std::unique_ptr<detail::Deflater> deflater;
    std::unique_ptr<detail::Inflater> inflater;
  };
  struct Ending {
    std::uint16_t code = 0;
    std::string reason;
    Stage timed_out = Stage::none;
    bool closing_due = false;  // events that were not polled yet
    bool closed_due = false;
  };
  struct Probe {
    TimePoint sent;
    bool waiting = false;
    std::uint32_t number = 0;
    bool measured = false;
    Duration smoothed{};
    Duration deviation{};
  };
  // What few connections have.
  struct Rare {
    std::unique_ptr<Context> own_context;
    std::unique_ptr<Sending> sending;
    std::unique_ptr<Probe> probe;
  };
  enum class Step { starved, more, event };

  Impl(Role of, Context& shared, const Agreement& agreement, TimePoint now);
  ~Impl();

  const Options& options() const { return context->options(); }
  Reading& reader();

  // Reading.
  Step step(Event& out);
  Step begin_frame(Event& out);
  std::string_view mistake_in(const detail::FrameHeader& frame) const;
  Step take_whole(const detail::FrameHeader& frame, Event& out);
  Step take_payload(Event& out);
  Step take_control(Opcode opcode, BytesView payload, Event& out);
  Step take_close(BytesView payload);
  bool begin_message(const detail::FrameHeader& frame);
  Step take_data(BytesView piece, Event& out);
  detail::Inflater::Outcome inflate_piece(BytesView piece, bool last);
  bool check_limits(const detail::FrameHeader& frame);
  Step deliver(BytesView data, bool last, Event& out);
  void release_delivered();
  void take_pong(BytesView payload);
  Step fail(std::uint16_t code, std::string_view reason);
  void finish(std::uint16_t code, std::string_view reason);
  void time_out(Stage stage, std::string_view reason);

  // Writing.
  Result<void> send(Opcode opcode, BytesView payload, Compress compress);
  bool wants_compression(std::size_t size, Compress compress) const;
  std::unique_ptr<detail::Deflater> borrow_deflater();
  void return_deflater(std::unique_ptr<detail::Deflater> deflater);
  bool out_takeover() const;
  int out_bits() const;
  void append_message(Opcode opcode, BytesView payload, bool compressed);
  void append_frame(const detail::FrameHeader& how, BytesView payload);
  void append_control(Opcode opcode, BytesView payload);
  void append_pong(BytesView payload);
  void append_close(std::uint16_t code, std::string_view reason);
  Result<void> check_open() const;
  Result<void> check_between_messages() const;
  Result<void> check_room(std::size_t size) const;
  std::size_t framed_size(std::size_t size) const;
  Output& out();
  std::size_t output_size() const { return output ? output->bytes.size() - output->at : 0; }

  // Time.
  Duration pong_limit() const;
  TimePoint ping_due() const;

  Sending* sending() const { return rare ? rare->sending.get() : nullptr; }
  Probe* probe() const { return rare ? rare->probe.get() : nullptr; }
  Rare& rarely();

  Context* context;
  MutableBytesView input;  // the caller's buffer
  std::unique_ptr<Reading> reading;
  std::unique_ptr<Compression> compression;
  std::unique_ptr<Ending> ending;  // once a close began
  std::unique_ptr<Rare> rare;
  std::unique_ptr<Output> output;  // while something waits to be written

  TimePoint last_received;
  TimePoint last_ping = TimePoint::min();
  TimePoint close_deadline = TimePoint::max();

  Role role;
  bool close_sent = false;
  bool ended = false;
};

}  // namespace parley::ws
