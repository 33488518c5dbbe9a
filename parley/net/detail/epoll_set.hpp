#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <sys/epoll.h>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include "parley/base/time.hpp"
#include "parley/net/task.hpp"

namespace parley::net::detail {

class EpollSet;

// What waits for a socket. Called on the io_context's thread.
class SocketWatcher {
 public:
  virtual ~SocketWatcher() = default;
  virtual void ready(std::uint32_t events) = 0;
  // Asked for by EpollSet::flush_later(): once, after all that is ready now was served.
  virtual void flush() {}

 private:
  friend class EpollSet;
  bool flush_due_ = false;
};

// The sockets of a server in an epoll set of their own, level-triggered, whose descriptor the
// io_context waits for: one wake-up of Asio serves all that are ready. One for each io_context,
// which one thread runs.
class EpollSet final : public boost::asio::execution_context::service {
 public:
  using key_type = EpollSet;
  static boost::asio::execution_context::id id;
  explicit EpollSet(boost::asio::execution_context& context);
  ~EpollSet() override;
  static EpollSet& of(const Executor& executor);

  // False: the system refuses (no memory, limit of watches).
  bool add(int socket, std::uint32_t events, SocketWatcher& item);
  void change(int socket, std::uint32_t events, SocketWatcher& item);
  // The events of `from` go to `to` from now on.
  void take_over(int socket, std::uint32_t events, SocketWatcher& from, SocketWatcher& to);
  // The item gets no more calls.
  void remove(int socket, SocketWatcher& item);
  // The same, and closes the socket, which must have no other descriptor.
  void close(int socket, SocketWatcher& item);
  void flush_later(SocketWatcher& item);
  // Destroys it when no call can be inside it any more; it must have been removed.
  void bury(std::unique_ptr<SocketWatcher> item);

  // The time at which this wake-up began.
  TimePoint now() const;

 private:
  void shutdown() override;
  void forget(SocketWatcher& item);
  void wait();
  void serve();
  void finish_turn();
  void finish_turn_later();

  boost::asio::io_context& loop_;
  int epoll_ = -1;
  boost::asio::posix::stream_descriptor descriptor_;
  std::size_t items_ = 0;
  bool waiting_ = false;
  bool serving_ = false;
  bool turn_posted_ = false;
  TimePoint now_{};
  std::array<epoll_event, 512> ready_{};
  std::size_t ready_count_ = 0;
  std::vector<SocketWatcher*> to_flush_;
  std::vector<std::unique_ptr<SocketWatcher>> buried_;
};

}  // namespace parley::net::detail
