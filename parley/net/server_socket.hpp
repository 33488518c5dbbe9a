#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "parley/base/bytes.hpp"
#include "parley/base/error.hpp"
#include "parley/ws/connection.hpp"

namespace parley::net {

// One WebSocket connection of a server, as its SocketHandler sees it. It is valid from on_open() to
// the end of on_close(), and belongs to the thread of its SocketHost. All that is sent in one turn
// of the loop goes out in one write.
class ServerSocket {
 public:
  struct Data {
    virtual ~Data() = default;
  };
  std::unique_ptr<Data> data;  // the application's own

  // Errors: invalid_state after a close began; too_large where ws::Options::max_output would be
  // passed, so that the caller decides what becomes of a reader that slow; invalid_argument.
  Result<void> send_text(std::string_view text, ws::Compress compress = ws::Compress::automatic);
  Result<void> send_binary(BytesView data, ws::Compress compress = ws::Compress::automatic);
  // A message as it was received: its text is not checked again.
  Result<void> send(const ws::Event& message, ws::Compress compress = ws::Compress::automatic);
  // A message framed and compressed once for many receivers.
  Result<void> send(const ws::PreparedMessage& message);
  Result<void> send_part(ws::MessageKind kind, BytesView part, bool last,
                         ws::Compress compress = ws::Compress::automatic);
  Result<void> ping(BytesView payload = {});

  // Begins the close handshake; on_close() follows when the peer has answered, or after
  // ws::Options::close_timeout.
  void close(std::uint16_t code = ws::close_code::normal, std::string_view reason = {});
  // Drops the connection without a handshake; on_close() follows in this turn of the loop.
  void abort();

  bool open() const;
  // Bytes that the kernel has not taken yet. While they are more than a quarter of max_output
  // nothing is read from the peer.
  std::size_t queued_bytes() const;
  std::optional<Duration> round_trip() const;
  // The peer's IP address as text.
  std::string peer_address() const;

 protected:
  ServerSocket() = default;
  ~ServerSocket() = default;
};

// What a server does with its connections. Calls come on the loop's thread, one at a time.
class SocketHandler {
 public:
  virtual ~SocketHandler() = default;
  virtual void on_open(ServerSocket&) {}
  // A text or binary message, or a part of one; views are valid during the call.
  virtual void on_message(ServerSocket&, const ws::Event& message) = 0;
  virtual void on_pong(ServerSocket&, BytesView) {}
  // All that was queued has gone out, after some of it had to wait.
  virtual void on_drained(ServerSocket&) {}
  // The end, as ws::Connection tells it: 1006 for a lost connection.
  virtual void on_close(ServerSocket&, std::uint16_t code, const std::string& reason) {
    (void)code, (void)reason;
  }
};

// Receivers of the same messages. Belongs to the thread of its members' host, and may be destroyed
// before them. A connection that ends leaves by itself.
class SocketGroup {
 public:
  struct Impl;
  SocketGroup();
  ~SocketGroup();
  SocketGroup(const SocketGroup&) = delete;
  SocketGroup& operator=(const SocketGroup&) = delete;

  // Joining twice, or leaving without having joined, changes nothing.
  void join(ServerSocket& socket);
  void leave(ServerSocket& socket);
  std::size_t size() const;

  // Sends to all members but `except`, in one write each. A member whose queue has no room is
  // closed with SlowReader::code, or misses the message, as the host's options say. Returns how
  // many got it.
  std::size_t publish(const ws::PreparedMessage& message, const ServerSocket* except = nullptr);

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace parley::net
