#include <fmt/format.h>

#include "parley/base/event_scope.hpp"
#include "parley/http/parser.hpp"
#include "parley/net/detail/deadline.hpp"
#include "parley/net/system.hpp"
#include "parley/net/websocket.hpp"

namespace parley::net {
namespace {

constexpr std::size_t kRefusalBody = 4096;  // bytes of a refusal's body that the error keeps

struct Answer {
  Answer() = default;
  http::Response response;
  std::string early;  // frames that came with the 101
};

// Reads the answer to the upgrade: the header of a 101, or as much of a refusal as is kept.
Task<Result<Answer>> read_answer(Transport& transport) {
  http::ResponseParser parser;
  Answer answer;
  std::string body;
  while (!parser.done() && body.size() < kRefusalBody) {
    auto input = co_await transport.receive();
    if (!input) co_return fail(std::move(input.error()));
    if (input->empty()) {
      auto finished = parser.finish();
      if (!finished && !parser.header_done()) co_return fail(std::move(finished.error()));
      break;
    }
    const auto used = parser.receive(*input);
    if (!used) co_return fail(used.error());
    answer.early = as_text(input->subspan(*used));
    body += parser.take_body();
  }
  answer.response = parser.response();
  answer.response.body = body.substr(0, kRefusalBody);
  co_return answer;
}

Task<Result<WebSocket>> upgrade(const http::Url& url, std::shared_ptr<Transport> transport,
                                const ConnectOptions& options) {
  const std::string key = ws::make_key(system_random());
  auto request = ws::make_request(url, options.offer, key);
  if (!request) co_return fail(std::move(request.error()));
  detail::Deadline deadline(transport->executor(), options.upgrade_timeout,
                            [&transport] { transport->close(); });
  const std::string wire = http::serialize_head(*request);
  auto sent = co_await transport->write(as_bytes(wire));
  auto answer = co_await read_answer(*transport);
  if (deadline.expired())
    co_return fail(Error(ErrorKind::timeout,
                         fmt::format("{} did not answer the WebSocket upgrade within {} ms",
                                     url.authority(), options.upgrade_timeout.count()))
                       .with_stage(Stage::upgrade));
  if (!answer)
    co_return fail(Error(sent ? answer.error() : sent.error()).with_stage(Stage::upgrade));
  auto agreement = ws::check_response(answer->response, options.offer, key);
  if (!agreement) co_return fail(std::move(agreement.error()).with_stage(Stage::upgrade));
  co_return WebSocket(std::move(transport), ws::Role::client, options.protocol,
                      std::move(*agreement), answer->early);
}

Task<Result<WebSocket>> dial_and_upgrade(const http::Url& url, ConnectOptions& options) {
  if (options.bearer) {
    auto token = co_await options.bearer();
    if (!token) co_return fail(std::move(token.error()));
    options.offer.headers.set("Authorization", "Bearer " + token->reveal());
  }
  auto transport = co_await dial(url, options.dial);
  if (!transport) co_return fail(std::move(transport.error()));
  std::shared_ptr<Transport> shared = std::move(*transport);
  co_return co_await upgrade(url, std::move(shared), options);
}

}  // namespace

Task<Result<WebSocket>> connect_websocket(http::Url url, ConnectOptions options) {
  const auto begun = std::chrono::steady_clock::now();
  auto told = EventScope::begin(options.events, "net.ws_connect", [&url](Event& event) {
    event.with("host", url.authority()).with("path", url.target.substr(0, url.target.find('?')));
  });
  auto socket = co_await dial_and_upgrade(url, options);
  if (!socket) {
    told.fail_with(socket.error());
    co_return fail(std::move(socket.error()));
  }
  const std::string id = told.id();
  told.stop([&](Event& event) {
    const auto took = std::chrono::steady_clock::now() - begun;
    event.with("subprotocol", socket->agreement().subprotocol);
    event.with("duration_ms",
               std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(took).count()));
  });
  socket->observe(options.events, url.authority(), id);
  co_return std::move(*socket);
}

}  // namespace parley::net
