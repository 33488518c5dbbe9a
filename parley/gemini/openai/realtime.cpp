#include "parley/gemini/openai/realtime.hpp"

#include <deque>
#include <memory>
#include <optional>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "parley/api/google_tokens.hpp"
#include "parley/gemini/detail/foreign_service.hpp"
#include "parley/gemini/openai/realtime_talk.hpp"
#include "parley/gemini/status.hpp"
#include "parley/net/system.hpp"

namespace parley::gemini {

namespace asio = boost::asio;

namespace {

constexpr std::size_t kMostWaiting = 64;  // messages that nobody has taken: then nothing is read

// The connection, the words, and a clock for them. One coroutine reads ahead.
struct RealtimeSession {
  RealtimeSession(net::WebSocket opened, std::string transcriber, const Executor& executor)
      : socket(std::move(opened)),
        talk(std::move(transcriber)),
        arrived(executor, TimePoint::max()),
        room(executor, TimePoint::max()) {}

  net::WebSocket socket;
  RealtimeTalk talk;
  asio::steady_timer arrived, room;
  std::deque<std::string> waiting;
  std::optional<Error> failure;
  bool ended = false, abandoned = false;

  void collect() {
    while (auto message = talk.poll_message()) waiting.push_back(std::move(*message));
    arrived.cancel();
  }
  void fail_with(Error error) {
    if (!failure) failure = std::move(error);
    socket.close();
  }
};
using SessionPtr = std::shared_ptr<RealtimeSession>;

Task<void> until_cancelled(asio::steady_timer& timer) {
  boost::system::error_code ignored;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

void post_events(RealtimeSession& session) {
  while (auto event = session.talk.poll_event())
    if (auto posted = session.socket.post_text(*event); !posted)
      return session.fail_with(std::move(posted.error()));
}

Task<void> read_realtime(SessionPtr session) {
  const net::SystemClock clock;
  while (auto message = co_await session->socket.next()) {
    auto heard = session->talk.heard(message->data, clock.now(), clock.wall_now());
    if (!heard) session->fail_with(std::move(heard.error()));
    post_events(*session);
    session->collect();
    while (session->waiting.size() >= kMostWaiting && !session->abandoned) {
      session->room.expires_at(TimePoint::max());
      co_await until_cancelled(session->room);
    }
  }
  session->ended = true;
  session->arrived.cancel();
}

class RealtimeSocket final : public LiveSocket {
 public:
  explicit RealtimeSocket(SessionPtr session) : session_(std::move(session)) {}
  ~RealtimeSocket() override {
    session_->abandoned = true;
    session_->room.cancel();
    session_->socket.close();
  }

  Task<Result<void>> send(std::string text) override {
    const auto session = session_;
    auto said = session->talk.said(text, net::now());
    if (!said) co_return fail(std::move(said.error()));
    session->collect();
    while (auto event = session->talk.poll_event()) {
      auto sent = co_await session->socket.send_text(std::move(*event));
      if (!sent) co_return fail(std::move(sent.error()));
    }
    co_return Result<void>();
  }

  Task<std::optional<std::string>> next() override {
    const auto session = session_;
    while (session->waiting.empty()) {
      if (session->ended) co_return std::nullopt;
      session->arrived.expires_at(session->talk.next_timeout().value_or(TimePoint::max()));
      co_await until_cancelled(session->arrived);
      session->talk.handle_timeout(net::now());
      while (auto message = session->talk.poll_message())
        session->waiting.push_back(std::move(*message));
    }
    std::string out = std::move(session->waiting.front());
    session->waiting.pop_front();
    session->room.cancel();
    co_return out;
  }

  Result<void> outcome() const override {
    if (session_->failure) return fail(Error(*session_->failure));
    return session_->socket.outcome();
  }
  void close() override {
    session_->abandoned = true;
    session_->room.cancel();
    session_->socket.close();
  }

 private:
  SessionPtr session_;
};

struct RealtimePlace {
  RealtimePlace(http::Url where, net::ConnectOptions how, std::string writes)
      : url(std::move(where)), connect(std::move(how)), transcriber(std::move(writes)) {}
  http::Url url;
  net::ConnectOptions connect;
  std::string transcriber;
};

// A refused upgrade is a refusal of the service: its kind follows from its status.
Error refusal_of(Error error) {
  if (error.kind() != ErrorKind::upgrade_refused) return error;
  error = told_by_refusal(std::move(error), net::SystemClock().wall_now());
  const auto kind = detail::kind_of_status(error.http_status());
  auto told = Error(kind, "the service refused the connection").with_stage(Stage::upgrade);
  if (const auto delay = error.retry_after()) told = std::move(told).with_retry_after(*delay);
  return std::move(told).with_http_status(error.http_status()).with_cause(std::move(error));
}

Task<Result<std::shared_ptr<LiveSocket>>> dial_realtime(std::shared_ptr<const RealtimePlace> to) {
  net::ConnectOptions connect(to->connect);
  auto socket = co_await net::connect_websocket(to->url, std::move(connect));
  if (!socket) co_return fail(refusal_of(std::move(socket.error())));
  const auto executor = co_await asio::this_coro::executor;
  auto session = std::make_shared<RealtimeSession>(std::move(*socket), to->transcriber, executor);
  asio::co_spawn(executor, read_realtime(session), asio::detached);
  std::shared_ptr<LiveSocket> out = std::make_shared<RealtimeSocket>(std::move(session));
  co_return out;
}

std::string as_socket_url(std::string url) {
  if (url.starts_with("http")) url.replace(0, 4, "ws");
  while (url.ends_with('/')) url.pop_back();
  return url;
}

}  // namespace

Result<LiveOptions> openai_live(OpenAiLiveOptions options) {
  if (options.model.empty()) return fail(ErrorKind::invalid_argument, "no model is named");
  auto url = http::parse_url(as_socket_url(options.base_url) +
                             "/realtime?model=" + http::percent_encode(options.model));
  if (!url) return fail(std::move(url.error()));
  if (url->scheme != "ws" && url->scheme != "wss")
    return fail(ErrorKind::invalid_argument, "the base URL must be ws, wss, http or https");
  if (options.key.empty())
    if (const auto found = api::process_environment()("OPENAI_API_KEY"))
      options.key = Secret(*found);
  if (options.key.empty())
    return fail(ErrorKind::missing_credentials,
                "no key for OpenAI's Realtime API: set OPENAI_API_KEY, or give one");
  const bool here = url->host == "localhost" || url->host == "127.0.0.1" || url->host == "::1";
  if (!url->secure() && !here)
    return fail(ErrorKind::invalid_argument,
                fmt::format("a key does not go to {} without TLS: use wss", url->host));
  auto connect = std::move(options.connect);
  connect.offer.headers.set("Authorization", "Bearer " + options.key.reveal());
  const auto place = std::make_shared<const RealtimePlace>(std::move(*url), std::move(connect),
                                                           std::move(options.transcriber));
  LiveOptions live(options.model);
  live.dial = [place] { return dial_realtime(place); };
  return live;
}

}  // namespace parley::gemini
