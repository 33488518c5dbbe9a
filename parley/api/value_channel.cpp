#include "parley/api/value_channel.hpp"

#include <deque>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "parley/json/value.hpp"
#include "parley/net/system.hpp"

namespace parley::api {

namespace asio = boost::asio;

namespace {

std::size_t size_of(const Bytes& bytes) {
  return bytes.size();
}

}  // namespace

struct ValueChannel::State : std::enable_shared_from_this<State> {
  State(net::WebSocket opened, ChannelOptions channel_options)
      : socket(std::move(opened)),
        options(std::move(channel_options)),
        batcher(options.batching.value_or(BatchOptions())) {}

  // Several senders at once: each batch goes out behind the one before it.
  static Task<Result<void>> write(std::shared_ptr<State> self, std::vector<json::Value> values);
  static Task<Result<void>> write_payload(std::shared_ptr<State> self, Bytes payload);
  static Task<void> flush_in_time(std::shared_ptr<State> self);
  bool take(const net::Message& message);
  void refuse(Error error, std::uint16_t code);

  net::WebSocket socket;
  ChannelOptions options;
  Batcher<json::Value> batcher;
  std::unique_ptr<asio::steady_timer> clock;  // of the batch that waits; made with the first one
  bool clock_runs = false, dropped = false;
  std::deque<json::Value> inbox;
  std::optional<Error> failure, send_failure;
  std::uint64_t batches = 0, values = 0;
};

ValueChannel::ValueChannel(net::WebSocket socket, ChannelOptions options)
    : state_(std::make_shared<State>(std::move(socket), std::move(options))) {}
ValueChannel::ValueChannel(ValueChannel&&) noexcept = default;
ValueChannel& ValueChannel::operator=(ValueChannel&&) noexcept = default;
ValueChannel::~ValueChannel() {
  if (!state_) return;
  state_->dropped = true;
  if (state_->clock) state_->clock->cancel();
  state_->socket.abort();
}

void ValueChannel::State::refuse(Error error, std::uint16_t code) {
  socket.close(code, error.message().substr(0, 100));
  failure = std::move(error).with_stage(Stage::receive).with_close(code, "");
}

bool ValueChannel::State::take(const net::Message& message) {
  if (message.binary != json::is_binary(options.codec)) {
    refuse(Error(ErrorKind::invalid_response,
                 fmt::format("a {} message came, where {} is spoken",
                             message.binary ? "binary" : "text", json::to_string(options.codec))),
           ws::close_code::unsupported_data);
    return false;
  }
  auto value = json::decode_payload(options.codec, as_bytes(message.data), options.limits);
  if (!value) {
    refuse(Error(ErrorKind::invalid_response,
                 fmt::format("a message is no {}", json::to_string(options.codec)))
               .with_cause(std::move(value.error())),
           ws::close_code::invalid_payload);
    return false;
  }
  if (options.unbatch && value->is_array())
    for (auto& element : value->get_array()) inbox.push_back(std::move(element));
  else
    inbox.push_back(std::move(*value));
  return true;
}

Task<std::optional<json::Value>> ValueChannel::next() {
  const auto state = state_;
  while (state->inbox.empty()) {
    if (state->failure) co_return std::nullopt;
    const auto message = co_await state->socket.next();
    if (!message || !state->take(*message)) co_return std::nullopt;
  }
  std::optional<json::Value> value(std::move(state->inbox.front()));
  state->inbox.pop_front();
  co_return value;
}

Result<void> ValueChannel::outcome() const {
  if (state_->failure) return fail(*state_->failure);
  return state_->socket.outcome();
}

Task<Result<void>> ValueChannel::State::write_payload(std::shared_ptr<State> self, Bytes payload) {
  Result<void> sent;
  if (json::is_binary(self->options.codec)) {
    sent = co_await self->socket.send_binary(std::move(payload));
  } else {
    std::string text(as_text(payload));
    sent = co_await self->socket.send_text(std::move(text));
  }
  if (!sent && !self->send_failure) self->send_failure = sent.error();
  co_return sent;
}

Task<Result<void>> ValueChannel::State::write(std::shared_ptr<State> self,
                                              std::vector<json::Value> values) {
  if (values.empty()) co_return Result<void>();
  ++self->batches;
  self->values += values.size();
  json::Array array(std::make_move_iterator(values.begin()), std::make_move_iterator(values.end()));
  const json::Value batch(std::move(array));
  auto payload = json::encode_payload(self->options.codec, batch);
  co_return co_await write_payload(self, std::move(payload));
}

Task<void> ValueChannel::State::flush_in_time(std::shared_ptr<State> self) {
  while (!self->dropped) {
    const auto due = self->batcher.next_timeout();
    if (!due) break;
    boost::system::error_code ignored;
    self->clock->expires_at(*due);
    co_await self->clock->async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    auto values = self->batcher.handle_timeout(net::now());
    (void)co_await write(self, std::move(values));
  }
  self->clock_runs = false;
}

Task<Result<void>> ValueChannel::send(json::Value value) {
  const auto state = state_;
  if (state->send_failure) co_return fail(*state->send_failure);
  if (!state->socket.open())
    co_return fail(ErrorKind::invalid_state, "the WebSocket is closing or closed");
  auto payload = json::encode_payload(state->options.codec, value);
  if (!state->options.batching) {
    ++state->values;
    co_return co_await State::write_payload(state, std::move(payload));
  }
  auto full = state->batcher.add(std::move(value), size_of(payload), net::now());
  for (auto& batch : full) {
    auto sent = co_await State::write(state, std::move(batch));
    if (!sent) co_return sent;
  }
  if (state->batcher.waiting() == 0 || std::exchange(state->clock_runs, true))
    co_return Result<void>();
  const auto executor = co_await asio::this_coro::executor;
  if (!state->clock) state->clock = std::make_unique<asio::steady_timer>(executor);
  asio::co_spawn(executor, State::flush_in_time(state), asio::detached);
  co_return Result<void>();
}

Task<Result<void>> ValueChannel::flush() {
  const auto state = state_;
  if (state->send_failure) co_return fail(*state->send_failure);
  auto values = state->batcher.take();
  co_return co_await State::write(state, std::move(values));
}

Task<Result<void>> ValueChannel::close() {
  const auto state = state_;
  auto sent = co_await flush();
  state->socket.close();
  co_return sent;
}

std::uint64_t ValueChannel::batches() const {
  return state_->batches;
}
std::uint64_t ValueChannel::values() const {
  return state_->values;
}
net::WebSocket& ValueChannel::socket() {
  return state_->socket;
}

}  // namespace parley::api
