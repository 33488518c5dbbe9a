#include "parley/cli/narrate_view.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/json/writer.hpp"

namespace parley::cli {
namespace {

using narrative::ActResult;
using narrative::Status;

std::string_view sign_of(Status status) {
  switch (status) {
    case Status::running:
      return "▶";
    case Status::done:
      return "✔";
    case Status::failed:
      return "✘";
    case Status::paused:
      return "‖";
    case Status::skipped:
      return "↷";
    case Status::cancelled:
      return "■";
    default:
      return "·";
  }
}

std::string painted(const Style& style, Status status, std::string_view text) {
  if (status == Status::done) return style.green(text);
  if (status == Status::failed || status == Status::cancelled) return style.red(text);
  if (status == Status::running) return style.cyan(text);
  if (status == Status::paused) return style.yellow(text);
  return style.dim(text);
}

std::string one_line(std::string_view text) {
  auto clean = strip_control(to_valid_utf8(text));
  std::ranges::replace(clean, '\n', ' ');
  std::ranges::replace(clean, '\t', ' ');
  return clean;
}

void numbers(json::Writer& out, const narrative::Tokens& tokens, double cost,
             std::chrono::milliseconds time) {
  out.key("input_tokens").value(tokens.input).key("output_tokens").value(tokens.output);
  out.key("cost").value(cost).key("ms").value(static_cast<std::int64_t>(time.count()));
}

void optional_text(json::Writer& out, std::string_view name, const std::string& text) {
  if (!text.empty()) out.key(name).value(text);
}

}  // namespace

std::string time_text(std::chrono::milliseconds time) {
  const auto ms = time.count();
  if (ms < 60'000) return fmt::format("{:.1f} s", static_cast<double>(ms) / 1000);
  return fmt::format("{} min {:02} s", ms / 60'000, ms / 1000 % 60);
}

std::string money_text(double cost) {
  return cost > 0 ? fmt::format("${:.4f}", cost) : std::string();
}

RunView::RunView(Style style, std::size_t columns, const std::vector<std::string>& acts)
    : style_(style), columns_(columns) {
  for (const auto& path : acts) rows_.emplace_back().act.path = path;
}

void RunView::update(const ActResult& act, TimePoint now) {
  auto row = std::ranges::find(rows_, act.path, [](const Row& one) { return one.act.path; });
  if (row == rows_.end()) row = rows_.insert(row, Row());
  if (act.status == Status::running) row->started = now;
  row->act = act;
}

std::string RunView::line(const Row& row, std::size_t width, TimePoint now) const {
  const auto& act = row.act;
  auto time = act.time;
  if (act.status == Status::running)
    time = std::chrono::duration_cast<std::chrono::milliseconds>(now - row.started);
  std::string facts;
  if (act.rounds_planned > 0) facts += fmt::format(" round {}/{}", act.rounds, act.rounds_planned);
  if (act.tokens.total() > 0) facts += fmt::format("  {} tokens", act.tokens.total());
  if (const auto money = money_text(act.cost); !money.empty()) facts += "  " + money;
  if (time.count() > 0) facts += "  " + time_text(time);
  if (act.from_record) facts += "  (recorded)";
  std::string text = fmt::format("{:<{}}  {:<9}{}", act.path, width, to_string(act.status), facts);
  if (!act.message.empty()) text += "  " + one_line(act.message);
  const auto room = columns_ > 4 ? columns_ - 3 : 1;
  return painted(style_, act.status, sign_of(act.status)) + " " +
         std::string(first_scalars(std::string_view(text), room)) + "\n";
}

std::string RunView::draw(TimePoint now) {
  std::string out;
  if (drawn_ > 0) out = fmt::format("\x1b[{}A\x1b[J", drawn_);
  std::size_t width = 0;
  for (const auto& row : rows_) width = std::max(width, count_scalars(row.act.path));
  for (const auto& row : rows_) out += line(row, std::min<std::size_t>(width, 40), now);
  drawn_ = rows_.size();
  return out;
}

std::string json_line(const ActResult& act) {
  std::string line;
  json::Writer out(line);
  out.begin_object().key("event").value("act").key("act").value(act.path);
  out.key("status").value(to_string(act.status));
  optional_text(out, "model", act.model);
  optional_text(out, "finish_reason", act.finish_reason);
  optional_text(out, "message", act.message);
  if (!act.notes.empty()) out.key("notes").value(act.notes);
  if (act.status != Status::running) {
    numbers(out, act.tokens, act.cost, act.time);
    out.key("output").value(act.output);
  }
  if (act.rounds_planned > 0)
    out.key("rounds").value(act.rounds).key("rounds_planned").value(act.rounds_planned);
  if (act.from_record) out.key("recorded").value(true);
  out.end_object();
  return line;
}

std::string json_line(const narrative::RunResult& run, std::string_view record) {
  std::string line;
  json::Writer out(line);
  out.begin_object().key("event").value("end").key("status").value(to_string(run.status));
  numbers(out, run.tokens, run.cost, run.time);
  if (run.rounds_planned > 0)
    out.key("rounds").value(run.rounds).key("rounds_planned").value(run.rounds_planned);
  if (run.error) {
    out.key("error").value(run.error->describe());
    if (const auto code = run.error->detail("code")) out.key("code").value(*code);
  }
  if (!record.empty()) out.key("record").value(record);
  out.key("output").value(run.output).end_object();
  return line;
}

}  // namespace parley::cli
