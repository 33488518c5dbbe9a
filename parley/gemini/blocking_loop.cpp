#include "parley/gemini/blocking_loop.hpp"

#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

namespace parley::gemini::blocking {

struct Loop::State {
  State() : work(boost::asio::make_work_guard(context)), thread([this] { context.run(); }) {}
  ~State() {
    work.reset();
    context.stop();
    thread.join();
  }
  boost::asio::io_context context{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work;
  std::thread thread;
};

Loop::Loop() : state_(std::make_unique<State>()) {}
Loop::~Loop() = default;

Executor Loop::executor() {
  return state_->context.get_executor();
}

void Loop::forbid_own_thread() const {
  if (std::this_thread::get_id() == state_->thread.get_id())
    throw std::logic_error("a blocking call from a callback would wait for itself");
}

void Loop::call(const std::function<void()>& function) {
  if (std::this_thread::get_id() == state_->thread.get_id()) return function();
  std::promise<void> done;
  boost::asio::post(state_->context, [&] {
    try {
      function();
      done.set_value();
    } catch (...) {
      done.set_exception(std::current_exception());
    }
  });
  done.get_future().get();
}

}  // namespace parley::gemini::blocking
