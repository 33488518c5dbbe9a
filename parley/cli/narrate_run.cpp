#include <csignal>
#include <filesystem>
#include <iostream>
#include <sys/ioctl.h>
#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "parley/api/credentials.hpp"
#include "parley/base/text.hpp"
#include "parley/cli/console.hpp"
#include "parley/cli/narrate.hpp"
#include "parley/cli/narrate_services.hpp"
#include "parley/cli/narrate_view.hpp"
#include "parley/cli/narrate_world.hpp"
#include "parley/cli/settings.hpp"
#include "parley/json/writer.hpp"
#include "parley/net/system.hpp"

namespace parley::cli {
namespace {

namespace asio = boost::asio;

std::size_t columns() {
  winsize size{};
  return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 100;
}

// How a run shows itself: a list on a terminal, lines of JSON elsewhere, or nothing.
class Display {
 public:
  Display(asio::io_context& loop, const NarrateOptions& options,
          const narrative::Narrative& narrative)
      : style_(Style::of(stdout)),
        live_(style_.terminal() && !options.json && !options.text),
        lines_(!live_ && !options.text),
        view_(style_, columns(), names_of(narrative)),
        tick_(loop) {}

  void act(const narrative::ActResult& act) {
    view_.update(act, clock_.now());
    if (lines_) std::cout << json_line(act) << std::endl;
    draw();
  }
  void draw() {
    if (live_ && !held_) std::cout << view_.draw(clock_.now()) << std::flush;
  }
  // While a question is on the screen.
  void hold(bool held) { held_ = held; }
  void start_ticking() {
    if (!live_) return;
    tick_.expires_after(std::chrono::seconds(1));
    tick_.async_wait([this](const boost::system::error_code& error) {
      if (error) return;
      draw();
      start_ticking();
    });
  }
  void begin(const std::string& id, const std::string& record, bool offline) {
    if (!lines_) return;
    std::string line;
    json::Writer out(line);
    out.begin_object().key("event").value("begin").key("run").value(id);
    out.key("record").value(record).key("offline").value(offline).end_object();
    std::cout << line << std::endl;
  }
  void end(const narrative::RunResult& run, const std::string& record) {
    tick_.cancel();
    if (lines_) {
      std::cout << json_line(run, record) << std::endl;
      return;
    }
    if (live_)
      std::cout << style_.dim(fmt::format("{} tokens  {}  {}", run.tokens.total(),
                                          money_text(run.cost), time_text(run.time)))
                << "\n\n";
    if (run.status == narrative::Status::done)
      std::cout << strip_control(to_valid_utf8(run.output)) << std::endl;
  }

 private:
  static std::vector<std::string> names_of(const narrative::Narrative& narrative) {
    std::vector<std::string> names;
    if (narrative.carousel) return names;
    for (const auto& act : narrative.acts) names.push_back(act.name);
    return names;
  }

