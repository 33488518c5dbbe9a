#include "parley/cli/bots.hpp"

#include <csignal>
#include <iostream>

#include <CLI/CLI.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/signal_set.hpp>

#include "parley/base/text.hpp"
#include "parley/cli/console.hpp"
#include "parley/cli/loop_timer.hpp"
#include "parley/cli/narrate_options.hpp"
#include "parley/json/writer.hpp"
#include "parley/narrative/files.hpp"
#include "parley/net/system.hpp"

namespace parley::cli {
namespace {

namespace asio = boost::asio;

int failed(std::string_view what, int code) {
  std::cerr << Style::of(stderr).red("parley bots: ") << strip_control(to_valid_utf8(what))
            << std::endl;
  return code;
}

// One line of JSON for each thing that happens.
void tell(const narrative::BotEvent& event) {
  std::string line;
  json::Writer out(line);
  out.begin_object().key("at").value(to_iso8601(net::SystemClock().wall_now()));
  out.key("bot").value(event.bot).key("event").value(event.what);
  if (!event.item.empty()) out.key("item").value(event.item);
  if (!event.message.empty()) out.key("message").value(to_valid_utf8(event.message));
  out.end_object();
  std::cout << line << std::endl;
}

std::optional<std::vector<narrative::Bot>> load(const std::string& file) {
  narrative::DiskSources sources;
  auto loaded = narrative::load_bots(file, sources);
  std::cerr << strip_control(to_valid_utf8(narrative::to_text(loaded.diagnostics)));
  if (!loaded.ok()) return std::nullopt;
  return std::move(loaded.bots);
}

int check(const BotsCommand& options) {
  const auto bots = load(options.file);
  if (!bots) return exit_code::usage;
  for (const auto& bot : *bots)
    if (!bot.file.empty() && !load_book(bot.file, options.narrate, false)) return exit_code::usage;
  std::cout << options.file << ": no mistakes (" << bots->size() << " bots)\n";
  return exit_code::ok;
}

int settle(const BotsCommand& options) {
  const auto& words = options.words;
  if (words.size() != 3 ||
      (words[2] != "posted" && words[2] != "accepted" && words[2] != "rejected"))
    return failed("settle needs a table, an item and posted, accepted or rejected",
                  exit_code::usage);
  auto book = narrative::ContentBook::open(state_folder(options.narrate) + "/content.db");
  if (!book) return failed(book.error().message(), exit_code::failed);
  const auto row = book->row(words[0], words[1]);
  if (!row) return failed(row.error().message(), exit_code::failed);
  const auto done = book->change(words[0], row->id, "", words[2], "settled by hand");
  return done ? exit_code::ok : failed(done.error().message(), exit_code::failed);
}

// The table that a narrative fills; empty: it cannot be read now, and its turn tells why.
std::string table_of(const narrative::Bot& bot) {
  narrative::DiskSources sources;
  const auto loaded = narrative::load(bot.file, sources);
  if (!loaded.ok()) return "";
  const auto name = choose_narrative(loaded.book, bot.narrative);
  const auto* narrative = name ? loaded.book.find(*name) : nullptr;
  if (!narrative) return "";
  return narrative->target.empty() ? narrative->name : narrative->target;
}

int run(const BotsCommand& options) {
  auto bots = load(options.file);
  if (!bots) return exit_code::usage;
  for (auto& bot : *bots)
    if (bot.kind == narrative::Bot::Kind::generation) bot.table = table_of(bot);
  asio::io_context loop(1);
  net::SystemClock clock;
  LoopTimer timer;
  const auto folder = state_folder(options.narrate);
  narrative::FolderState state(folder + "/state");
  BotWork work(loop, options, state);
  narrative::BotPorts ports;
  ports.clock = &clock;
  ports.timer = &timer;
  ports.random = &net::system_random();
  ports.actions = &work;
  ports.state = &state;
  ports.content = folder + "/content.db";
  ports.tell = tell;
  narrative::BotOptions how;
  how.only = options.only;
  how.once = options.once;
  how.at_once = options.at_once;
  Result<void> result;
  asio::cancellation_signal cancel;
  asio::co_spawn(loop, narrative::run_bots(std::move(*bots), std::move(how), std::move(ports)),
                 asio::bind_cancellation_slot(cancel.slot(),
                                              [&](std::exception_ptr thrown, Result<void> done) {
                                                result = std::move(done);
                                                loop.stop();
                                                if (thrown) std::rethrow_exception(thrown);
                                              }));
  asio::signal_set signals(loop, SIGINT, SIGTERM);
  signals.async_wait([&cancel](const boost::system::error_code& error, int) {
    if (!error) cancel.emit(asio::cancellation_type::terminal);
  });
  loop.run();
  if (result) return exit_code::ok;
  return failed(result.error().message(), result.error().kind() == ErrorKind::not_found
                                              ? exit_code::usage
                                              : exit_code::failed);
}

}  // namespace

void add_bots(CLI::App& app, BotsCommand& options) {
  auto* command = app.add_subcommand(
      "bots", "Run narratives again and again, look through what they make, and post it");
  command->require_subcommand(1);
  const auto verb = [&](const std::string& name, const std::string& what) {
    auto* sub = command->add_subcommand(name, what);
    sub->callback([&options, name] { options.verb = name; });
    return sub;
  };
  auto* run = verb("run", "Run the bots of a file until Ctrl-C");
  run->add_option("file", options.file, "The bots (TOML)")->required();
  run->add_option("--only", options.only, "Only these bots")->delimiter(',');
  run->add_flag("--once", options.once, "Run what is due, and end");
  run->add_option("--at-once", options.at_once, "Bots of different tables side by side (default 4)")
      ->check(CLI::Range(1, 64));
  add_narrate_service(*run, options.narrate);
  add_narrate_budget(*run, options.narrate);
  add_narrate_world(*run, options.narrate);
  auto* check = verb("check", "Tell every mistake of a file and of its narratives");
  check->add_option("file", options.file, "The bots (TOML)")->required();
  auto* settle = verb("settle", "Say what became of an item whose posting was cut");
  settle->add_option("what", options.words, "TABLE ITEM posted|accepted|rejected")
      ->expected(3)
      ->required();
  settle->add_option("--state-dir", options.narrate.state_dir, "Folder of the content");
}

int bots(const BotsCommand& options) {
  if (options.verb == "check") return check(options);
  if (options.verb == "settle") return settle(options);
  return run(options);
}

}  // namespace parley::cli
