#include "parley/emulator/live/detail/server.hpp"

#include <algorithm>
#include <functional>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "parley/emulator/live/detail/faulty_transport.hpp"

namespace parley::emulator::detail {
namespace {

// A session and its connection. One coroutine reads, another says what the session has to say.
struct Run {
  Run(net::WebSocket opened, std::shared_ptr<FaultyTransport> over,
      std::unique_ptr<LiveVoice> begun, std::shared_ptr<ServerClock> on)
      : socket(std::move(opened)),
        transport(std::move(over)),
        session(std::move(begun)),
        clock(std::move(on)),
        alarm(clock) {}
  net::WebSocket socket;
  std::shared_ptr<FaultyTransport> transport;
  std::unique_ptr<LiveVoice> session;
  std::shared_ptr<ServerClock> clock;
  ServerClock::Alarm alarm;  // rung where there is something new to say
  bool done = false;
};

Task<Result<void>> send_fragments(net::WebSocket& socket, bool text, std::string data,
                                  std::size_t size) {
  const auto kind = text ? ws::MessageKind::text : ws::MessageKind::binary;
  for (std::size_t at = 0; at < data.size(); at += size) {
    const auto piece = as_bytes(data).subspan(at, std::min(size, data.size() - at));
    Bytes part(piece.begin(), piece.end());
    auto sent = co_await socket.send_part(kind, std::move(part), at + size >= data.size());
    if (!sent) co_return sent;
  }
  co_return Result<void>();
}

Task<Result<void>> send(std::shared_ptr<Run> run, LiveOutput output, bool text_frames) {
  const bool text = text_frames != output.flipped;
  if (output.behind_reserved) run->transport->inject(std::string("\x83\x00", 2));
  if (output.drip > 0) run->transport->drip(output.drip, output.pause);
  if (output.cut_at) run->transport->cut_after(run->socket.queued_bytes() + *output.cut_at);
  if (output.fragment > 0)
    co_return co_await send_fragments(run->socket, text, std::move(output.text), output.fragment);
  net::Message message(!text, std::move(output.text));
  co_return co_await run->socket.send(std::move(message));
}

Task<void> say(std::shared_ptr<Run> run, bool text_frames) {
  while (!run->done) {
    while (auto output = run->session->poll()) {
      if (output->kind == LiveOutput::Kind::message) {
        LiveOutput message = std::move(*output);
        auto sent = co_await send(run, std::move(message), text_frames);
        if (!sent) {
          run->socket.close(1011, "the emulator cannot send its message");
          co_return;
        }
      } else {
        run->socket.close(output->close_code, output->close_reason);
      }
    }
    if (run->done) co_return;
    const auto next = run->session->next_timeout();
    co_await run->alarm.wait_until(next);
    if (!run->done) run->session->handle_timeout(run->clock->now());
  }
}

std::shared_ptr<net::Transport> make_faulty(std::shared_ptr<FaultyTransport>& out,
                                            std::shared_ptr<net::Transport> inner) {
  out = std::make_shared<FaultyTransport>(std::move(inner));
  return out;
}

}  // namespace

Task<void> serve_live(net::Exchange& exchange, std::unique_ptr<LiveVoice> session, bool text_frames,
                      std::shared_ptr<ServerClock> clock,
                      std::function<void(std::string_view)> remember) {
  ws::ServerPolicy policy;
  ws::Options protocol;
  protocol.max_message = 32 * 1024 * 1024;
  protocol.max_output = 512 * 1024 * 1024;  // a fault's huge message, of any size that it may have
  std::shared_ptr<FaultyTransport> transport;
  net::TransportWrap wrap = std::bind_front(make_faulty, std::ref(transport));
  auto socket = co_await exchange.upgrade(std::move(policy), protocol, std::move(wrap));
  if (!socket) co_return;
  const auto executor = co_await boost::asio::this_coro::executor;
  auto run = std::make_shared<Run>(std::move(*socket), transport, std::move(session), clock);
  boost::asio::co_spawn(executor, say(run, text_frames), boost::asio::detached);
  while (auto message = co_await run->socket.next()) {
    remember(message->data);
    run->session->received(message->data, clock->now());
    run->alarm.ring();
  }
  run->done = true;
  run->alarm.ring();
}

}  // namespace parley::emulator::detail
