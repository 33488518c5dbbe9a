#include "parley/narrative/runner.hpp"

#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

#include "parley/narrative/detail/narrative_run.hpp"

namespace parley::narrative {
namespace {

constexpr std::string_view kStatuses[] = {"waiting", "running", "done",    "skipped",
                                          "failed",  "paused",  "not_run", "cancelled"};

Entry begin_entry(const detail::Session& session, const std::string& name,
                  const Narrative& narrative) {
  Entry begin(session.options.resumed ? EntryType::resume : EntryType::begin);
  begin.run = session.options.run_id;
  if (session.options.resumed) return begin;
  begin.narrative = name;
  begin.file = session.options.source.empty() ? narrative.file : session.options.source;
  begin.hash = hash_of(session.book);
  begin.model = session.options.default_model;
  return begin;
}

RunResult result_of(detail::Session& session, detail::Outcome outcome, const BudgetScope& scope,
                    TimePoint started) {
  RunResult out;
  out.status = outcome.result.status;
  out.acts = std::move(session.results);
  out.output = std::move(outcome.result.output);
  out.tokens = scope.spent();
  out.cost = scope.spent_money();
  out.time = session.since(started);
  out.rounds = outcome.result.rounds;
  out.rounds_planned = outcome.result.rounds_planned;
  out.error = std::move(outcome.error);
  for (const auto& entry : session.options.replay.left()) out.unused.push_back(entry.path);
  return out;
}

}  // namespace

std::string hash_of(const Book& book) {
  std::string all;
  for (const auto& [file, text] : book.sources) all += sha256(text);
  return sha256(all);
}

std::pair<std::string, std::string> scope_and_key(const std::string& name,
                                                  const std::string& narrative) {
  const auto dot = name.find('.');
  if (dot == std::string::npos) return {"narrative." + narrative, name};
  const auto scope = name.substr(0, dot);
  return {scope == "narrative" ? "narrative." + narrative : scope, name.substr(dot + 1)};
}

std::string_view to_string(Status status) {
  return kStatuses[static_cast<std::size_t>(status)];
}

Task<RunResult> run(const Book& book, std::string name, RunOptions options, Ports& ports) {
  detail::Session session(book, std::move(options), ports);
  RunResult refused;
  refused.status = Status::failed;
  const auto* narrative = book.find(name);
  if (!narrative) {
    refused.error = Error(ErrorKind::not_found, fmt::format("there is no narrative {}", name));
    co_return refused;
  }
  const auto started = ports.clock->now();
  if (auto begun = session.write(begin_entry(session, name, *narrative), true); !begun) {
    refused.error = begun.error();
    co_return refused;
  }
  BudgetScope scope("the run", session.options.budget, nullptr, started);
  scope.add_time(session.options.replay.time());
  const bool throws = co_await boost::asio::this_coro::throw_if_cancelled();
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  auto outcome = co_await detail::run_narrative(session, *narrative, "", 0, scope);
  auto result = result_of(session, std::move(outcome), scope, started);
  Entry end(EntryType::end);
  end.status = to_string(result.status);
  end.tokens = result.tokens;
  end.cost = result.cost;
  end.ms = result.time.count();
  if (result.error) end.message = result.error->describe();
  if (auto written = session.write(std::move(end), true); !written && !result.error) {
    result.status = Status::failed;
    result.error = written.error();
  }
  co_await boost::asio::this_coro::throw_if_cancelled(throws);
  co_return result;
}

namespace detail {

Result<void> Session::write(Entry entry, bool durable) {
  if (keeping > 0 && (entry.type == EntryType::answer || entry.type == EntryType::value))
    kept.push_back(entry);
  if (!ports.journal) return {};
  entry.at = to_iso8601(ports.clock->wall_now());
  return ports.journal->append(to_line(entry), durable);
}

}  // namespace detail
}  // namespace parley::narrative
