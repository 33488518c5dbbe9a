#include <csignal>
#include <iostream>
#include <memory>
#include <string>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/cli/chat_view.hpp"
#include "parley/cli/commands.hpp"
#include "parley/cli/lines.hpp"
#include "parley/json/writer.hpp"
#include "parley/net/http_client.hpp"
#include "parley/net/websocket.hpp"

namespace parley::cli {
namespace {

constexpr std::string_view kHelp =
    "Type a message to send it. Commands:\n"
    "  /help       this text\n"
    "  /new        start a new session\n"
    "  /join ID    join the session ID\n"
    "  /ping       test the connection\n"
    "  /quit       leave (also Ctrl-D)\n";

struct Client {
  Client(const ChatOptions& client_options, boost::asio::io_context& io, LineReader& reader)
      : options(client_options),
        loop(io),
        lines(reader),
        view(Style::of(stdout)),
        answered(io, boost::asio::steady_timer::time_point::max()) {}

  // What is printed while a prompt stands begins on a line of its own, so that text which is being
  // typed stays readable.
  void print(std::string_view text) {
    if (!text.empty() && std::exchange(prompting, false)) std::cout << '\n';
    std::cout << text << std::flush;
  }
  void prompt() {
    if (!terminal || prompting || awaiting_reply || view.waiting() > 0 || leaving) return;
    print(view.prompt());
    prompting = true;
  }
  void complain(std::string_view text) {
    std::cerr << Style::of(stderr).red("parley chat: ") << text << std::endl;
    code = exit_code::failed;
  }

