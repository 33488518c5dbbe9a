#include "parley/net/detail/connect_race.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace parley::net::detail {

namespace asio = boost::asio;
using boost::system::error_code;

std::vector<asio::ip::tcp::endpoint> interleave_families(
    std::vector<asio::ip::tcp::endpoint> endpoints) {
  if (endpoints.empty()) return endpoints;
  std::vector<asio::ip::tcp::endpoint> families[2];
  const bool six_first = endpoints.front().address().is_v6();
  for (const auto& endpoint : endpoints)
    families[endpoint.address().is_v6() == six_first ? 0 : 1].push_back(endpoint);
  std::vector<asio::ip::tcp::endpoint> mixed;
  for (std::size_t i = 0; mixed.size() < endpoints.size(); ++i)
    for (const auto& family : families)
      if (i < family.size()) mixed.push_back(family[i]);
  return mixed;
}

ConnectRace::ConnectRace(Executor executor, std::vector<Endpoint> endpoints,
                         std::chrono::milliseconds attempt_delay)
    : executor_(std::move(executor)),
      endpoints_(std::move(endpoints)),
      attempt_delay_(attempt_delay),
      stagger_(executor_),
      over_(executor_, asio::steady_timer::time_point::max()),
      error_(asio::error::host_not_found) {}

std::shared_ptr<ConnectRace> ConnectRace::start(Executor executor, std::vector<Endpoint> endpoints,
                                                std::chrono::milliseconds attempt_delay) {
  std::shared_ptr<ConnectRace> race(
      new ConnectRace(std::move(executor), std::move(endpoints), attempt_delay));
  race->begin_next();
  return race;
}

void ConnectRace::begin_next() {
  const std::size_t index = sockets_.size();
  if (stopped_ || winner_ || index == endpoints_.size()) return;
  auto& socket = *sockets_.emplace_back(std::make_unique<Socket>(executor_));
  ++running_;
  socket.async_connect(endpoints_[index], [self = shared_from_this(), index](error_code code) {
    self->finished(index, code);
  });
  if (index + 1 == endpoints_.size()) return;
  stagger_.expires_after(attempt_delay_);
  stagger_.async_wait([weak = weak_from_this()](error_code code) {
    const auto self = weak.lock();
    if (!code && self) self->begin_next();
  });
}

void ConnectRace::finished(std::size_t index, const error_code& code) {
  --running_;
  if (stopped_ || winner_) return;
  if (!code) {
    winner_ = std::move(*sockets_[index]);
    return stop();
  }
  error_ = code;
  if (sockets_.size() < endpoints_.size()) return begin_next();
  if (running_ == 0) stop();
}

void ConnectRace::stop() {
  stopped_ = true;
  error_code ignored;
  for (auto& socket : sockets_) socket->close(ignored);
  stagger_.cancel();
  over_.expires_at(asio::steady_timer::time_point::min());
}

Task<void> ConnectRace::wait(std::shared_ptr<ConnectRace> race) {
  error_code ignored;
  while (!race->stopped_)
    co_await race->over_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

}  // namespace parley::net::detail
