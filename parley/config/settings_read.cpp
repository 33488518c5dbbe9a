#include <algorithm>

#include <fmt/format.h>

#include "parley/config/detail/keys.hpp"
#include "parley/config/node.hpp"
#include "parley/config/settings.hpp"

namespace parley::config {
namespace {

using Path = std::vector<std::string>;

std::string key_of(const Path& path) {
  Setting named;
  named.path = path;
  return named.key();
}

bool is_secret(std::string_view name) {
  return name == "api_key" || name == "key" || name == "token" || name == "access_token";
}

std::string unknown(const Path& path) {
  const Path table(path.begin(), path.end() - 1);
  auto names = detail::names_in(table);
  std::erase(names, "*");
  if (is_secret(path.back()))
    return fmt::format(
        "{}: keys of a service do not belong into a file: name the variable that "
        "has it in api_key_env",
        key_of(path));
  return fmt::format("unknown key \"{}\"{}", key_of(path), did_you_mean(path.back(), names));
}

class Walker {
 public:
  Walker(Diagnostics& diagnostics, std::vector<Setting>& out, Source source)
      : diagnostics_(diagnostics), out_(out), source_(source) {}

  void table(const Node& node, Path& path) {
    for (const auto& member : node.members) {
      path.push_back(member.name);
      one(member, path);
      path.pop_back();
    }
  }

 private:
  void one(const Member& member, Path& path) {
    if (const auto* key = detail::key_at(path)) {
      auto value = detail::value_of(*key, member.value);
      if (!value) {
        diagnostics_.emplace_back(member.value.place, "wrong_value",
                                  fmt::format("{} {}", key_of(path), value.error().message()));
        return;
      }
      Setting setting;
      setting.path = path;
      setting.value = std::move(*value);
      setting.source = source_;
      setting.where = member.place.text();
      out_.push_back(std::move(setting));
    } else if (detail::names_in(path).empty()) {
      diagnostics_.emplace_back(member.place, "unknown_key", unknown(path));
    } else if (member.value.kind != Node::Kind::table) {
      diagnostics_.emplace_back(
          member.value.place, "wrong_type",
          fmt::format("{} is {}, and must be a table", key_of(path), to_string(member.value.kind)));
    } else {
      table(member.value, path);
    }
  }

  Diagnostics& diagnostics_;
  std::vector<Setting>& out_;
  Source source_;
};

}  // namespace

void Settings::add_file(Source source, std::string_view file_name, std::string_view text,
                        Diagnostics& diagnostics) {
  const Node root = read_toml(file_name, text, diagnostics);
  std::vector<Setting> found;
  Path path;
  Walker(diagnostics, found, source).table(root, path);
  for (auto& setting : found) put(std::move(setting));
}

void Settings::add_environment(const std::function<std::optional<std::string>(const char*)>& read,
                               Diagnostics& diagnostics) {
  struct Variable {
    const char* name;
    Path path;
  };
  const Variable variables[] = {{"GENAI_MODEL_ID", {"model"}},
                                {"GEMINI_TIER", {"providers", "gemini", "default_tier"}},
                                {"PARLEY_STATE_FILE", {"state_file"}}};
  for (const auto& variable : variables) {
    const auto text = read(variable.name);
    if (!text || text->empty()) continue;
    auto value = detail::value_of(*detail::key_at(variable.path), *text);
    if (!value) {
      diagnostics.emplace_back(Place(variable.name, 0, 0), "wrong_value", value.error().message());
      continue;
    }
    Setting setting;
    setting.path = variable.path;
    setting.value = std::move(*value);
    setting.source = Source::environment;
    setting.where = variable.name;
    put(std::move(setting));
  }
}

Result<void> Settings::set(std::string_view key, std::string_view text, std::string_view option) {
  auto path = detail::parse_key(key);
  if (!path) return fail(std::move(path.error()));
  const auto* known = detail::key_at(*path);
  if (!known) {
    const std::string word = detail::names_in(*path).empty()
                                 ? unknown(*path)
                                 : fmt::format("{} is a table, and no value", key_of(*path));
    return fail(ErrorKind::invalid_argument, word);
  }
  auto value = detail::value_of(*known, text);
  if (!value)
    return fail(ErrorKind::invalid_argument,
                fmt::format("{} {}", key_of(*path), value.error().message()));
  Setting setting;
  setting.path = std::move(*path);
  setting.value = std::move(*value);
  setting.source = Source::command_line;
  setting.where = std::string(option);
  put(std::move(setting));
  return {};
}

}  // namespace parley::config
