#include <algorithm>

#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/json/value.hpp"
#include "parley/narrative/detail/act_run.hpp"
#include "parley/narrative/detail/live_stage.hpp"
#include "parley/narrative/extract.hpp"

namespace parley::narrative::detail {
namespace {

constexpr std::size_t kSummaryAbove = 10 * 1024;
constexpr std::size_t kSummaryHead = 500;

std::string_view kind_of(const Input& input) {
  constexpr std::string_view kNames[] = {"text",  "medium",    "command",
                                         "table", "narrative", "microphone"};
  return kNames[input.what.index()];
}

std::size_t size_of(const std::vector<gemini::Part>& parts) {
  std::size_t bytes = 0;
  for (const auto& part : parts) {
    if (part.text) bytes += part.text->size();
    if (part.inline_data && part.inline_data->data) bytes += part.inline_data->data->size();
  }
  return bytes;
}

std::string head_of(const std::vector<gemini::Part>& parts) {
  std::string text;
  for (const auto& part : parts)
    if (part.text) text += *part.text;
  return std::string(first_scalars(std::string_view(text), kSummaryHead));
}

std::string described(const TableInput& input) {
  return input.alias.empty() ? input.name : input.alias;
}

}  // namespace

// What the turn leaves in the history of later acts. A summary is made by rule, and says so.
void ActRun::remember(const Input& input, const std::vector<gemini::Part>& parts) {
  auto retention = input.retention;
  const auto size = size_of(parts);
  if (retention == Retention::automatic)
    retention = size > kSummaryAbove && !std::holds_alternative<TextInput>(input.what)
                    ? Retention::summary
                    : Retention::full;
  if (retention == Retention::full) {
    remembered_.insert(remembered_.end(), parts.begin(), parts.end());
  } else if (retention == Retention::summary) {
    const auto head = head_of(parts);
    auto told = fmt::format("[A {} of {} bytes stood here and is shortened", kind_of(input), size);
    if (!head.empty()) told += fmt::format("; it began: {}", head);
    remembered_.push_back(gemini::text_part(told + "]"));
  }
}

Result<gemini::Part> ActRun::media(const MediaInput& input) {
  gemini::Part part;
  auto url = expand(input.url, values());
  if (!url) return fail(std::move(url.error()));
  if (!url->empty()) {
    auto& data = part.file_data.emplace(*url);
    data.mime_type = input.mime;
    return part;
  }
  auto& blob = part.inline_data.emplace();
  blob.mime_type = input.mime;
  auto base64 = expand(input.base64, values());
  auto file = expand(input.file, values());
  if (!base64) return fail(std::move(base64.error()));
  if (!file) return fail(std::move(file.error()));
  if (!base64->empty()) {
    auto bytes = from_base64(*base64);
    if (!bytes)
      return fail(Error(ErrorKind::invalid_argument, "base64: it is no base64")
                      .with_detail("code", "base64_decode"));
    blob.data = std::move(*bytes);
    return part;
  }
  if (!session_.ports.files) return fail(ErrorKind::not_found, "no files can be read here");
  auto bytes = session_.ports.files->read(file_beside(narrative_.file, *file));
  if (!bytes) return fail(std::move(bytes.error()));
  const auto view = as_bytes(*bytes);
  blob.data = Bytes(view.begin(), view.end());
  return part;
}

Task<Result<std::string>> ActRun::table(const TableInput& input) {
  TableQuery query;
  query.input = input;
  query.input.where.clear();
  if (query.input.database.empty()) query.input.database = narrative_.database;
  if (!query.input.database.empty() && !is_postgres(query.input.database))
    query.input.database = file_beside(narrative_.file, query.input.database);
  std::string asked = input.name + "\n" + query.input.database + "\n" + input.where_sql;
  for (const auto& [column, value] : input.where) {
    auto filled = expand(value, values());
    if (!filled) co_return fail(std::move(filled.error()));
    asked += "\n" + column + "=" + *filled;
    query.where.emplace_back(column, std::move(*filled));
  }
  const auto key = sha256(asked);
  if (auto known = session_.options.replay.value(path(), "table", key)) co_return *known;
  if (session_.options.dry) query.input.pull_and_delete = false;
  if (!session_.ports.tables)
    co_return fail(Error(ErrorKind::invalid_argument, "no tables can be read here")
                       .with_detail("code", "table_query_not_configured"));
  auto rows = co_await session_.ports.tables->read(query);
  if (!rows)
    co_return fail(Error(rows.error().kind(), rows.error().message())
                       .with_detail("code", "table_query_failed"));
  Entry entry(EntryType::value);
  entry.path = path();
  entry.what = "table";
  entry.key = key;
  entry.text = fmt::format("Table {}:\n{}", described(input),
                           render_table(rows->columns, rows->rows, input.format));
  const auto text = entry.text;
  if (auto written = session_.write(std::move(entry), input.pull_and_delete); !written)
    co_return fail(std::move(written.error()));
  // Behind the record: a crash between the two gives rows twice, and loses none.
  if (query.input.pull_and_delete) {
    auto gone = co_await session_.ports.tables->remove(std::move(query), std::move(*rows));
    if (!gone) co_return fail(Error(gone.error()).with_detail("code", "table_query_failed"));
  }
  co_return text;
}

Task<Result<std::string>> ActRun::execute(CommandCall call, const CommandInput& input) {
  auto& ports = session_.ports;
  if (!ports.commands)
    co_return fail(Error(ErrorKind::permission_denied,
                         "no commands are allowed here; give a policy (--policy)")
                       .with_detail("code", "bot_command_not_configured"));
  auto question = ports.commands->allow(call);
  if (!question) co_return fail(Error(question.error()).with_detail("code", "bot_command_denied"));
  if (session_.options.dry) co_return fmt::format("<output of {} {}>", call.platform, call.command);
  if (!question->empty()) {
    Approval answer = Approval::later;
    if (ports.approver) answer = co_await ports.approver->ask(outcome_.result.path, *question);
    if (answer == Approval::later)
      co_return fail(Error(ErrorKind::conflict, "a command waits for approval: " + *question)
                         .with_detail("code", "approval_pending"));
    if (answer == Approval::no)
      co_return fail(Error(ErrorKind::permission_denied, "the command was not approved")
                         .with_detail("code", "bot_command_denied"));
  }
  std::string asked = call.platform + "\n" + call.command;
  for (const auto& [name, value] : call.args) asked += "\n" + name + "=" + value;
  const auto key = sha256(asked);
  const bool cached = ports.outputs && input.cache_duration.count() > 0;
  if (cached)
    if (auto known = ports.outputs->find(key, input.cache_duration)) co_return *known;
  auto output = co_await ports.commands->run(std::move(call));
  if (!output) co_return fail(Error(output.error()).with_detail("code", "bot_command_failed"));
  if (cached)
    if (auto kept = ports.outputs->keep(key, *output); !kept)
      co_return fail(std::move(kept.error()));
  co_return output;
}

Task<Result<std::string>> ActRun::command(const CommandInput& input) {
  CommandCall call;
  call.platform = input.platform;
  call.command = input.command;
  std::string asked = input.platform + "\n" + input.command;
  for (const auto& [name, value] : input.args) {
    auto filled = expand(value, values());
    if (!filled) co_return fail(std::move(filled.error()));
    asked += "\n" + name + "=" + *filled;
    call.args[name] = std::move(*filled);
  }
  Entry entry(EntryType::value);
  entry.path = path();
  entry.what = "bot_command";
  entry.key = sha256(asked);
  if (auto known = session_.options.replay.value(path(), entry.what, entry.key)) co_return *known;
  auto output = co_await execute(std::move(call), input);
  const bool may_fail = !input.required && !output &&
                        output.error().kind() != ErrorKind::cancelled &&
                        output.error().detail("code") != "approval_pending";
  if (!output && !may_fail) co_return output;
  entry.text = output ? fmt::format("Output of {} {}:\n{}", input.platform, input.command,
                                    to_valid_utf8(*output))
                      : fmt::format("({} {} is not available.)", input.platform, input.command);
  if (!output) outcome_.result.notes.push_back(output.error().describe());
  const auto text = entry.text;
  if (auto written = session_.write(std::move(entry), true); !written)
    co_return fail(std::move(written.error()));
  co_return text;
}

Task<Result<std::vector<gemini::Part>>> ActRun::parts_of(const Input& input) {
  std::vector<gemini::Part> parts;
  Result<std::string> text = std::string();
  if (const auto* plain = std::get_if<TextInput>(&input.what)) {
    text = expand(plain->content, values());
  } else if (const auto* medium = std::get_if<MediaInput>(&input.what)) {
    auto part = media(*medium);
    if (!part)
      co_return fail(Error(part.error().kind(), fmt::format("{}: act {}: {}", input.place.text(),
                                                            act_.name, part.error().message()))
                         .with_detail("code", std::string(part.error().detail("code").value_or(
                                                  "prompt_assembly"))));
    if (!medium->filename.empty())
      parts.push_back(gemini::text_part("File " + medium->filename + ":"));
    parts.push_back(std::move(*part));
    co_return parts;
  } else if (const auto* query = std::get_if<TableInput>(&input.what)) {
    text = co_await table(*query);
  } else if (const auto* call = std::get_if<CommandInput>(&input.what)) {
    text = co_await command(*call);
  } else if (std::holds_alternative<MicrophoneInput>(input.what)) {
    text = std::string(kMicrophone);
  } else {
    const auto& name = std::get<NestedInput>(input.what).name;
    const auto* narrative = session_.book.find(name);
    auto inner = co_await run_narrative(session_, *narrative, path() + "/" + narrative->name + "/",
                                        round_, *budget_, nested_times());
    add_usage(outcome_.result, inner.result);
    if (inner.error) co_return fail(std::move(*inner.error));
    text = fmt::format("Result of narrative {}:\n{}", narrative->name, inner.result.output);
  }
  if (!text) co_return fail(std::move(text.error()));
  if (!text->empty()) parts.push_back(gemini::text_part(*text));
  co_return parts;
}

// Earlier turns, as the act's history says, in the order of the table of contents.
void ActRun::history(gemini::GenerateContentRequest& request) const {
  if (pass_.live && !session_.options.dry) {
    for (const auto& turn : pass_.live->history()) gemini::add_turn(request, turn);
    return;
  }
  const auto& seen = history_of(narrative_, act_);
  for (int act = 0; act < static_cast<int>(narrative_.acts.size()); ++act) {
    const auto& name = narrative_.acts[static_cast<std::size_t>(act)].name;
    const bool wanted = seen.kind == History::Kind::all
                            ? act < index_
                            : std::ranges::find(seen.acts, name) != seen.acts.end();
    if (!wanted || !pass_.ended(act)) continue;
    for (const auto& turn : pass_.outcome(act).history) gemini::add_turn(request, turn);
  }
  if (seen.kind != History::Kind::none)
    for (const auto& turn : own_rounds_) gemini::add_turn(request, turn);
}

Result<void> ActRun::settings(gemini::GenerateContentRequest& request) {
  const auto& own = act_.settings;
  const auto& above = narrative_.settings;
  auto system = expand(own.system.empty() ? above.system : own.system, values());
  if (!system) return fail(std::move(system.error()));
  if (!system->empty()) gemini::set_system_instruction(request, *system);
  gemini::GenerationConfig config;
  const auto pick = [](const auto& mine, const auto& theirs) { return mine ? mine : theirs; };
  config.temperature = pick(own.temperature, above.temperature);
  config.top_p = pick(own.top_p, above.top_p);
  if (const auto top_k = pick(own.top_k, above.top_k)) config.top_k = *top_k;
  config.max_output_tokens = pick(own.max_tokens, above.max_tokens);
  config.seed = pick(own.seed, above.seed);
  const auto& stop = own.stop.empty() ? above.stop : own.stop;
  if (!stop.empty()) config.stop_sequences = stop;
  if (const auto thinking = pick(own.thinking, above.thinking))
    config.thinking_config.emplace().thinking_budget = *thinking;
  if (act_.output.format == Output::Format::json && !pass_.live) {
    config.response_mime_type = "application/json";
    if (!act_.output.schema.empty()) config.response_json_schema = act_.output.schema;
  }
  if (config != gemini::GenerationConfig()) request.generation_config = std::move(config);
  return {};
}

Task<Result<gemini::GenerateContentRequest>> ActRun::request() {
  gemini::GenerateContentRequest request;
  gemini::Content turn;
  turn.role = "user";
  auto& parts = turn.parts.emplace();
  for (const auto& input : act_.inputs) {
    auto some = co_await parts_of(input);
    if (!some) co_return fail(std::move(some.error()));
    remember(input, *some);
    parts.insert(parts.end(), some->begin(), some->end());
  }
  if (parts.empty()) co_return fail(failed_at(act_.place, "empty_prompt", "its prompt is empty"));
  history(request);
  gemini::add_turn(request, std::move(turn));
  if (auto set = settings(request); !set) co_return fail(std::move(set.error()));
  co_return request;
}

}  // namespace parley::narrative::detail
