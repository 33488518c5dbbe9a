#include "parley/net/socket_host.hpp"

#include <algorithm>
#include <fcntl.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "parley/net/detail/group_access.hpp"
#include "parley/net/detail/socket_item.hpp"
#include "parley/net/system.hpp"

namespace parley::net {
namespace detail {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {
constexpr auto kTimersAtOnce = std::chrono::milliseconds(50);
}

HostState::HostState(Executor on, const SocketHostOptions& host_options, SocketHandler& by)
    : executor(std::move(on)),
      options(host_options),
      handler(by),
      set(EpollSet::of(executor)),
      context(options.protocol, system_random()),
      timer(executor),
      all_gone(executor, asio::steady_timer::time_point::max()) {}

void HostState::schedule(TimePoint at) {
  if (at >= next_sweep) return;
  next_sweep = at;
  timer.expires_at(at);
  timer.async_wait([weak = weak_from_this()](const error_code& error) {
    const auto self = weak.lock();
    if (error || !self) return;
    self->next_sweep = TimePoint::max();
    self->sweep();
  });
}

// Deadlines move later with each byte; only here is looked what has become of them.
void HostState::sweep() {
  const TimePoint now = std::chrono::steady_clock::now();
  TimePoint next = TimePoint::max();
  for (std::size_t i = sockets.size(); i-- > 0;) {  // removal puts the last into the gap
    if (i >= sockets.size()) continue;
    SocketItem* item = sockets[i];
    if (item->next_timeout() <= now) item->handle_timeout(now);
    if (i < sockets.size() && sockets[i] == item) next = std::min(next, item->next_timeout());
  }
  if (next != TimePoint::max()) schedule(std::max(next, now + kTimersAtOnce));
}

void HostState::remove(SocketItem& item) {
  SocketItem* last = sockets.back();
  sockets[item.index] = last;
  last->index = item.index;
  sockets.pop_back();
  set.bury(std::unique_ptr<SocketWatcher>(&item));
  if (sockets.empty()) all_gone.cancel();
}

}  // namespace detail

SocketHost::SocketHost(Executor executor, const SocketHostOptions& options, SocketHandler& handler)
    : state_(std::make_shared<detail::HostState>(std::move(executor), options, handler)) {}

SocketHost::~SocketHost() {
  for (auto* item : state_->sockets) {
    detail::GroupAccess::leave_all(*item);
    state_->set.remove(item->socket(), *item);
    delete item;
  }
  state_->sockets.clear();
  state_->all_gone.cancel();
}

bool SocketHost::adopt(detail::RawSocket socket, const ws::Agreement& agreement,
                       std::unique_ptr<ServerSocket::Data> data, std::string_view early,
                       std::shared_ptr<void> held, detail::SocketWatcher* watched_by) {
  auto& state = *state_;
  auto made = std::make_unique<detail::SocketItem>(state, std::move(socket), agreement);
  auto& item = *made;
  item.data = std::move(data);
  if (held) item.extras().held = std::move(held);
  if (watched_by)
    state.set.take_over(item.socket(), EPOLLIN, *watched_by, item);
  else if (!state.set.add(item.socket(), EPOLLIN, item))
    return false;
  item.index = static_cast<std::uint32_t>(state.sockets.size());
  state.sockets.push_back(made.release());
  if (const auto next = item.next_timeout(); next != TimePoint::max()) state.schedule(next);
  item.open(early);
  return true;
}

std::size_t SocketHost::size() const {
  return state_->sockets.size();
}

std::size_t SocketHost::publish(const ws::PreparedMessage& message) {
  std::size_t count = 0;
  for (auto* item : state_->sockets) count += detail::publish_to(*item, message) ? 1 : 0;
  return count;
}

Task<void> SocketHost::drain(std::uint16_t code, std::string reason,
                             std::chrono::milliseconds grace) {
  namespace asio = boost::asio;
  const auto state = state_;
  for (auto* item : state->sockets) item->close(code, reason);
  boost::system::error_code ignored;
  if (!state->sockets.empty()) {
    state->all_gone.expires_after(grace);
    co_await state->all_gone.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  while (!state->sockets.empty()) state->sockets.back()->abort();
}

}  // namespace parley::net
