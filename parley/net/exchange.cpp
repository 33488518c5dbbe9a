#include <fmt/format.h>

#include "parley/net/detail/deadline.hpp"
#include "parley/net/detail/exchange_state.hpp"
#include "parley/net/http_server.hpp"
#include "parley/net/system.hpp"

namespace parley::net {
namespace {

using Phase = detail::ExchangeState::Phase;

// RFC 9110, 5.6.7: "Sun, 06 Nov 1994 08:49:37 GMT".
std::string http_date() {
  constexpr std::array days = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto now = SystemClock().wall_now();
  const auto day = std::chrono::floor<std::chrono::days>(now);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(now - day));
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT",
                     days[std::chrono::weekday(day).c_encoding()],
                     static_cast<unsigned>(date.day()),
                     months[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

bool has_no_body(int status) {
  return status == 204 || status == 304 || status / 100 == 1;
}

std::unexpected<Error> not_now() {
  return fail(ErrorKind::invalid_state, "the exchange was answered already, or is not streaming");
}

}  // namespace

namespace detail {

void ExchangeState::start(http::Request request_in, bool keep) {
  request = std::move(request_in);
  target = {};
  parameters.clear();
  phase = Phase::waiting;
  keep_alive = keep;
  chunked = false;
  sent = 0;
  cut_at.reset();
}

Task<Result<void>> ExchangeState::send(std::string bytes) {
  const bool cut = cut_at && sent + bytes.size() >= *cut_at;
  if (cut) bytes.resize(*cut_at - std::min(*cut_at, sent));
  sent += bytes.size();
  Deadline deadline(transport->executor(), server.options.write_timeout,
                    [this] { transport->close(); });
  auto written = co_await transport->write(as_bytes(bytes));
  if (written && !cut) co_return written;
  phase = Phase::aborted;
  if (cut) co_await transport->finish();
  transport->close();
  if (cut) co_return fail(ErrorKind::disconnected, "the answer was cut as asked");
  if (deadline.expired())
    co_return fail(
        Error(ErrorKind::timeout, "the peer does not read its answer").with_stage(Stage::send));
  co_return fail(std::move(written.error()));
}

}  // namespace detail

const http::Request& Exchange::request() const {
  return state_.request;
}
const http::Target& Exchange::target() const {
  return state_.target;
}
const std::string& Exchange::peer_address() const {
  return state_.transport->peer_address();
}
Executor Exchange::executor() const {
  return state_.server.executor;
}
bool Exchange::secure() const {
  return state_.server.options.tls.has_value();
}
bool Exchange::answered() const {
  return state_.phase != Phase::waiting;
}
void Exchange::cut_after(std::size_t bytes) {
  state_.cut_at = bytes;
}

std::string_view Exchange::parameter(std::string_view name) const {
  for (const auto& [key, value] : state_.parameters)
    if (key == name) return value;
  return {};
}

Task<Result<void>> Exchange::respond(http::Response response) {
  if (state_.phase != Phase::waiting) co_return not_now();
  state_.phase = Phase::done;
  response.headers.set("Date", http_date());
  if (!has_no_body(response.status))
    response.headers.set("Content-Length", std::to_string(response.body.size()));
  response.headers.set("Connection", state_.keep_alive ? "keep-alive" : "close");
  std::string wire = http::serialize_head(response);
  if (state_.request.method != "HEAD" && !has_no_body(response.status)) wire += response.body;
  co_return co_await state_.send(std::move(wire));
}

Task<Result<void>> Exchange::begin(http::Response head) {
  if (state_.phase != Phase::waiting) co_return not_now();
  state_.phase = Phase::streaming;
  state_.chunked = state_.request.version == 11;
  state_.keep_alive = state_.keep_alive && state_.chunked;
  head.headers.set("Date", http_date());
  if (state_.chunked) head.headers.set("Transfer-Encoding", "chunked");
  head.headers.set("Connection", state_.keep_alive ? "keep-alive" : "close");
  co_return co_await state_.send(http::serialize_head(head));
}

Task<Result<void>> Exchange::write(std::string piece) {
  if (state_.phase == Phase::aborted) co_return fail(ErrorKind::disconnected, "the peer has gone");
  if (state_.phase != Phase::streaming) co_return not_now();
  if (piece.empty() || state_.request.method == "HEAD") co_return Result<void>();
  if (state_.chunked) piece = fmt::format("{:x}\r\n{}\r\n", piece.size(), piece);
  co_return co_await state_.send(std::move(piece));
}

Task<Result<void>> Exchange::finish() {
  if (state_.phase == Phase::aborted) co_return fail(ErrorKind::disconnected, "the peer has gone");
  if (state_.phase != Phase::streaming) co_return not_now();
  state_.phase = Phase::done;
  if (!state_.chunked || state_.request.method == "HEAD") co_return Result<void>();
  co_return co_await state_.send("0\r\n\r\n");
}

// Answers an upgrade request; the answer to a broken one has gone out when this fails.
Task<Result<ws::Agreement>> Exchange::accept_upgrade(ws::ServerPolicy policy) {
  if (state_.phase != Phase::waiting) co_return not_now();
  auto acceptance = ws::accept(state_.request, policy);
  if (!acceptance.accepted()) {
    std::string reason = acceptance.response.body;
    const int status = acceptance.response.status;
    state_.keep_alive = false;
    co_await respond(std::move(acceptance.response));
    co_return fail(Error(ErrorKind::protocol_violation, std::move(reason))
                       .with_stage(Stage::upgrade)
                       .with_http_status(status));
  }
  state_.phase = Phase::upgraded;
  auto sent = co_await state_.send(http::serialize_head(acceptance.response));
  if (!sent) co_return fail(std::move(sent.error()));
  co_return std::move(acceptance.agreement);
}

Task<Result<WebSocket>> Exchange::upgrade(ws::ServerPolicy policy, ws::Options options,
                                          TransportWrap wrap) {
  auto agreement = co_await accept_upgrade(std::move(policy));
  if (!agreement) co_return fail(std::move(agreement.error()));
  std::shared_ptr<Transport> transport = state_.transport;
  if (wrap) transport = wrap(std::move(transport));
  co_return WebSocket(std::move(transport), ws::Role::server, options, std::move(*agreement),
                      state_.early);
}

Task<Result<void>> Exchange::upgrade_to(SocketHost& host, ws::ServerPolicy policy,
                                        std::unique_ptr<ServerSocket::Data> data) {
  auto agreement = co_await accept_upgrade(std::move(policy));
  if (!agreement) co_return fail(std::move(agreement.error()));
  auto socket = state_.transport->release();
  if (!socket || !host.adopt(std::move(*socket), *agreement, std::move(data), state_.early))
    co_return fail(ErrorKind::disconnected, "the connection was lost after its upgrade");
  co_return Result<void>();
}

Task<void> Exchange::wait_for_peer() {
  const auto transport = state_.transport;
  co_await transport->receive();
}

void Exchange::abort() {
  state_.phase = Phase::aborted;
  state_.transport->close();
}

}  // namespace parley::net
