#include "parley/api/typed_session.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

#include "parley/base/text.hpp"

namespace parley::api {

namespace {

// The start of a message for people, without what looks like a credential.
std::string excerpt(const net::Message& raw) {
  if (raw.binary && !is_valid_utf8(raw.data))
    return fmt::format("{} bytes of binary data", raw.data.size());
  return redact(first_scalars(std::string_view(raw.data), 1024));
}

}  // namespace

void start(const Executor& executor, Task<Result<void>> task) {
  boost::asio::co_spawn(executor, std::move(task), boost::asio::detached);
}

Task<Executor> current_executor() {
  co_return co_await boost::asio::this_coro::executor;
}

Error undecodable(const net::Message& raw, Error why) {
  auto message =
      fmt::format("a message of the server does not fit its definition: {}", why.message());
  return Error(ErrorKind::invalid_response, std::move(message))
      .with_stage(Stage::receive)
      .with_detail("body", excerpt(raw))
      .with_cause(std::move(why));
}

Error wrong_frame(const net::Message& raw) {
  return Error(ErrorKind::protocol_violation,
               "the server sent a binary frame where its definition has text")
      .with_stage(Stage::receive)
      .with_detail("body", excerpt(raw));
}

Bytes to_bytes(std::string data) {
  const auto view = as_bytes(data);
  return Bytes(view.begin(), view.end());
}

}  // namespace parley::api
