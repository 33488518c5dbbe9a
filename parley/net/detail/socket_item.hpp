#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/steady_timer.hpp>

#include "parley/net/detail/epoll_set.hpp"
#include "parley/net/detail/tls_session.hpp"
#include "parley/net/socket_host.hpp"

namespace parley::net::detail {

class SocketItem;

struct HostState : std::enable_shared_from_this<HostState> {
  HostState(Executor on, const SocketHostOptions& host_options, SocketHandler& by);

  // Makes sure that timeouts are looked at then.
  void schedule(TimePoint at);
  void sweep();
  void remove(SocketItem& item);

  Executor executor;
  SocketHostOptions options;
  SocketHandler& handler;
  EpollSet& set;
  ws::Context context;
  std::vector<SocketItem*> sockets;
  boost::asio::steady_timer timer;
  TimePoint next_sweep = TimePoint::max();
  boost::asio::steady_timer all_gone;  // cancelled when the last connection ends
};

// A connection in the epoll set. It destroys itself.
class SocketItem final : public SocketWatcher, public ServerSocket {
 public:
  SocketItem(HostState& host, RawSocket socket, const ws::Agreement& agreement);
  ~SocketItem() override;

  void open(std::string_view early);
  void ready(std::uint32_t events) override;
  void flush() override;

  // After a command: writes at the end of this turn, or at once where much waits.
  void sent();
  void handle_timeout(TimePoint now);
  TimePoint next_timeout() const;
  // Closes the socket and leaves the host; the memory goes at the end of this turn.
  void destroy();
  void abort();

  // What most connections do not have.
  struct Extras {
    std::vector<std::pair<void*, std::uint32_t>> groups;  // group, index in it
    std::shared_ptr<void> held;
  };
  Extras& extras() {
    if (!extras_) extras_ = std::make_unique<Extras>();
    return *extras_;
  }
  Extras* extras_or_null() { return extras_.get(); }

  HostState& host() { return *host_; }
  int socket() const { return socket_; }

  ws::Connection connection;
  std::uint32_t index = 0;  // in HostState::sockets

 private:
  enum class State : std::uint8_t { open, ended, lingering, gone };

  void serve(std::uint32_t events);
  void read();
  int receive(MutableBytesView buffer);  // bytes; 0: the end; -1: nothing now; -2: broken
  void deliver();
  bool write_some();  // false: the connection is broken
  void leave();
  void watch();

  HostState* host_;
  std::unique_ptr<TlsSession> tls_;
  std::unique_ptr<Extras> extras_;
  int socket_;
  TimePoint linger_until_ = TimePoint::max();
  State state_ = State::open;
  bool blocked_ = false;  // output waits for the socket
  bool in_turn_ = false;  // ready() is running
  bool paused_ = false;   // nothing is read until output has gone
  std::uint8_t watched_ = EPOLLIN;
};

}  // namespace parley::net::detail
