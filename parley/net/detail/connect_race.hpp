#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "parley/net/task.hpp"

namespace parley::net::detail {

// The first address's family first, then both in turns (RFC 8305, 4).
std::vector<boost::asio::ip::tcp::endpoint> interleave_families(
    std::vector<boost::asio::ip::tcp::endpoint> endpoints);

// Connects to several addresses, each a little after the one before it or as soon as that has
// failed; the first connection wins and the others are dropped (RFC 8305, 5).
class ConnectRace : public std::enable_shared_from_this<ConnectRace> {
 public:
  using Endpoint = boost::asio::ip::tcp::endpoint;
  using Socket = boost::asio::ip::tcp::socket;

  static std::shared_ptr<ConnectRace> start(Executor executor, std::vector<Endpoint> endpoints,
                                            std::chrono::milliseconds attempt_delay);
  // Until there is a winner, or no hope.
  static Task<void> wait(std::shared_ptr<ConnectRace> race);
  void stop();

  std::optional<Socket>& winner() { return winner_; }
  // Why the last address failed.
  const boost::system::error_code& error() const { return error_; }
  const Executor& executor() const { return executor_; }

 private:
  ConnectRace(Executor executor, std::vector<Endpoint> endpoints,
              std::chrono::milliseconds attempt_delay);
  void begin_next();
  void finished(std::size_t index, const boost::system::error_code& code);

  Executor executor_;
  std::vector<Endpoint> endpoints_;
  std::chrono::milliseconds attempt_delay_;
  std::vector<std::unique_ptr<Socket>> sockets_;
  std::size_t running_ = 0;
  bool stopped_ = false;
  boost::asio::steady_timer stagger_;
  boost::asio::steady_timer over_;
  std::optional<Socket> winner_;
  boost::system::error_code error_;
};

// Stops the race when the waiting coroutine is left, however.
class RaceGuard {
 public:
  explicit RaceGuard(std::shared_ptr<ConnectRace> race) : race_(std::move(race)) {}
  RaceGuard(const RaceGuard&) = delete;
  RaceGuard& operator=(const RaceGuard&) = delete;
  ~RaceGuard() { race_->stop(); }

 private:
  std::shared_ptr<ConnectRace> race_;
};

}  // namespace parley::net::detail
