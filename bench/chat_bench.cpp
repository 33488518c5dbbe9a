// What does the chat server add between a model's chunk and a member's frame, and how soon does it
// answer after its start? A model on loopback writes the time into each chunk; the rival is a
// reader of the model's stream itself. Usage: bench_chat [PARLEY_PROGRAM]

#include <charconv>
#include <cstdio>
#include <filesystem>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <fmt/format.h>

#include "parley/http/sse.hpp"
#include "parley/json/value.hpp"
#include "parley/net/http_client.hpp"
#include "parley/server/chat_server.hpp"

#include "bench/support.hpp"

namespace {

using namespace parley;
constexpr int kChunks = 400;

std::int64_t now_ns() {
  return std::chrono::steady_clock::now().time_since_epoch().count();
}

Task<void> model(net::Exchange& exchange) {
  http::Response head;
  head.headers.set("Content-Type", "text/event-stream");
  co_await exchange.begin(std::move(head));
  for (int i = 0; i < kChunks; ++i) {
    co_await sleep_for(std::chrono::milliseconds(2));
    const std::string finish = i + 1 == kChunks ? R"(,"finishReason":"STOP")" : "";
    co_await exchange.write(http::serialize_event(
        fmt::format(
            R"({{"candidates":[{{"content":{{"parts":[{{"text":"{} "}}],"role":"model"}}{}}}]}})",
            now_ns(), finish),
        "\r\n"));
  }
  co_await exchange.finish();
}

void note(std::vector<double>& delays, std::string_view stamp) {
  std::int64_t sent = 0;
  if (std::from_chars(stamp.data(), stamp.data() + stamp.size(), sent).ec == std::errc() &&
      sent > 0)
    delays.push_back(static_cast<double>(now_ns() - sent) / 1000);
}

Task<std::vector<double>> read_directly(http::Url url) {
  net::HttpClient client;
  auto stream =
      co_await client.open(url, http::Request("POST", "/v1beta/models/m:streamGenerateContent"));
  std::vector<double> delays;
  http::SseDecoder decoder;
  while (auto piece = co_await stream->next()) {
    (void)decoder.receive(*piece);
    while (auto event = decoder.poll_event())
      if (const auto value = json::parse(event->data))
        note(delays,
             value->at("candidates").at(0).at("content").at("parts").at(0).at("text").as_string());
  }
  co_return delays;
}

Task<std::vector<double>> read_through_chat(gemini::Client client, std::string folder) {
  server::ChatServerOptions options;
  options.http.port = 0;
  options.data_folder = folder;
  auto chat = server::ChatServer::make(co_await boost::asio::this_coro::executor, client, options);
  auto url = *http::parse_url(fmt::format("ws://127.0.0.1:{}/ws", *(*chat)->listen()));
  auto socket = co_await net::connect_websocket(url, net::ConnectOptions());
  (void)socket->post_text(R"({"type":"chat","message":"go"})");
  std::vector<double> delays;
  while (auto message = co_await socket->next()) {
    const auto frame = json::parse(message->data);
    const std::string type(frame->at("type").as_string());
    if (type == "chunk") note(delays, frame->at("text").as_string());
    if (type == "response_complete") break;
  }
  co_return delays;
}

void print_row(const char* name, const std::vector<double>& delays, double rival) {
  const double middle = bench::median(delays);
  fmt::print("| {} | {:.0f} | {:.0f} | {:.2f} |\n", name, middle, bench::percentile(delays, 0.99),
             middle / rival);
  std::fflush(stdout);
}

Task<void> measure() {
  const auto executor = co_await boost::asio::this_coro::executor;
  net::HttpServer service(executor, net::HttpServerOptions(), model);
  const auto port = service.listen();
  gemini::ClientOptions options;
  options.api_key = Secret("any");
  options.base_url = fmt::format("http://127.0.0.1:{}", *port);
  auto client = gemini::Client::make(options);
  fmt::print(
      "Microseconds from the model's chunk to the reader, {} chunks\n\n| reader | median | p99 | "
      "ratio |\n|---|---|---|---|\n",
      kChunks);
  const auto direct = co_await read_directly(*http::parse_url(options.base_url));
  const double rival = bench::median(direct);
  print_row("the model's stream itself", direct, rival);
  print_row("chat member, log in memory", co_await read_through_chat(*client, ""), rival);
  const auto folder = std::filesystem::temp_directory_path() / "parley-bench-chat";
  print_row("chat member, log in SQLite (synchronous=FULL)",
            co_await read_through_chat(*client, folder.string()), rival);
  std::filesystem::remove_all(folder);
}

// Milliseconds from the start of the program until it says that it answers; the median of five.
double start_time(const char* program) {
  const auto folder = (std::filesystem::temp_directory_path() / "parley-bench-start").string();
  std::vector<double> times;
  for (int round = 0; round < 5; ++round) {
    int ends[2];
    if (pipe(ends) != 0) return 0;
    const auto before = std::chrono::steady_clock::now();
    const pid_t child = fork();
    if (child == 0) {
      dup2(ends[1], STDOUT_FILENO);
      execl(program, program, "serve", "--offline", "--quiet", "--port", "0", "--data",
            folder.c_str(), nullptr);
      _exit(127);
    }
    close(ends[1]);
    char byte = 0;
    if (read(ends[0], &byte, 1) == 1)
      times.push_back(
          std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - before)
              .count());
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    close(ends[0]);
  }
  std::filesystem::remove_all(folder);
  return bench::median(times);
}

}  // namespace

int main(int argc, char** argv) {
  run(measure());
  if (argc > 1) fmt::print("\nStart until it answers: {:.0f} ms\n", start_time(argv[1]));
}
