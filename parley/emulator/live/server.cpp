#include "parley/emulator/live/detail/server.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace parley::emulator::detail {
namespace {

// A session and its connection. One coroutine reads, another says what the session has to say.
struct Run {
  Run(net::WebSocket opened, LiveSession begun, const Executor& executor)
      : socket(std::move(opened)), session(std::move(begun)), timer(executor) {}
  net::WebSocket socket;
  LiveSession session;
  boost::asio::steady_timer timer;  // cancelled where there is something new to say
  bool done = false;
};

TimePoint now() {
  return std::chrono::steady_clock::now();
}

Task<void> say(std::shared_ptr<Run> run, bool text_frames) {
  while (!run->done) {
    while (auto output = run->session.poll()) {
      if (output->kind == LiveOutput::Kind::message) {
        net::Message message(!text_frames, std::move(output->text));
        auto sent = co_await run->socket.send(std::move(message));
        if (!sent) co_return;
      } else if (output->kind == LiveOutput::Kind::close) {
        run->socket.close(output->close_code, output->close_reason);
      } else {
        run->socket.abort();
      }
    }
    if (run->done) co_return;
    const auto next = run->session.next_timeout();
    run->timer.expires_at(next ? *next : TimePoint::max());
    co_await run->timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    if (!run->done) run->session.handle_timeout(now());
  }
}

}  // namespace

Task<void> serve_live(net::Exchange& exchange, LiveOptions options, LiveMemory& memory,
                      LiveDoor door, std::function<void(std::string_view)> remember) {
  ws::ServerPolicy policy;
  ws::Options protocol;
  protocol.max_message = 32 * 1024 * 1024;
  const bool text_frames = options.text_frames;
  auto socket = co_await exchange.upgrade(std::move(policy), protocol);
  if (!socket) co_return;
  const auto executor = co_await boost::asio::this_coro::executor;
  LiveSession session(std::move(options), memory, std::move(door), now());
  auto run = std::make_shared<Run>(std::move(*socket), std::move(session), executor);
  boost::asio::co_spawn(executor, say(run, text_frames), boost::asio::detached);
  while (auto message = co_await run->socket.next()) {
    remember(message->data);
    run->session.received(message->data, now());
    run->timer.cancel();
  }
  run->done = true;
  run->timer.cancel();
}

}  // namespace parley::emulator::detail
