#include <deque>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "parley/base/secret.hpp"
#include "parley/base/text.hpp"
#include "parley/gemini/detail/live_link.hpp"
#include "parley/generated/gemini/live.hpp"
#include "parley/json/cursor.hpp"
#include "parley/json/writer.hpp"

namespace parley::gemini::detail {

namespace asio = boost::asio;
using std::chrono::milliseconds;

namespace {

// What has come, between the one that reads ahead and the one who wants it.
struct Inbox {
  Inbox(const asio::any_io_executor& executor, std::shared_ptr<LiveSocket> of, std::size_t most)
      : socket(std::move(of)),
        limit(most),
        arrived(executor, asio::steady_timer::time_point::max()),
        room(executor, asio::steady_timer::time_point::max()) {}

  std::shared_ptr<LiveSocket> socket;
  std::size_t limit;
  asio::steady_timer arrived, room;
  std::deque<std::string> texts;
  std::size_t bytes = 0;
  bool ended = false, abandoned = false;
};

Task<void> until_cancelled(asio::steady_timer& timer) {
  boost::system::error_code ignored;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

Task<void> read_ahead(std::shared_ptr<Inbox> inbox) {
  while (!inbox->abandoned) {
    while (inbox->bytes >= inbox->limit && !inbox->abandoned) co_await until_cancelled(inbox->room);
    auto text = co_await inbox->socket->next();
    if (!text) break;
    inbox->bytes += text->size();
    inbox->texts.push_back(std::move(*text));
    inbox->arrived.cancel();
  }
  inbox->ended = true;
  inbox->arrived.cancel();
}

class DialedLink final : public LiveLink {
 public:
  explicit DialedLink(std::shared_ptr<Inbox> inbox) : inbox_(std::move(inbox)) {}
  ~DialedLink() override {
    inbox_->abandoned = true;
    inbox_->room.cancel();
    inbox_->socket->close();
  }

  Task<Result<void>> send(ClientContentMessage message) override { return send_json(message); }
  Task<Result<void>> send(RealtimeInputMessage message) override { return send_json(message); }
  Task<Result<void>> send(ToolResponseMessage message) override { return send_json(message); }
  Task<Result<void>> send(ContextUpdateMessage message) override { return send_json(message); }
  template <class Message>
  Task<Result<void>> send_json(const Message& message) {
    return send_told(inbox_->socket->send(json::encode_text(message)));
  }

  Task<Result<void>> close() override {
    inbox_->socket->close();
    co_return Result<void>();
  }
  Result<void> outcome() const override { return inbox_->socket->outcome(); }
  bool ended() const override { return inbox_->ended; }

  Task<bool> wait(milliseconds limit) override {
    const auto inbox = inbox_;
    const auto until = std::chrono::steady_clock::now() + limit;
    while (inbox->texts.empty() && !inbox->ended && std::chrono::steady_clock::now() < until) {
      inbox->arrived.expires_at(until);
      co_await until_cancelled(inbox->arrived);
    }
    inbox->arrived.expires_at(asio::steady_timer::time_point::max());
    co_return !inbox->texts.empty() || inbox->ended;
  }

  Task<std::optional<std::vector<LiveEvent>>> next() override {
    const auto inbox = inbox_;
    while (inbox->texts.empty()) {
      if (inbox->ended) co_return std::nullopt;
      co_await until_cancelled(inbox->arrived);
    }
    const auto text = std::move(inbox->texts.front());
    inbox->texts.pop_front();
    inbox->bytes -= text.size();
    inbox->room.cancel();
    auto message = json::decode_text<live::ServerMessage>(text, json::trusted_limits());
    if (!message) {
      auto events = std::vector<LiveEvent>(1, unreadable(refusal(text, message.error())));
      co_return events;
    }
    co_return std::visit([](auto& one) { return events_of(std::move(one)); },
                         static_cast<live::ServerMessage::variant&>(*message));
  }

  // The setup's answer, which next() still gives.
  Task<Result<void>> taken(milliseconds limit) {
    const auto until = std::chrono::steady_clock::now() + limit;
    std::size_t looked = 0;
    for (;;) {
      for (; looked < inbox_->texts.size(); ++looked)
        if (says_setup_complete(inbox_->texts[looked])) co_return Result<void>();
      if (inbox_->ended) co_return closed_early();
      if (std::chrono::steady_clock::now() >= until)
        co_return fail(
            Error(ErrorKind::timeout, fmt::format("no setupComplete within {} ms", limit.count()))
                .with_stage(Stage::setup));
      inbox_->arrived.expires_at(until);
      co_await until_cancelled(inbox_->arrived);
      inbox_->arrived.expires_at(asio::steady_timer::time_point::max());
    }
  }

 private:
  static Error refusal(std::string_view text, const Error& why) {
    const auto valid = to_valid_utf8(text);
    return Error(ErrorKind::invalid_response, why.message())
        .with_detail("body", redact(first_scalars(valid, 1024)));
  }
  static bool says_setup_complete(const std::string& text) {
    bool says = false;
    (void)json::inspect(text, [&says](json::Cursor root) { says = root.has("setupComplete"); });
    return says;
  }
  Result<void> closed_early() const {
    auto why = inbox_->socket->outcome();
    if (why)
      return fail(Error(ErrorKind::disconnected, "the connection ended before setupComplete")
                      .with_stage(Stage::setup));
    auto told = told_by_service(std::move(why));
    return fail(std::move(told.error()).with_stage(Stage::setup));
  }

  std::shared_ptr<Inbox> inbox_;
};

}  // namespace

Task<Result<std::unique_ptr<LiveLink>>> open_dialed_link(LiveOptions options) {
  auto socket = co_await options.dial();
  if (!socket) co_return fail(std::move(socket.error()));
  tell_state(options.on_state, LiveState::setup_pending);
  const auto executor = co_await asio::this_coro::executor;
  const auto inbox = std::make_shared<Inbox>(executor, std::move(*socket),
                                             std::max<std::size_t>(options.inbox_bytes, 1));
  auto link = std::make_unique<DialedLink>(inbox);
  SetupMessage message;
  message.setup = std::move(options.setup);
  if (auto sent = co_await link->send_json(message); !sent)
    co_return fail(std::move(sent.error()).with_stage(Stage::setup));
  asio::co_spawn(executor, read_ahead(inbox), asio::detached);
  if (auto taken = co_await link->taken(options.step_timeout); !taken)
    co_return fail(std::move(taken.error()));
  std::unique_ptr<LiveLink> opened = std::move(link);
  co_return opened;
}

}  // namespace parley::gemini::detail
