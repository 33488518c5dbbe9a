#include "parley/narrative/bots.hpp"

#include <algorithm>
#include <charconv>
#include <numeric>
#include <optional>

#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/json/value.hpp"
#include "parley/narrative/detail/group.hpp"
#include "parley/narrative/extract.hpp"

namespace parley::narrative {
namespace {

constexpr std::string_view kScope = "bots";

std::optional<std::int64_t> whole(std::string_view text) {
  std::int64_t out = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

class BotRun {
 public:
  BotRun(std::vector<Bot> bots, BotOptions options, BotPorts ports)
      : bots_(std::move(bots)), options_(std::move(options)), ports_(std::move(ports)) {}

  Task<Result<void>> run();

 private:
  Result<void> choose();
  Result<void> plan();
  Result<void> next_after(std::size_t bot, WallTime from);
  Result<void> tell_unsettled();
  Task<Result<void>> turn(Bot bot);
  Task<Result<void>> curate(Bot bot);
  Task<Result<void>> post(Bot bot);
  Task<Result<bool>> post_one(Bot bot, ContentBook* book);
  bool belong_together(std::size_t a, std::size_t b) const;
  bool may_run(std::size_t bot) const;
  Result<void> start_due(detail::Group& group);
  void set_alarm(detail::Group& group);
  static Task<void> act(BotRun* self, std::size_t at);
  static Task<void> wake(BotRun* self, WallTime at);
  void tell(const Bot& bot, std::string_view what, std::string item = "",
            std::string message = "") {
    if (!ports_.tell) return;
    BotEvent event;
    event.bot = bot.name;
    event.what = what;
    event.item = std::move(item);
    event.message = std::move(message);
    ports_.tell(event);
  }

  std::vector<Bot> bots_;
  BotOptions options_;
  BotPorts ports_;
  std::vector<WallTime> due_;
  std::vector<bool> busy_;
  std::optional<WallTime> wakes_;  // the earliest alarm that is set
  bool ended_ = false;
};

Result<void> BotRun::choose() {
  for (const auto& name : options_.only)
    if (std::ranges::find(bots_, name, &Bot::name) == bots_.end()) {
      std::vector<std::string_view> names;
      for (const auto& bot : bots_) names.push_back(bot.name);
      return fail(ErrorKind::not_found,
                  fmt::format("there is no bot {}{}", name, did_you_mean(name, names)));
    }
  if (!options_.only.empty())
    std::erase_if(bots_, [this](const Bot& bot) {
      return std::ranges::find(options_.only, bot.name) == options_.only.end();
    });
  return {};
}

// A bot that was never run is due at once, one that missed its time as well, once.
Result<void> BotRun::plan() {
  for (const auto& bot : bots_) {
    auto kept = ports_.state->read(std::string(kScope), bot.name);
    if (!kept) return fail(std::move(kept.error()));
    const auto ms = *kept ? whole(**kept) : std::nullopt;
    due_.push_back(ms ? from_unix_ms(*ms) : ports_.clock->wall_now());
  }
  return {};
}

Result<void> BotRun::next_after(std::size_t bot, WallTime from) {
  const auto jitter = static_cast<std::uint64_t>(bots_[bot].jitter.count());
  const auto more = std::chrono::milliseconds(ports_.random->below(jitter + 1));
  due_[bot] = from + bots_[bot].every + more;
  return ports_.state->write(std::string(kScope), bots_[bot].name,
                             std::to_string(to_unix_ms(due_[bot])));
}

Result<void> BotRun::tell_unsettled() {
  for (const auto& bot : bots_) {
    if (bot.kind != Bot::Kind::posting) continue;
    auto book = ContentBook::open(ports_.content);
    if (!book) continue;
    ContentFilter filter;
    filter.status = "posting";
    auto rows = book->rows(bot.table, filter);
    if (!rows && rows.error().kind() == ErrorKind::not_found) continue;
    if (!rows) return fail(std::move(rows.error()));
    for (const auto& row : *rows)
      tell(bot, "unsettled", row.id,
           fmt::format("its posting was cut: it may have been posted or not; look, and run: parley "
                       "bots settle {} {} posted (or accepted, to post it again)",
                       bot.table, row.id));
  }
  return {};
}

Task<Result<void>> BotRun::curate(Bot bot) {
  auto book = ContentBook::open(ports_.content);
  if (!book) co_return fail(std::move(book.error()));
  ContentFilter filter;
  filter.status = "good";
  auto rows = book->rows(bot.table, filter);
  if (!rows) co_return fail(std::move(rows.error()));
  if (rows->size() > static_cast<std::size_t>(bot.batch))
    rows->resize(static_cast<std::size_t>(bot.batch));
  for (const auto& row : *rows) {
    auto verdict = co_await ports_.actions->judge(bot, row);
    if (!verdict) co_return fail(std::move(verdict.error()));
    const std::string status = verdict->accepted ? "accepted" : "rejected";
    auto changed = book->change(bot.table, row.id, "good", status, verdict->reason);
    if (!changed) co_return changed;
    tell(bot, status, row.id, verdict->reason);
  }
  co_return Result<void>();
}

// False: there is nothing to post, or it is no good time for it.
Task<Result<bool>> BotRun::post_one(Bot bot, ContentBook* book) {
  auto row = book->take(bot.table, bot.from, "posting");
  if (!row) co_return fail(std::move(row.error()));
  if (!*row) co_return false;
  const auto id = (*row)->id;
  auto posted = co_await ports_.actions->post(bot, std::move(**row));
  if (posted) {
    auto kept = book->change(bot.table, id, "posting", "posted",
                             "at " + to_iso8601(ports_.clock->wall_now()));
    if (!kept) co_return fail(std::move(kept.error()));
    tell(bot, "posted", id);
    co_return true;
  }
  const auto why = posted.error().describe();
  // Cut in the middle: nobody knows.
  if (posted.error().kind() == ErrorKind::cancelled) co_return fail(std::move(posted.error()));
  const bool again = posted.error().detail("not_posted").has_value();
  auto kept = book->change(bot.table, id, "posting", again ? bot.from : "failed", why);
  if (!kept) co_return fail(std::move(kept.error()));
  tell(bot, again ? "postponed" : "failed", id, why);
  co_return !again;
}

Task<Result<void>> BotRun::post(Bot bot) {
  auto book = ContentBook::open(ports_.content);
  if (!book) co_return fail(std::move(book.error()));
  for (int i = 0; i < bot.batch; ++i) {
    auto more = co_await post_one(bot, &*book);
    if (!more) co_return fail(std::move(more.error()));
    if (!*more) break;
  }
  co_return Result<void>();
}

Task<Result<void>> BotRun::turn(Bot bot) {
  if (bot.kind == Bot::Kind::curation) co_return co_await curate(std::move(bot));
  if (bot.kind == Bot::Kind::posting) co_return co_await post(std::move(bot));
  co_return co_await ports_.actions->generate(std::move(bot));
}

// Of one table, or one of them may work on any.
bool BotRun::belong_together(std::size_t a, std::size_t b) const {
  const auto &one = bots_[a].table, &other = bots_[b].table;
  return one.empty() || other.empty() || one == other;
}

// Nothing that runs is in its way.
bool BotRun::may_run(std::size_t bot) const {
  if (std::ranges::count(busy_, true) >= options_.at_once || busy_[bot]) return false;
  for (std::size_t other = 0; other < bots_.size(); ++other)
    if (busy_[other] && belong_together(bot, other)) return false;
  return true;
}

Task<void> BotRun::act(BotRun* self, std::size_t at) {
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  auto done = co_await self->turn(self->bots_[at]);
  if (!done)
    self->tell(self->bots_[at], "failed", "", done.error().describe());
  else
    self->tell(self->bots_[at], "done");
  self->busy_[at] = false;
  if (!done && done.error().kind() == ErrorKind::cancelled) self->ended_ = true;
}

Task<void> BotRun::wake(BotRun* self, WallTime at) {
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  const auto now = self->ports_.clock->wall_now();
  if (at > now) co_await self->ports_.timer->wait(at - now);
  if (self->wakes_ == at) self->wakes_.reset();
}

// Those that are due, the longest first; one that has to wait holds up those of its table.
Result<void> BotRun::start_due(detail::Group& group) {
  std::vector<std::size_t> order(bots_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [this](std::size_t bot) { return due_[bot]; });
  std::vector<std::size_t> held;
  for (const auto bot : order) {
    if (busy_[bot] || due_[bot] > ports_.clock->wall_now()) continue;
    const bool behind = std::ranges::any_of(
        held, [this, bot](std::size_t other) { return belong_together(bot, other); });
    if (behind || !may_run(bot)) {
      held.push_back(bot);
      continue;
    }
    // Before it acts: a run that is killed in the middle does not begin with the same again.
    if (auto kept = next_after(bot, ports_.clock->wall_now()); !kept) return kept;
    busy_[bot] = true;
    tell(bots_[bot], "begin");
    group.start(act(this, bot));
  }
  return {};
}

// The next one that could begin while others run has its time.
void BotRun::set_alarm(detail::Group& group) {
  std::optional<WallTime> next;
  for (std::size_t bot = 0; bot < bots_.size(); ++bot)
    if (may_run(bot) && (!next || due_[bot] < *next)) next = due_[bot];
  if (!next || options_.once || (wakes_ && *wakes_ <= *next)) return;
  wakes_ = next;
  group.start(wake(this, *next));
}

Task<Result<void>> BotRun::run() {
  if (auto chosen = choose(); !chosen) co_return chosen;
  if (auto planned = plan(); !planned) co_return planned;
  if (auto told = tell_unsettled(); !told) co_return told;
  busy_.assign(bots_.size(), false);
  detail::Group group(co_await boost::asio::this_coro::executor);
  Result<void> result;
  while (!bots_.empty()) {
    const auto state = co_await boost::asio::this_coro::cancellation_state;
    ended_ = ended_ || state.cancelled() != boost::asio::cancellation_type::none;
    if (ended_) break;
    result = start_due(group);
    if (!result || ended_) break;
    if (std::ranges::count(busy_, true) > 0) {
      set_alarm(group);
      co_await group.wait();
      continue;
    }
    const auto first = static_cast<std::size_t>(std::ranges::min_element(due_) - due_.begin());
    const auto now = ports_.clock->wall_now();
    if (due_[first] <= now) continue;
    if (options_.once) break;
    tell(bots_[first], "waiting", "", to_iso8601(due_[first]));
    co_await ports_.timer->wait(due_[first] - now);
  }
  group.cancel();
  while (group.running() > 0) co_await group.wait();
  group.rethrow();
  co_return result;
}

}  // namespace

Result<Verdict> read_verdict(std::string_view answer) {
  Verdict out;
  if (const auto found = extract(answer, Output::Format::json)) {
    const auto* object = found->value->if_object();
    const auto* accept = object ? object->if_contains("accept") : nullptr;
    if (accept && accept->is_bool()) {
      out.accepted = accept->get_bool();
      if (const auto* reason = object->if_contains("reason"); reason && reason->is_string())
        out.reason = std::string(reason->get_string());
      return out;
    }
  }
  const auto text = trim(answer);
  const auto word = to_lower_ascii(text.substr(0, 3));
  const bool yes = word == "yes";
  if (!yes && !word.starts_with("no"))
    return fail(
        ErrorKind::invalid_response,
        fmt::format("the judge's answer must be {{\"accept\": true or false}}, or begin with "
                    "yes or no; it is: {}",
                    first_scalars(text, 100)));
  out.accepted = yes;
  out.reason = std::string(text);
  return out;
}

Task<Result<void>> run_bots(std::vector<Bot> bots, BotOptions options, BotPorts ports) {
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  BotRun run(std::move(bots), std::move(options), std::move(ports));
  co_return co_await run.run();
}

}  // namespace parley::narrative
