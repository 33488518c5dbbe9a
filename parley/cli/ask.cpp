#include <csignal>
#include <iostream>
#include <iterator>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/cli/ask_request.hpp"
#include "parley/cli/commands.hpp"
#include "parley/cli/console.hpp"
#include "parley/cli/lines.hpp"
#include "parley/cli/provider.hpp"

namespace parley::cli {
namespace {

int complain(std::string_view what, int code = exit_code::failed) {
  std::cout << std::flush;
  std::cerr << Style::of(stderr).red("parley ask: ") << what << std::endl;
  return code;
}

// The question, and what stands on standard input behind it.
std::string gather_prompt(const AskOptions& options) {
  std::string prompt = options.prompt == "-" ? "" : options.prompt;
  if (prompt.empty() || !LineReader::input_is_terminal()) {
    const std::string input{std::istreambuf_iterator<char>(std::cin),
                            std::istreambuf_iterator<char>()};
    if (!trim(input).empty()) prompt += (prompt.empty() ? "" : "\n\n") + input;
  }
  return prompt;
}

Task<void> answer(const gemini::Client& client, const AskOptions& options,
                  gemini::GenerateContentRequest request, int& code) {
  auto stream = co_await client.models().stream_generate_content(choose_model(options.model),
                                                                 std::move(request));
  if (!stream) {
    code = complain(stream.error().describe());
    co_return;
  }
  const bool terminal = Style::of(stdout).terminal();
  std::string finish, blocked;
  bool ends_line = true, any = false;
  while (auto response = co_await stream->next()) {
    if (auto reason = gemini::finish_reason_of(*response); !reason.empty())
      finish = std::move(reason);
    if (auto block = gemini::block_reason_of(*response); !block.empty()) blocked = std::move(block);
    const std::string text =
        options.json ? json::encode_text(*response) + "\n" : gemini::text_of(*response);
    if (text.empty()) continue;
    any = any || !gemini::text_of(*response).empty();
    ends_line = text.back() == '\n';
    std::cout << (terminal ? strip_control(text) : text) << std::flush;
  }
  if (!ends_line) std::cout << std::endl;
  code = exit_code::ok;
  if (const auto outcome = stream->outcome(); !outcome)
    code = complain(outcome.error().describe());
  else if (!blocked.empty())
    code = complain(fmt::format("the prompt was blocked ({})", blocked));
  else if (!any)
    code = complain(
        fmt::format("the model gave no text (finish reason {})", finish.empty() ? "none" : finish));
  else if (!finish.empty() && finish != "STOP")
    std::cerr << Style::of(stderr).yellow("parley ask: ") << "the answer ended early ("
              << strip_control(finish) << ")\n";
}

}  // namespace

int ask(const AskOptions& options) {
  const std::string prompt = gather_prompt(options);
  if (prompt.empty())
    return complain("there is no question: write one, or pipe it in", exit_code::usage);
  if (!is_valid_utf8(prompt)) return complain("the question is no valid UTF-8", exit_code::usage);
  auto request = make_request(options, prompt);
  if (!request) return complain(request.error().message(), exit_code::usage);
  boost::asio::io_context loop(1);
  ProviderOptions provider_options;
  provider_options.offline = options.offline;
  provider_options.pace_ms = options.pace_ms;
  provider_options.seed = options.seed;
  provider_options.base_url = options.base_url;
  provider_options.service = options.service;
  auto provider = choose_provider(loop.get_executor(), provider_options);
  if (!provider) return complain(provider.error().describe());
  if (provider->offline() && !options.offline)
    std::cerr << Style::of(stderr).dim(
                     "(No GEMINI_API_KEY or GOOGLE_API_KEY is set: the offline model answers.)")
              << std::endl;
  int code = exit_code::interrupted;
  boost::asio::cancellation_signal cancel;
  boost::asio::co_spawn(loop, answer(provider->client, options, std::move(*request), code),
                        boost::asio::bind_cancellation_slot(
                            cancel.slot(), [&loop](std::exception_ptr) { loop.stop(); }));
  boost::asio::signal_set signals(loop, SIGINT, SIGTERM);
  signals.async_wait([&](const boost::system::error_code& error, int) {
    if (!error) cancel.emit(boost::asio::cancellation_type::terminal);
  });
  loop.run();
  std::cout << std::flush;
  return code;
}

}  // namespace parley::cli
