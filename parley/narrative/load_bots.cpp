#include <algorithm>

#include <fmt/format.h>

#include "parley/narrative/bots.hpp"
#include "parley/narrative/detail/table_reader.hpp"

namespace parley::narrative {
namespace {

using detail::Node;
using detail::TableReader;
using Kind = Node::Kind;

constexpr std::string_view kKinds[] = {"generation", "curation", "posting"};

bool is_local(std::string_view url) {
  for (const std::string_view begin : {"http://127.0.0.1", "http://localhost", "http://[::1]"})
    if (url.starts_with(begin) &&
        (url.size() == begin.size() || url[begin.size()] == ':' || url[begin.size()] == '/'))
      return true;
  return false;
}

class BotReader {
 public:
  BotReader(detail::FileContext& context, TableReader& in, Bot& bot)
      : context_(context), in_(in), bot_(bot) {}

  void read() {
    if (!in_.has("every")) missing("every");
    bot_.every = in_.duration("every").value_or(bot_.every);
    if (bot_.every < std::chrono::seconds(1)) out_of_range("every must be at least 1s");
    bot_.jitter = in_.duration("jitter").value_or(bot_.jitter);
    if (bot_.kind != Bot::Kind::posting) narrative();
    if (bot_.kind != Bot::Kind::generation) {
      bot_.table = in_.text("table");
      if (bot_.table.empty()) missing("table");
      bot_.batch = static_cast<int>(in_.whole("batch", 1, 100).value_or(1));
    }
    if (bot_.kind == Bot::Kind::posting) posting();
    in_.finish();
  }

 private:
  void missing(std::string_view key) {
    in_.complain(in_.place(), "missing_key", fmt::format("{} is missing", key));
  }
  void out_of_range(std::string what) {
    in_.complain(in_.place(), "out_of_range", std::move(what));
  }

  void narrative() {
    const auto text = in_.text("narrative");
    if (text.empty()) return missing("narrative");
    const auto hash = text.find('#');
    bot_.file = file_beside(context_.file, text.substr(0, hash));
    if (hash != std::string::npos) bot_.narrative = text.substr(hash + 1);
  }

  void posting() {
    const auto from = in_.choice("from", {"accepted", "good"});
    bot_.from = from && *from == 1 ? "good" : "accepted";
    bot_.run = in_.texts("run");
    bot_.environment = in_.texts("environment");
    bot_.url = in_.text("url");
    bot_.timeout = in_.duration("timeout").value_or(bot_.timeout);
    if (const Node* headers = in_.take("headers_env", {Kind::table}))
      for (const auto& one : headers->members) {
        if (one.value.kind == Kind::text)
          bot_.headers_env[one.name] = one.value.text;
        else
          in_.complain(one.value.place, "wrong_type",
                       fmt::format("{} must name an environment variable", one.name));
      }
    if (bot_.run.empty() == bot_.url.empty())
      in_.complain(in_.place(), "missing_key", "exactly one of run and url must be given");
    if (!bot_.url.empty() && !bot_.url.starts_with("https://") && !is_local(bot_.url))
      out_of_range("url must be https (http only on this machine)");
  }

  detail::FileContext& context_;
  TableReader& in_;
  Bot& bot_;
};

}  // namespace

std::string_view to_string(Bot::Kind kind) {
  return kKinds[static_cast<std::size_t>(kind)];
}

LoadedBots load_bots(const std::string& file, Sources& sources) {
  LoadedBots out;
  const auto text = sources.read(file);
  if (!text) {
    out.diagnostics.emplace_back(Place(file, 0, 0), "file_read", text.error().message());
    return out;
  }
  const auto root = detail::read_toml(file, *text, out.diagnostics);
  if (!out.ok()) return out;
  detail::FileContext context(file, *text, out.diagnostics);
  TableReader all(context, root, "the file");
  for (std::size_t kind = 0; kind < std::size(kKinds); ++kind) {
    const Node* table = all.take(kKinds[kind], {Kind::table});
    if (!table) continue;
    for (const auto& member : table->members) {
      if (member.value.kind != Kind::table) {
        context.complain(member.place, "wrong_type",
                         fmt::format("{} must be a table", member.name));
        continue;
      }
      if (std::ranges::find(out.bots, member.name, &Bot::name) != out.bots.end())
        context.complain(member.place, "duplicate_bot",
                         fmt::format("there is another bot {}", member.name));
      Bot bot;
      bot.kind = static_cast<Bot::Kind>(kind);
      bot.name = member.name;
      bot.place = member.place;
      TableReader in(context, member.value, fmt::format("{} {}", kKinds[kind], member.name));
      BotReader(context, in, bot).read();
      out.bots.push_back(std::move(bot));
    }
  }
  all.finish();
  if (out.ok() && out.bots.empty())
    context.complain(root.place, "missing_key",
                     "there are no bots: [generation.NAME], [curation.NAME], [posting.NAME]");
  std::ranges::stable_sort(
      out.bots, {}, [](const Bot& bot) { return std::pair(bot.place.line, bot.place.column); });
  sort_by_place(out.diagnostics);
  return out;
}

}  // namespace parley::narrative
