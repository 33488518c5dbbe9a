#include <csignal>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/cli/ask_answer.hpp"
#include "parley/cli/ask_compare.hpp"
#include "parley/cli/ask_request.hpp"
#include "parley/cli/commands.hpp"
#include "parley/cli/console.hpp"
#include "parley/cli/lines.hpp"
#include "parley/cli/provider.hpp"
#include "parley/cli/settings.hpp"
#include "parley/gemini/chat.hpp"

namespace parley::cli {
namespace {

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

// The conversation of --chat; a file that is not there begins one.
Result<void> load_chat(gemini::Chat& chat, const std::string& path) {
  if (path.empty() || !std::filesystem::exists(path)) return {};
  const auto text = read_ask_file(path);
  if (!text) return fail(text.error());
  if (auto restored = chat.restore(*text); !restored)
    return fail(ErrorKind::invalid_argument, path + ": " + restored.error().message());
  return {};
}

// Whole or not at all: what was in the file stays until the new text is on the disk.
bool save_chat(const gemini::Chat& chat, const std::string& path) {
  const std::string beside = path + ".new";
  std::ofstream file(beside, std::ios::binary);
  file << chat.save() << '\n';
  file.close();
  std::error_code failed;
  if (file) std::filesystem::rename(beside, path, failed);
  return file && !failed;
}

// The answer's text, printed; an error is told.
Task<void> answer(gemini::Chat& chat, const AskOptions& options, gemini::Content turn, int& code) {
  AskPrinter printer(options);
  Result<void> outcome;
  if (options.stream) {
    auto stream = chat.stream(std::move(turn));
    while (auto piece = co_await stream.next()) printer.piece(*piece);
    outcome = stream.outcome();
  } else {
    auto whole = co_await chat.send(std::move(turn));
    if (whole)
      printer.piece(*whole);
    else
      outcome = fail(std::move(whole.error()));
  }
  if (!outcome && outcome.error().kind() == ErrorKind::cancelled) {
    printer.end_line();
    co_return;  // whoever cancelled it says why
  }
  if (!outcome) {
    printer.end_line();
    code = complain(outcome.error().describe(), exit_code::failed);
    co_return;
  }
  std::optional<std::string> schema;
  if (!options.schema.empty())
    if (auto text = read_ask_file(options.schema)) schema = std::move(*text);
  code = printer.end(schema);
  if (code == exit_code::ok && !options.chat.empty() && !save_chat(chat, options.chat))
    code = complain("cannot write " + options.chat, exit_code::failed);
}

// Runs it until it is done, its time is up, or a signal comes.
int run_answer(boost::asio::io_context& loop, gemini::Chat& chat, const AskOptions& options,
               gemini::Content turn) {
  int code = exit_code::interrupted;
  bool late = false;
  boost::asio::cancellation_signal cancel;
  boost::asio::co_spawn(loop, answer(chat, options, std::move(turn), code),
                        boost::asio::bind_cancellation_slot(
                            cancel.slot(), [&loop](std::exception_ptr) { loop.stop(); }));
  boost::asio::signal_set signals(loop, SIGINT, SIGTERM);
  signals.async_wait([&](const boost::system::error_code& error, int) {
    if (!error) cancel.emit(boost::asio::cancellation_type::terminal);
  });
  boost::asio::steady_timer limit(loop);
  if (options.timeout > 0) {
    limit.expires_after(
        std::chrono::milliseconds(static_cast<std::int64_t>(options.timeout * 1000)));
    limit.async_wait([&](const boost::system::error_code& error) {
      late = !error;
      if (late) cancel.emit(boost::asio::cancellation_type::terminal);
    });
  }
  loop.run();
  std::cout << std::flush;
  if (late && code == exit_code::interrupted)
    return complain(fmt::format("timeout: no whole answer within {} s", options.timeout),
                    exit_code::failed);
  return code;
}

int ask_chat(boost::asio::io_context& loop, gemini::Chat& chat, const AskOptions& options,
             gemini::GenerateContentRequest request) {
  auto turn = std::move(request.contents->front());
  request.contents.reset();
  chat.settings() = std::move(request);
  if (auto loaded = load_chat(chat, options.chat); !loaded)
    return complain(loaded.error().message(), exit_code::usage);
  return run_answer(loop, chat, options, std::move(turn));
}

}  // namespace

int ask(const AskOptions& options) {
  const std::string prompt = gather_prompt(options);
  if (prompt.empty())
    return complain("there is no question: write one, or pipe it in", exit_code::usage);
  if (!is_valid_utf8(prompt)) return complain("the question is no valid UTF-8", exit_code::usage);
  auto request = make_request(options, prompt);
  if (!request) return complain(request.error().message(), exit_code::usage);
  const auto settings = settings_or_complain("ask");
  if (!options.compare.empty()) return compare_models(options, *request, settings);
  const std::string model = choose_model(options.model, settings);
  auto other = other_provider(model, settings);
  if (!other) return complain(other.error().describe(), exit_code::usage);
  boost::asio::io_context loop(1);
  if (other->provider) {
    gemini::Chat chat(other->provider, other->model);
    return ask_chat(loop, chat, options, std::move(*request));
  }
  const auto provider_options = provider_options_of(options, settings);
  auto provider = choose_provider(loop.get_executor(), provider_options);
  if (!provider) return complain(provider.error().describe(), exit_code::failed);
  tell_offline(*provider, options.offline, "model answers");
  gemini::Chat chat(provider->client.models(), model);
  return ask_chat(loop, chat, options, std::move(*request));
}

}  // namespace parley::cli