  const ChatOptions& options;
  boost::asio::io_context& loop;
  LineReader& lines;
  ChatView view;
  std::unique_ptr<net::WebSocket> socket;
  boost::asio::steady_timer answered;  // cancelled when a question was settled
  bool terminal = Style::of(stdout).terminal() && LineReader::input_is_terminal();
  bool prompting = false;       // a prompt stands at the end of the output
  bool awaiting_reply = false;  // to a command
  bool leaving = false;
  int code = exit_code::ok;
};

std::string message_of(
    std::string_view type,
    std::initializer_list<std::pair<std::string_view, std::string_view>> fields) {
  std::string text;
  json::Writer writer(text);
  writer.begin_object().field("type", type);
  for (const auto& [key, value] : fields) writer.key(key).value(value);
  writer.end_object();
  return text;
}

Task<bool> healthy(Client& client, http::Url url) {
  net::HttpClientOptions options;
  options.dial.connect_timeout = std::chrono::seconds(5);
  net::HttpClient http(options);
  auto response = co_await http.send(url, http::Request("GET", "/health"));
  if (response && response->status == 200) co_return true;
  client.complain(fmt::format(
      "no Parley server at {}: {}\nStart one with `parley serve`, or name another: "
      "`parley chat http://host:port`.",
      url.origin(),
      response ? fmt::format("/health answers {}", response->status) : response.error().message()));
  co_return false;
}

// Returns false when the user wants to leave.
bool obey(Client& client, std::string_view line) {
  const auto space = line.find(' ');
  const std::string word = to_lower_ascii(line.substr(0, space));
  const auto rest = space == std::string_view::npos ? std::string_view() : trim(line.substr(space));
  auto& socket = *client.socket;
  if (word == "/quit" || word == "/exit") return false;
  if (word == "/help")
    client.print(kHelp);
  else if (word == "/ping")
    client.awaiting_reply = socket.post_text(message_of("ping", {})).has_value();
  else if (word == "/new")
    client.awaiting_reply = socket.post_text(message_of("create_session", {})).has_value();
  else if (word == "/join" && !rest.empty())
    client.awaiting_reply =
        socket.post_text(message_of("join_session", {{"session_id", rest}})).has_value();
  else if (word == "/join")
    client.print("Which session? /join ID\n");
  else
    client.print(fmt::format("There is no command {}. /help lists them.\n", strip_control(word)));
  return true;
}

Task<void> wait_for_answers(Client& client) {
  while (client.view.waiting() > 0 && !client.leaving) {
    boost::system::error_code ignored;
    co_await client.answered.async_wait(
        boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
    client.answered.expires_at(boost::asio::steady_timer::time_point::max());
  }
}

Task<void> read_user(Client& client) {
  for (;;) {
    client.prompt();
    auto line = co_await client.lines.next();
    client.prompting = false;
    if (!line || client.leaving) break;
    const auto text = trim(*line);
    if (text.empty()) continue;
    if (text.starts_with('/')) {
      if (!obey(client, text)) break;
      continue;
    }
    if (!is_valid_utf8(text)) {
      client.complain("that line is no valid UTF-8 and was not sent");
      continue;
    }
    const auto& session = client.view.session_id();
    const auto frame = session.empty()
                           ? message_of("chat", {{"message", text}})
                           : message_of("chat", {{"message", text}, {"session_id", session}});
    if (auto sent = client.socket->post_text(frame); !sent) {
      client.complain(sent.error().message());
      break;
    }
    client.view.asked();
    // One question at a time where a script asks, so that answers come in its order.
    if (!client.terminal) co_await wait_for_answers(client);
  }
  co_await wait_for_answers(client);
  if (client.view.failed()) client.code = exit_code::failed;
  client.leaving = true;
  client.socket->close();
}

Task<void> read_server(Client& client) {
  while (auto message = co_await client.socket->next()) {
    const int waiting = client.view.waiting();
    client.print(client.view.show(message->data));
    if (client.view.waiting() < waiting) client.answered.cancel();
    client.awaiting_reply = false;
    if (!client.view.answering()) client.prompt();
  }
  if (!client.leaving) {
    const auto outcome = client.socket->outcome();
    client.complain(outcome ? "the server closed the connection" : outcome.error().message());
  }
  client.leaving = true;
  client.answered.cancel();
  client.loop.stop();
}

// Before the first question, which would begin a session of its own. The refusal is shown.
Task<bool> join(Client& client) {
  auto& socket = *client.socket;
  const auto& session = client.options.session;
  if (!socket.post_text(message_of("join_session", {{"session_id", session}}))) co_return false;
  while (auto message = co_await socket.next()) {
    client.print(client.view.show(message->data));
    if (client.view.refused()) co_return false;
    if (!client.view.session_id().empty()) co_return true;
  }
  client.complain("the server closed the connection");
  co_return false;
}

Task<void> converse(Client& client, http::Url url) {
  if (!co_await healthy(client, url)) co_return;
  url.scheme = url.secure() ? "wss" : "ws";
  url.target = "/ws";
  auto socket = co_await net::connect_websocket(url, net::ConnectOptions());
  if (!socket) {
    client.complain(socket.error().message());
    co_return;
  }
  client.socket = std::make_unique<net::WebSocket>(std::move(*socket));
  if (auto hello = co_await client.socket->next()) client.print(client.view.show(hello->data));
  const bool joined = client.options.session.empty() || co_await join(client);
  if (!joined) {
    client.code = exit_code::failed;
    co_return;
  }
  boost::asio::co_spawn(client.loop, read_user(client), boost::asio::detached);
  co_await read_server(client);
}

}  // namespace

int chat(const ChatOptions& options) {
  auto url = http::parse_url(options.url);
  if (!url) {
    std::cerr << "parley chat: " << url.error().message() << std::endl;
    return exit_code::usage;
  }
  boost::asio::io_context loop(1);
  LineReader lines(loop.get_executor());
  Client client(options, loop, lines);
  boost::asio::signal_set signals(loop, SIGINT, SIGTERM);
  signals.async_wait([&](const boost::system::error_code& error, int) {
    if (error) return;
    client.code = exit_code::interrupted;
    client.leaving = true;
    if (client.socket)
      client.socket->close(ws::close_code::going_away);
    else
      loop.stop();
  });
  client.print(Style::of(stdout).terminal() ? "Parley chat. /help lists the commands.\n" : "");
  boost::asio::co_spawn(loop, converse(client, *url), [&loop](std::exception_ptr) { loop.stop(); });
  loop.run();
  return client.code;
}

}  // namespace parley::cli