  Style style_;
  bool live_, lines_, held_ = false;
  RunView view_;
  asio::steady_timer tick_;
  net::SystemClock clock_;
};

Task<void> running(const narrative::Book& book, std::string name, narrative::RunOptions options,
                   narrative::Ports& ports, narrative::RunResult& result) {
  result = co_await narrative::run(book, std::move(name), std::move(options), ports);
}

// Runs it until it ends or a signal comes.
narrative::RunResult run_loop(asio::io_context& loop, const narrative::Book& book,
                              const std::string& name, narrative::RunOptions options,
                              narrative::Ports& ports, Display& display) {
  narrative::RunResult result;
  asio::cancellation_signal cancel;
  asio::co_spawn(loop, running(book, name, std::move(options), ports, result),
                 asio::bind_cancellation_slot(cancel.slot(), [&loop](std::exception_ptr thrown) {
                   loop.stop();
                   if (thrown) std::rethrow_exception(thrown);
                 }));
  asio::signal_set signals(loop, SIGINT, SIGTERM);
  signals.async_wait([&cancel](const boost::system::error_code& error, int) {
    if (!error) cancel.emit(asio::cancellation_type::terminal);
  });
  display.start_ticking();
  loop.run();
  return result;
}

// What differs from the record that was expected; empty: nothing.
std::vector<std::string> differences(const narrative::RunResult& run,
                                     const std::vector<narrative::Entry>& golden) {
  std::map<std::string, std::string> expected;
  for (const auto& entry : golden)
    if (entry.type == narrative::EntryType::end_act) expected[entry.path] = entry.text;
  std::vector<std::string> out;
  for (const auto& act : run.acts) {
    const auto found = expected.find(act.path);
    if (found == expected.end())
      out.push_back(fmt::format("act {} is not in the golden record", act.path));
    else if (act.status == narrative::Status::done && found->second != act.output)
      out.push_back(fmt::format("act {}: its result is not the recorded one", act.path));
  }
  for (const auto& path : run.unused)
    out.push_back(fmt::format("act {}: a recorded answer was not asked for", path));
  return out;
}

int ended(const narrative::RunResult& run, const std::string& record) {
  const auto again =
      record.empty() ? std::string() : "\nGo on with: parley narrate resume " + record;
  switch (run.status) {
    case narrative::Status::done:
      return exit_code::ok;
    case narrative::Status::paused:
      return narrate_failed((run.error ? run.error->message() : "it waits") + again, exit_paused);
    case narrative::Status::cancelled:
      return narrate_failed("interrupted" + again, exit_code::interrupted);
    default:
      return narrate_failed((run.error ? run.error->describe() : "it failed") + again,
                            exit_code::failed);
  }
}

// The run's own folder of files, what it replays, and where its book is.
struct Start {
  Start() = default;
  std::string book_file, narrative, record;
  narrative::RunOptions options;
  std::vector<narrative::Entry> golden;
  std::unique_ptr<narrative::FileJournal> journal;
};

Result<Start> start_resumed(const NarrateOptions& options) {
  Start out;
  out.record = options.file;
  auto journal = narrative::FileJournal::resume(options.file);
  if (!journal) return fail(std::move(journal.error()));
  out.journal = std::move(*journal);
  const auto& entries = out.journal->entries();
  if (entries.empty())
    return fail(ErrorKind::invalid_argument,
                options.file + " is empty: its run ended before it began; start it with run");
  const auto& begin = entries.front();
  out.narrative = begin.narrative;
  out.book_file = options.source.empty() ? begin.file : options.source;
  out.options.run_id = begin.run;
  out.options.resumed = true;
  out.options.default_model = options.model.empty() ? begin.model : options.model;
  out.options.replay = narrative::Replay(entries);
  return out;
}

Result<Start> start_new(const NarrateOptions& options) {
  Start out;
  out.book_file = options.file;
  net::SystemClock clock;
  out.options.run_id = make_uuid_v7(clock.wall_now(), net::system_random());
  out.options.default_model = choose_model(options.model, settings_or_complain("narrate"));
  if (options.golden.empty()) {
    out.record = options.save.empty()
                     ? fmt::format("{}/runs/{}.jsonl", state_folder(options), out.options.run_id)
                     : options.save;
    return out;
  }
  auto golden = narrative::read_record(options.golden);
  if (!golden) return fail(std::move(golden.error()));
  out.golden = std::move(*golden);
  if (!out.golden.empty() && options.model.empty())
    out.options.default_model = out.golden.front().model;
  out.options.replay = narrative::Replay(out.golden);
  return out;
}

int go(const NarrateOptions& options, Start start, const narrative::Book& book) {
  asio::io_context loop(1);
  World world;
  Display display(loop, options, *book.find(start.narrative));
  if (auto made = world.make(loop, options, !start.golden.empty()); !made)
    return narrate_failed(
        made.error().describe(),
        made.error().kind() == ErrorKind::invalid_argument ? exit_code::usage : exit_code::failed);
  const auto models = models_asked(options, book, start.options.default_model);
  if (auto opened = world.open_services(models); !opened)
    return narrate_failed(opened.error().message(), exit_code::usage);
  if (auto set = world.set_state(options.set, start.narrative); !set)
    return narrate_failed(set.error().message(), exit_code::usage);
  world.before_question = [&display] { display.hold(true); };
  world.after_question = [&display] { display.hold(false); };
  if (!start.journal && start.golden.empty()) {
    auto journal = narrative::FileJournal::create(start.record);
    if (!journal) return narrate_failed(journal.error().message(), exit_code::failed);
    start.journal = std::move(*journal);
  }
  world.ports.journal = start.journal.get();
  auto& run_options = start.options;
  run_options.source = std::filesystem::absolute(start.book_file).string();
  run_options.prices = prices_for(options, book, run_options.default_model);
  run_options.cache = options.cache;
  run_options.progress = [&display](const narrative::ActResult& act) { display.act(act); };
  const auto budget = budget_of(options);
  if (!budget) return narrate_failed(budget.error().message(), exit_code::usage);
  run_options.budget = *budget;
  auto retry = retry_of(options);
  if (!retry) return narrate_failed(retry.error().message(), exit_code::usage);
  run_options.retry = std::move(*retry);
  if (world.offline() && !options.offline && start.golden.empty() && world.asks_gemini(models))
    std::cerr << "(No GEMINI_API_KEY or GOOGLE_API_KEY is set: the offline model answers.)\n";
  display.begin(run_options.run_id, start.record, world.offline());
  const auto result =
      run_loop(loop, book, start.narrative, std::move(run_options), world.ports, display);
  display.end(result, start.record);
  if (start.golden.empty()) return ended(result, start.record);
  const auto wrong = differences(result, start.golden);
  for (const auto& one : wrong) narrate_failed("golden: " + one, exit_code::failed);
  return wrong.empty() ? ended(result, "") : exit_code::failed;
}

}  // namespace

int narrate_run(const NarrateOptions& options) {
  auto start = options.verb == "resume" ? start_resumed(options) : start_new(options);
  if (!start)
    return narrate_failed(
        start.error().message(),
        start.error().kind() == ErrorKind::invalid_argument ? exit_code::usage : exit_code::failed);
  const auto book = load_book(start->book_file, options, start->golden.empty());
  if (!book) return exit_code::usage;
  const auto wanted = start->narrative.empty() ? options.narrative : start->narrative;
  const auto name = choose_narrative(*book, wanted);
  if (!name) return narrate_failed(name.error().message(), exit_code::usage);
  start->narrative = *name;
  if (options.verb == "resume" &&
      start->journal->entries().front().hash != narrative::hash_of(*book))
    std::cerr
        << "(The file has changed since: acts whose prompts are the same keep their answers.)\n";
  return go(options, std::move(*start), *book);
}

}  // namespace parley::cli
