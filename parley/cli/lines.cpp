#include "parley/cli/lines.hpp"

#include <deque>
#include <iostream>
#include <mutex>
#include <thread>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace parley::cli {

struct LineReader::State {
  std::mutex mutex;  // guards all members
  std::deque<std::string> lines;
  bool ended = false;
  boost::asio::steady_timer* ready = nullptr;  // null: the reader, and perhaps the loop, is gone
};

namespace {

// One line, or what is there; false: the end.
bool read_some(std::string& out, std::size_t piece) {
  if (piece == 0) return static_cast<bool>(std::getline(std::cin, out));
  out.resize(piece);
  const auto size = ::read(STDIN_FILENO, out.data(), piece);
  out.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return size > 0;
}

}  // namespace

LineReader::LineReader(Executor executor) : LineReader(std::move(executor), 0) {}
LineReader::LineReader(Executor executor, std::size_t piece)
    : ready_(std::make_unique<boost::asio::steady_timer>(executor)),
      state_(std::make_shared<State>()) {
  state_->ready = ready_.get();
  std::thread([state = state_, piece] {
    for (bool more = true; more;) {
      std::string line;
      more = read_some(line, piece);
      const std::lock_guard lock(state->mutex);
      if (state->ready == nullptr) return;
      if (more)
        state->lines.push_back(std::move(line));
      else
        state->ended = true;
      boost::asio::post(state->ready->get_executor(), [state] {
        const std::lock_guard again(state->mutex);
        if (state->ready != nullptr) state->ready->cancel();
      });
    }
  }).detach();
}

LineReader::~LineReader() {
  const std::lock_guard lock(state_->mutex);
  state_->ready = nullptr;
}

Task<std::optional<std::string>> LineReader::next() {
  const auto state = state_;
  for (;;) {
    {
      const std::lock_guard lock(state->mutex);
      if (!state->lines.empty()) {
        std::string line = std::move(state->lines.front());
        state->lines.pop_front();
        co_return line;
      }
      if (state->ended) co_return std::nullopt;
    }
    ready_->expires_at(boost::asio::steady_timer::time_point::max());
    boost::system::error_code ignored;
    co_await ready_->async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
  }
}

bool LineReader::input_is_terminal() {
  return isatty(STDIN_FILENO) == 1;
}

}  // namespace parley::cli
