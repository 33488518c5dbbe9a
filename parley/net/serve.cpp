#include <algorithm>
#include <exception>

#include <fmt/format.h>

#include "parley/net/detail/deadline.hpp"
#include "parley/net/detail/exchange_state.hpp"

namespace parley::net::detail {
namespace {

using Phase = ExchangeState::Phase;

// Keeps the server's list of connections true, whatever way the coroutine ends.
class Registration {
 public:
  Registration(ServerState& server, const std::shared_ptr<Transport>& transport) : server_(server) {
    entry.transport = transport;
    server_.entries.push_back(&entry);
  }
  Registration(const Registration&) = delete;
  Registration& operator=(const Registration&) = delete;
  ~Registration() {
    std::erase(server_.entries, &entry);
    if (server_.entries.empty()) server_.all_gone.cancel();
  }
  ServerState::Entry entry;

 private:
  ServerState& server_;
};

std::string error_json(std::string_view message) {
  std::string text = "{\"detail\":\"";
  for (const char c : message)
    if (static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\') text += c;
  return text + "\"}";
}

http::Response error_response(int status, std::string_view message) {
  http::Response response(status);
  response.headers.set("Content-Type", "application/json");
  response.body = error_json(message);
  return response;
}

bool expects_continue(const http::Request& request) {
  const auto expect = request.headers.find("Expect");
  return expect && request.version == 11 && expect->starts_with("100-");
}

// Reads until the request is whole. Empty: the connection is over, in order or not; a request that
// was refused has been answered.
Task<bool> read_request(ExchangeState& state, http::RequestParser& parser,
                        ServerState::Entry& entry) {
  const auto& options = state.server.options;
  bool continued = false;
  while (!parser.done()) {
    Result<std::size_t> used = std::size_t{0};
    if (!state.early.empty()) {
      used = parser.receive(as_bytes(state.early));
      if (used) state.early.erase(0, *used);
    } else {
      const auto limit = !parser.started()      ? options.idle_timeout
                         : parser.header_done() ? options.body_timeout
                                                : options.header_timeout;
      Deadline deadline(state.transport->executor(), limit, [&state] { state.transport->close(); });
      auto input = co_await state.transport->receive();
      if (!input || input->empty()) co_return false;
      used = parser.receive(*input);
      if (used) state.early.append(as_text(input->subspan(*used)));
    }
    entry.idle = !parser.started();
    if (!used) {
      state.start(http::Request(), false);
      Exchange exchange(state);
      const int status = used.error().http_status();
      const int refusal = status ? status : 400;
      co_await exchange.respond(error_response(refusal, used.error().message()));
      co_return false;
    }
    if (!continued && parser.header_done() && !parser.done() &&
        expects_continue(parser.request())) {
      continued = true;
      co_await state.transport->write(as_bytes("HTTP/1.1 100 Continue\r\n\r\n"));
    }
  }
  co_return true;
}

void report_bug(ServerState& server, const ExchangeState& state, std::string_view what) {
  if (!server.options.events) return;
  server.options.events(
      Event("net.handler_failed")
          .with("what", std::string(what))
          .with("path", state.request.target.substr(0, state.request.target.find('?'))));
}

Task<void> answer(ExchangeState& state) {
  Exchange exchange(state);
  auto target = http::parse_target(state.request.target);
  if (!target) {
    co_await exchange.respond(error_response(400, target.error().message()));
    co_return;
  }
  state.target = std::move(*target);
  std::string bug;
  try {
    co_await state.server.handler(exchange);
  } catch (const std::exception& exception) {
    bug = exception.what();
  }
  if (!bug.empty()) report_bug(state.server, state, bug);
  if (state.phase == Phase::waiting)
    co_await exchange.respond(error_response(500, "Internal Server Error"));
  else if (state.phase == Phase::streaming)
    exchange.abort();  // an unfinished stream must not look whole
}

// Lets the peer read our last answer: closing with unread input would reset the connection.
Task<void> linger(Transport& transport) {
  Deadline deadline(transport.executor(), std::chrono::seconds(2),
                    [&transport] { transport.close(); });
  co_await transport.finish();
  for (;;) {
    auto input = co_await transport.receive();
    if (!input || input->empty()) break;
  }
  transport.close();
}

}  // namespace

Task<void> serve(std::shared_ptr<ServerState> server, std::shared_ptr<Transport> transport) {
  Registration registration(*server, transport);
  ExchangeState state(*server, std::move(transport));
  while (!server->stopping) {
    http::RequestParser parser(server->options.limits);
    registration.entry.idle = true;
    const bool whole = co_await read_request(state, parser, registration.entry);
    if (!whole) break;
    const bool keep = parser.keep_alive() && !server->stopping;
    state.start(parser.take(), keep);
    co_await answer(state);
    if (state.phase == Phase::upgraded || state.phase == Phase::aborted) co_return;
    if (!state.keep_alive) break;
  }
  co_await linger(*state.transport);
}

}  // namespace parley::net::detail
