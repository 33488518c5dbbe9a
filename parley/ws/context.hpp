#pragma once

#include <cstddef>
#include <memory>

#include "parley/base/random.hpp"
#include "parley/base/time.hpp"

namespace parley::ws {

struct Options {
  Options() = default;

  // Bytes of one whole message, after decompression; more is answered with close 1009.
  std::size_t max_message = 16 * 1024 * 1024;
  // Frames of one message; more are answered with close 1009.
  std::size_t max_fragments = 65'536;
  // Bytes waiting in poll_output(); a send that would pass it fails with too_large and sends
  // nothing.
  std::size_t max_output = 4 * 1024 * 1024;
  // Payload bytes of one frame at most: longer messages go out in several; 0: never split.
  std::size_t fragment_size = 0;
  // Messages are given in parts as their bytes come (Event::first, Event::last), and are never held
  // whole; max_message still counts.
  bool stream_messages = false;

  // A ping goes out when nothing was received for that long; zero: never.
  Duration ping_interval = Duration::zero();
  // No byte for that long after a ping: the connection is dropped as dead (1006); zero: never. The
  // limit grows with the measured round trip, to four times its smoothed value and deviation, and
  // to max_pong_timeout at most.
  Duration pong_timeout = Duration::zero();
  Duration max_pong_timeout = std::chrono::seconds(60);
  // No byte for that long: the connection is dropped as dead (1006); zero: never.
  Duration idle_timeout = Duration::zero();
  // How long to wait for the peer's half of the close handshake.
  Duration close_timeout = std::chrono::seconds(5);
};

// What the connections of one thread share: options, randomness, and spare memory, so that an idle
// connection owns none. Not thread-safe.
class Context {
 public:
  // `random` makes the masking keys of clients and must outlive the context; servers do not use it.
  // It must be unpredictable on a public network (RFC 6455, 10.3).
  Context(const Options& options, Random& random);
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  const Options& options() const { return options_; }
  Random& random() const { return random_; }

  struct Spare;
  Spare& spare() { return *spare_; }  // for Connection

 private:
  Options options_;
  Random& random_;
  std::unique_ptr<Spare> spare_;
};

}  // namespace parley::ws
