#include <filesystem>

#include <fmt/format.h>

#include "parley/api/credentials.hpp"
#include "parley/base/text.hpp"
#include "parley/cli/bots.hpp"
#include "parley/cli/narrate_services.hpp"
#include "parley/cli/narrate_world.hpp"
#include "parley/cli/settings.hpp"
#include "parley/http/url.hpp"
#include "parley/json/value.hpp"
#include "parley/net/http_client.hpp"

namespace parley::cli {
namespace {

constexpr std::string_view kScope = "bots";
constexpr int kTryAgain = 75;  // EX_TEMPFAIL of sysexits.h

// The state with the item that is judged.
class ItemState final : public narrative::StateStore {
 public:
  ItemState(narrative::StateStore& below, std::string item)
      : below_(below), item_(std::move(item)) {}
  Result<std::optional<std::string>> read(const std::string& scope,
                                          const std::string& key) override {
    if (key == "item" && scope.starts_with("narrative.")) return std::optional(item_);
    return below_.read(scope, key);
  }
  Result<void> write(const std::string& scope, const std::string& key,
                     const std::string& value) override {
    return below_.write(scope, key, value);
  }

 private:
  narrative::StateStore& below_;
  std::string item_;
};

// How a run begins: anew, or where its record ends.
struct Begin {
  Begin() = default;
  std::unique_ptr<narrative::FileJournal> journal;
  narrative::RunOptions options;
};

Result<Begin> begin(const std::string& record, const std::string& model) {
  Begin out;
  out.options.default_model = model;
  if (std::filesystem::exists(record)) {
    auto journal = narrative::FileJournal::resume(record);
    if (!journal) return fail(std::move(journal.error()));
    out.journal = std::move(*journal);
    const auto& entries = out.journal->entries();
    if (!entries.empty()) {
      out.options.run_id = entries.front().run;
      out.options.default_model = entries.front().model;
      out.options.resumed = true;
      out.options.replay = narrative::Replay(entries);
      return out;
    }
  } else {
    auto journal = narrative::FileJournal::create(record);
    if (!journal) return fail(std::move(journal.error()));
    out.journal = std::move(*journal);
  }
  out.options.run_id = std::filesystem::path(record).stem().string();
  return out;
}

Error not_posted(Error error) {
  return std::move(error).with_detail("not_posted", "yes");
}

}  // namespace

// `item`: what is judged; empty: nothing is.
Task<Result<narrative::RunResult>> BotWork::run(narrative::Bot bot, std::string record,
                                                std::string item) {
  const auto book = load_book(bot.file, options_.narrate, true);
  if (!book)
    co_return fail(ErrorKind::invalid_argument, bot.file + " has the mistakes that were told");
  const auto name = choose_narrative(*book, bot.narrative);
  if (!name) co_return fail(name.error());
  const auto& options = options_.narrate;
  World world;
  if (auto made = world.make(loop_, options, false); !made) co_return fail(std::move(made.error()));
  if (auto set = world.set_state(options.set, *name); !set) co_return fail(std::move(set.error()));
  std::optional<ItemState> with_item;
  if (!item.empty()) {
    with_item.emplace(*world.ports.state, std::move(item));
    world.ports.state = &*with_item;
  }
  auto begun = begin(record, choose_model(options.model, settings_or_complain("bots")));
  if (!begun) co_return fail(std::move(begun.error()));
  const auto budget = budget_of(options);
  if (!budget) co_return fail(budget.error());
  world.ports.journal = begun->journal.get();
  auto run_options = std::move(begun->options);
  run_options.source = std::filesystem::absolute(bot.file).string();
  run_options.prices = prices_for(options, *book, run_options.default_model);
  run_options.budget = *budget;
  run_options.cache = options.cache;
  if (auto opened = world.open_services(models_asked(options, *book, run_options.default_model));
      !opened)
    co_return fail(std::move(opened.error()));
  co_return co_await narrative::run(*book, *name, std::move(run_options), world.ports);
}

// A run that did not end well, or at all, goes on in the bot's next turn.
Task<Result<void>> BotWork::generate(narrative::Bot bot) {
  const auto key = bot.name + ".record";
  auto kept = state_.read(std::string(kScope), key);
  if (!kept) co_return fail(std::move(kept.error()));
  auto record = kept->value_or("");
  if (record.empty() || !std::filesystem::exists(record)) {
    const auto id = make_uuid_v7(net::SystemClock().wall_now(), net::system_random());
    record = fmt::format("{}/runs/{}.jsonl", state_folder(options_.narrate), id);
    auto written = state_.write(std::string(kScope), key, record);
    if (!written) co_return written;
  }
  auto result = co_await run(bot, record, "");
  if (!result) co_return fail(std::move(result.error()));
  // A person goes on with one that waits for approval.
  if (result->status == narrative::Status::done || result->status == narrative::Status::paused) {
    auto written = state_.write(std::string(kScope), key, "");
    if (!written) co_return written;
  }
  if (result->status == narrative::Status::done) co_return Result<void>();
  if (result->error)
    co_return fail(Error(result->error->kind(),
                         fmt::format("{} (record {})", result->error->message(), record)));
  co_return fail(ErrorKind::cancelled, "the run was cancelled");
}

Task<Result<narrative::Verdict>> BotWork::judge(narrative::Bot bot, narrative::ContentRow item) {
  const auto id = make_uuid_v7(net::SystemClock().wall_now(), net::system_random());
  auto record = fmt::format("{}/runs/{}.jsonl", state_folder(options_.narrate), id);
  auto result = co_await run(std::move(bot), std::move(record), std::move(item.item));
  if (!result) co_return fail(std::move(result.error()));
  if (result->error) co_return fail(std::move(*result->error));
  co_return narrative::read_verdict(result->output);
}

Task<Result<void>> BotWork::post_by_program(narrative::Bot bot, narrative::ContentRow item) {
  narrative::ProgramCall call;
  call.line = bot.run;
  call.environment = bot.environment;
  call.set = {"PARLEY_ITEM_ID=" + item.id, "PARLEY_TABLE=" + bot.table};
  call.input = item.item;
  call.timeout = bot.timeout;
  auto done = co_await narrative::run_program(std::move(call));
  if (done) co_return Result<void>();
  const auto& error = done.error();
  const bool again = error.detail("exit_code") == std::to_string(kTryAgain) ||
                     error.kind() == ErrorKind::not_found ||
                     error.kind() == ErrorKind::permission_denied;
  co_return fail(again ? not_posted(error) : error);
}

Task<Result<void>> BotWork::post_by_http(narrative::Bot bot, narrative::ContentRow item) {
  auto url = http::parse_url(bot.url);
  if (!url) co_return fail(not_posted(url.error()));
  http::Request request("POST", url->target);
  request.headers.set("Content-Type", "application/json");
  request.headers.set("Idempotency-Key", item.id);
  for (const auto& [header, variable] : bot.headers_env) {
    const auto value = api::environment(variable.c_str());
    if (!value)
      co_return fail(not_posted(
          Error(ErrorKind::not_found,
                fmt::format("the variable {} of the header {} is not set", variable, header))));
    request.headers.set(header, *value);
  }
  request.body = std::move(item.item);
  net::HttpClientOptions options;
  options.response_timeout = options.read_timeout = bot.timeout;
  options.max_body = 1024 * 1024;
  net::HttpClient client(std::move(options));
  auto answer = co_await client.send(std::move(*url), std::move(request));
  if (!answer) {
    const auto& error = answer.error();
    const bool never_sent = error.stage() == Stage::resolve || error.stage() == Stage::connect ||
                            error.stage() == Stage::tls;
    co_return fail(never_sent ? not_posted(error) : error);
  }
  if (answer->status >= 200 && answer->status < 300) co_return Result<void>();
  Error error(ErrorKind::service, fmt::format("the address answered {}", answer->status));
  const bool again = answer->status == 429 || answer->status == 503;
  co_return fail(again ? not_posted(std::move(error)) : std::move(error));
}

Task<Result<void>> BotWork::post(narrative::Bot bot, narrative::ContentRow item) {
  if (bot.run.empty()) co_return co_await post_by_http(std::move(bot), std::move(item));
  co_return co_await post_by_program(std::move(bot), std::move(item));
}

}  // namespace parley::cli
