#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "parley/base/text.hpp"
#include "parley/narrative/detail/table_reader.hpp"
#include "parley/narrative/programs.hpp"

namespace parley::narrative {
namespace {

using detail::Node;
using detail::TableReader;
using Kind = Node::Kind;

ArgumentRule argument_rule(detail::FileContext& context, const detail::Member& member) {
  ArgumentRule out;
  if (member.value.kind != Kind::table) {
    context.complain(member.place, "wrong_type",
                     fmt::format("argument {}: its rule must be a table", member.name));
    return out;
  }
  TableReader in(context, member.value, "argument " + member.name);
  if (const auto kind = in.choice("kind", {"word", "number", "text"}))
    out.kind = static_cast<ArgumentRule::Kind>(*kind);
  if (in.has("default")) out.fallback = in.text("default");
  out.one_of = in.texts("one_of");
  out.max_length = static_cast<std::size_t>(in.whole("max_length", 1, 100'000).value_or(200));
  in.finish();
  return out;
}

CommandRule command_rule(detail::FileContext& context, const detail::Member& member) {
  CommandRule out;
  TableReader in(context, member.value, "command " + member.name);
  out.run = in.texts("run");
  if (out.run.empty())
    in.complain(member.place, "missing_key", "run is missing: the program and its arguments");
  out.confirm = in.flag("confirm").value_or(false);
  out.at_most = static_cast<int>(in.whole("at_most", 1, 1000).value_or(20));
  out.timeout = in.duration("timeout").value_or(out.timeout);
  out.max_output =
      static_cast<std::size_t>(in.whole("max_output", 1, 10 * 1024 * 1024).value_or(64 * 1024));
  out.environment = in.texts("environment");
  if (const Node* args = in.take("args", {Kind::table}))
    for (const auto& arg : args->members) out.args[arg.name] = argument_rule(context, arg);
  in.finish();
  return out;
}

bool fits(const ArgumentRule& rule, std::string_view value) {
  return std::ranges::all_of(value, [&rule](unsigned char c) {
    switch (rule.kind) {
      case ArgumentRule::Kind::number:
        return std::isdigit(c) != 0;
      case ArgumentRule::Kind::word:
        return std::isalnum(c) ||
               std::string_view("_-.:/@").find(static_cast<char>(c)) != std::string_view::npos;
      default:
        return c >= 0x20 && c != 0x7f;
    }
  });
}

std::unexpected<Error> denied(const CommandCall& call, std::string_view why) {
  return fail(ErrorKind::permission_denied,
              fmt::format("the policy denies {} {}: {}", call.platform, call.command, why));
}

// Empty: it is as its rule says.
std::string broken(const ArgumentRule& rule, const std::string& name, const std::string& value) {
  if (value.size() > rule.max_length)
    return fmt::format("argument {} has {} bytes, and may have {}", name, value.size(),
                       rule.max_length);
  if (value.starts_with('-')) return fmt::format("argument {} begins with '-'", name);
  if (!rule.one_of.empty() && std::ranges::find(rule.one_of, value) == rule.one_of.end())
    return fmt::format("argument {} must be one of {}", name, fmt::join(rule.one_of, ", "));
  if (!fits(rule, value) || (value.empty() && rule.kind != ArgumentRule::Kind::text)) {
    constexpr std::string_view kKinds[] = {"a word", "a number", "a text of one line"};
    return fmt::format("argument {} must be {}", name, kKinds[static_cast<std::size_t>(rule.kind)]);
  }
  return "";
}

// "{name}" is the value of that argument; other braces stay.
std::string filled(std::string_view piece, const std::map<std::string, std::string>& values) {
  std::string out;
  while (!piece.empty()) {
    const auto open = piece.find('{');
    out += piece.substr(0, open);
    if (open == std::string_view::npos) break;
    piece.remove_prefix(open + 1);
    const auto close = piece.find('}');
    const auto found = close == std::string_view::npos
                           ? values.end()
                           : values.find(std::string(piece.substr(0, close)));
    if (found == values.end()) {
      out += '{';
      continue;
    }
    out += found->second;
    piece.remove_prefix(close + 1);
  }
  return out;
}

}  // namespace

Policy read_policy(const std::string& file, std::string_view text, Diagnostics& diagnostics) {
  Policy out;
  const auto before = diagnostics.size();
  const auto root = detail::read_toml(file, text, diagnostics);
  if (diagnostics.size() != before) return out;
  detail::FileContext context(file, text, diagnostics);
  TableReader in(context, root, "the policy");
  if (const Node* commands = in.take("commands", {Kind::table}))
    for (const auto& member : commands->members) {
      if (member.value.kind != Kind::table || member.name.find('.') == std::string::npos)
        context.complain(
            member.place, "wrong_type",
            fmt::format("command {} must be a table [commands.\"platform.command\"]", member.name));
      else
        out.commands[member.name] = command_rule(context, member);
    }
  in.finish();
  return out;
}

Result<std::vector<std::string>> command_line(const Policy& policy, const CommandCall& call) {
  const auto found = policy.commands.find(call.platform + "." + call.command);
  if (found == policy.commands.end())
    return denied(call, fmt::format("it has no [commands.\"{}.{}\"]", call.platform, call.command));
  const auto& rule = found->second;
  std::map<std::string, std::string> values;
  for (const auto& [name, value] : call.args) {
    const auto known = rule.args.find(name);
    if (known == rule.args.end()) return denied(call, fmt::format("it takes no argument {}", name));
    if (const auto why = broken(known->second, name, value); !why.empty()) return denied(call, why);
    values[name] = value;
  }
  for (const auto& [name, known] : rule.args) {
    if (values.contains(name)) continue;
    if (!known.fallback) return denied(call, fmt::format("argument {} is missing", name));
    values[name] = *known.fallback;
  }
  std::vector<std::string> out;
  for (const auto& piece : rule.run) out.push_back(filled(piece, values));
  return out;
}

Result<std::string> Programs::allow(const CommandCall& call) {
  const auto line = command_line(policy_, call);
  if (!line) return fail(line.error());
  const auto& rule = policy_.commands.at(call.platform + "." + call.command);
  if (!rule.confirm) return std::string();
  return fmt::format("Run {}?", fmt::join(*line, " "));
}

}  // namespace parley::narrative
