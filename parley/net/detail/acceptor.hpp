#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/steady_timer.hpp>

#include "parley/net/detail/epoll_set.hpp"
#include "parley/net/detail/tls_session.hpp"
#include "parley/net/websocket_server.hpp"

namespace parley::net::detail {

class HandshakeItem;

// Counts the connections of each address for as long as somebody holds a ticket.
class AddressCounts {
 public:
  class Ticket {
   public:
    Ticket() = default;
    Ticket(std::shared_ptr<AddressCounts> counts, std::string address);
    Ticket(Ticket&&) = default;
    Ticket& operator=(Ticket&&) = delete;
    ~Ticket();
    bool held() const { return counts_ != nullptr; }

   private:
    std::shared_ptr<AddressCounts> counts_;
    std::string address_;
  };
  std::size_t count(const std::string& address) const;

 private:
  std::map<std::string, std::size_t> counts_;
};

// The listening socket in the epoll set, and the handshakes that are under way.
struct AcceptorState final : SocketWatcher, std::enable_shared_from_this<AcceptorState> {
  AcceptorState(Executor on, WebSocketServerOptions server_options, SocketHandler& handler);
  ~AcceptorState() override;

  Result<std::uint16_t> listen();
  void ready(std::uint32_t events) override;
  void accept_one(int socket, const std::string& address);
  void pause();  // no descriptor is left: a moment later is tried again
  void close();
  void schedule_sweep();
  void report_refusal(const std::string& address, int status, const std::string& why);

  Executor executor;
  WebSocketServerOptions options;
  EpollSet& set;
  SocketHost host;
  int socket = -1;
  bool paused = false;
  std::vector<HandshakeItem*> handshakes;
  std::shared_ptr<AddressCounts> addresses;
  boost::asio::steady_timer timer;
  boost::asio::steady_timer pause_timer;
  bool sweeping = false;
};

// A connection until it is a WebSocket, or refused. It destroys itself.
class HandshakeItem final : public SocketWatcher {
 public:
  HandshakeItem(AcceptorState& acceptor, RawSocket socket, std::string address,
                AddressCounts::Ticket ticket);

  // False: the system refuses to watch it.
  bool start();
  void ready(std::uint32_t events) override;
  void refuse(http::Response response);
  void destroy();
  TimePoint deadline() const { return deadline_; }

  std::uint32_t index = 0;  // in AcceptorState::handshakes

 private:
  void read();
  void answer(std::string_view early);
  void open(const ws::Acceptance& acceptance, std::unique_ptr<ServerSocket::Data> data,
            std::string_view early);
  int receive(MutableBytesView buffer);
  std::size_t send(std::string_view bytes);
  void unlist();

  AcceptorState& acceptor_;
  RawSocket raw_;
  std::string address_;
  AddressCounts::Ticket ticket_;
  TimePoint deadline_;
  std::unique_ptr<http::RequestParser> parser_;
  bool secured_ = false;
  bool refused_ = false;  // the answer is written; what still comes is read away
  bool gone_ = false;
};

}  // namespace parley::net::detail
