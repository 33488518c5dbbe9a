#include "parley/net/detail/epoll_set.hpp"

#include <algorithm>
#include <unistd.h>

#include <boost/asio/post.hpp>

namespace parley::net::detail {

namespace asio = boost::asio;

namespace {
constexpr int kRoundsInARow = 4;  // then Asio's timers and other sockets have their turn
}

asio::execution_context::id EpollSet::id;

EpollSet::EpollSet(asio::execution_context& context)
    : service(context),
      loop_(static_cast<asio::io_context&>(context)),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      descriptor_(loop_, epoll_) {}

EpollSet::~EpollSet() = default;

EpollSet& EpollSet::of(const Executor& executor) {
  return asio::use_service<EpollSet>(executor.context());
}

// The io_context goes: what is pending must not touch its services any more.
void EpollSet::shutdown() {
  to_flush_.clear();
  buried_.clear();
  boost::system::error_code ignored;
  descriptor_.close(ignored);
  epoll_ = -1;
}

bool EpollSet::add(int socket, std::uint32_t events, SocketWatcher& item) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &item;
  if (epoll_ < 0 || ::epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event) != 0) return false;
  ++items_;
  wait();
  return true;
}

void EpollSet::change(int socket, std::uint32_t events, SocketWatcher& item) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &item;
  if (epoll_ >= 0) ::epoll_ctl(epoll_, EPOLL_CTL_MOD, socket, &event);
}

void EpollSet::take_over(int socket, std::uint32_t events, SocketWatcher& from, SocketWatcher& to) {
  change(socket, events, to);
  forget(from);
  ++items_;
}

void EpollSet::remove(int socket, SocketWatcher& item) {
  if (epoll_ < 0) return;
  ::epoll_ctl(epoll_, EPOLL_CTL_DEL, socket, nullptr);
  forget(item);
}

void EpollSet::close(int socket, SocketWatcher& item) {
  ::close(socket);
  if (epoll_ >= 0) forget(item);
}

void EpollSet::forget(SocketWatcher& item) {
  --items_;
  for (std::size_t i = 0; i < ready_count_; ++i)
    if (ready_[i].data.ptr == &item) ready_[i].data.ptr = nullptr;
  if (item.flush_due_) std::erase(to_flush_, &item);
  item.flush_due_ = false;
  // A loop with nothing left to wait for may end.
  boost::system::error_code ignored;
  if (items_ == 0 && waiting_) descriptor_.cancel(ignored);
}

void EpollSet::flush_later(SocketWatcher& item) {
  if (std::exchange(item.flush_due_, true)) return;
  to_flush_.push_back(&item);
  if (!serving_) finish_turn_later();
}

void EpollSet::bury(std::unique_ptr<SocketWatcher> item) {
  buried_.push_back(std::move(item));
  if (!serving_) finish_turn_later();
}

TimePoint EpollSet::now() const {
  return serving_ ? now_ : std::chrono::steady_clock::now();
}

void EpollSet::wait() {
  if (waiting_ || serving_ || items_ == 0) return;
  waiting_ = true;
  descriptor_.async_wait(asio::posix::descriptor_base::wait_read,
                         [this](const boost::system::error_code& error) {
                           if (error && epoll_ < 0) return;
                           waiting_ = false;
                           if (!error) serve();
                           wait();
                         });
}

void EpollSet::serve() {
  serving_ = true;
  for (int round = 0; round < kRoundsInARow && epoll_ >= 0; ++round) {
    now_ = std::chrono::steady_clock::now();
    const int count = ::epoll_wait(epoll_, ready_.data(), static_cast<int>(ready_.size()), 0);
    if (count <= 0) break;
    ready_count_ = static_cast<std::size_t>(count);
    for (std::size_t i = 0; i < ready_count_; ++i)
      if (auto* item = static_cast<SocketWatcher*>(ready_[i].data.ptr))
        item->ready(ready_[i].events);
    ready_count_ = 0;
    finish_turn();
  }
  finish_turn();
  serving_ = false;
}

void EpollSet::finish_turn() {
  for (std::size_t i = 0; i < to_flush_.size(); ++i) {  // flush() may add more
    SocketWatcher* item = to_flush_[i];
    item->flush_due_ = false;
    item->flush();
  }
  to_flush_.clear();
  buried_.clear();
}

void EpollSet::finish_turn_later() {
  if (std::exchange(turn_posted_, true)) return;
  asio::post(loop_, [this] {
    turn_posted_ = false;
    if (epoll_ < 0) return;
    serving_ = true;
    now_ = std::chrono::steady_clock::now();
    finish_turn();
    serving_ = false;
    wait();
  });
}

}  // namespace parley::net::detail
