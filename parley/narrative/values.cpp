#include <charconv>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "parley/base/text.hpp"
#include "parley/narrative/check.hpp"
#include "parley/narrative/detail/act_run.hpp"

namespace parley::narrative::detail {
namespace {

using Reference = Template::Reference;

std::optional<double> number_of(std::string_view text) {
  text = trim(text);
  double number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

std::string ActRun::path() const {
  const auto& path = outcome_.result.path;
  return round_ == 0 ? path : fmt::format("{}[{}]", path, round_);
}

Error ActRun::failed_at(const Place& place, std::string_view code, std::string message) const {
  return Error(ErrorKind::invalid_argument,
               fmt::format("{}: act {}: {}", place.text(), act_.name, message))
      .with_detail("code", std::string(code));
}

Values ActRun::values() {
  return [this](const Reference& reference) { return value_of(reference); };
}

Result<std::string> ActRun::read_value(const std::string& what, const std::string& key) {
  if (auto known = session_.options.replay.value(path(), what, key)) return *known;
  std::string text;
  if (what == "env") {
    auto found = session_.ports.environment ? session_.ports.environment(key) : std::nullopt;
    if (!found)
      return fail(ErrorKind::not_found, fmt::format("the environment variable {} is not set", key));
    text = std::move(*found);
  } else {
    if (!session_.ports.state)
      return fail(ErrorKind::not_found, "there is no state; name a folder for it (--state-dir)");
    const auto [scope, name] = scope_and_key(key, narrative_.name);
    auto found = session_.ports.state->read(scope, name);
    if (!found) return fail(std::move(found.error()));
    if (!*found)
      return fail(ErrorKind::not_found, fmt::format("the state {} has no \"{}\" yet", scope, name));
    text = std::move(**found);
  }
  Entry entry(EntryType::value);
  entry.path = path();
  entry.what = what;
  entry.key = key;
  entry.text = text;
  if (auto written = session_.write(std::move(entry)); !written)
    return fail(std::move(written.error()));
  return text;
}

Result<std::string> ActRun::value_of(const Reference& reference) {
  const auto where = [&](const Error& error) {
    return failed_at(reference.place, "template",
                     fmt::format("{}: {}", reference.text(), error.message()));
  };
  if (reference.kind == Reference::Kind::iteration)
    return std::to_string(round_ > 0 ? round_ : pass_.round);
  if (reference.kind == Reference::Kind::environment || reference.kind == Reference::Kind::state) {
    const bool env = reference.kind == Reference::Kind::environment;
    if (env && looks_secret(reference.name))
      return fail(where(Error(ErrorKind::permission_denied, "it looks like a credential")));
    auto value = read_value(env ? "env" : "state", reference.name);
    if (!value && session_.options.dry) return "<" + reference.text() + ">";
    if (!value) return fail(where(value.error()));
    return value;
  }
  std::string output;
  if (reference.kind == Reference::Kind::act && reference.name == act_.name) {
    output = own_;
  } else {
    const int act = reference.kind == Reference::Kind::previous
                        ? index_ - 1
                        : narrative_.index_of(reference.name);
    if (act < 0 || !pass_.ended(act))
      return fail(where(Error(ErrorKind::invalid_argument, "it has not run")));
    output = pass_.outcome(act).result.output;
    if (pass_.outcome(act).result.status == Status::skipped) return std::string();
  }
  if (reference.path.empty() || output.empty()) return output;
  auto value = value_at(output, reference.path);
  if (!value && session_.options.dry)
    return fmt::format("{} {}", output, fmt::join(reference.path, "."));
  if (!value) return fail(where(value.error()));
  return value;
}

Result<bool> ActRun::holds(const Condition& condition, const std::string& own) {
  std::string value = own;
  if (!condition.value.empty()) {
    auto filled = expand(condition.value, values());
    if (!filled) return fail(std::move(filled.error()));
    value = std::move(*filled);
  }
  const auto trimmed = trim(value);
  // `wanted` holds where `test` gives this of the filled text.
  const auto compare = [&](const std::optional<Template>& with, bool wanted,
                           bool part) -> Result<bool> {
    if (!with) return true;
    auto text = expand(*with, values());
    if (!text) return fail(std::move(text.error()));
    const bool is =
        part ? value.find(*text) != std::string::npos : trimmed == trim(std::string_view(*text));
    return is == wanted;
  };
  for (const auto& [with, wanted, part] :
       {std::tuple{&condition.equals, true, false}, std::tuple{&condition.differs, false, false},
        std::tuple{&condition.contains, true, true}, std::tuple{&condition.lacks, false, true}}) {
    auto good = compare(*with, wanted, part);
    if (!good || !*good) return good;
  }
  if (condition.is_empty && trimmed.empty() != *condition.is_empty) return false;
  if (!condition.at_least && !condition.at_most) return true;
  const auto number = number_of(trimmed);
  if (!number)
    return fail(failed_at(
        condition.place, "condition",
        fmt::format("\"{}\" is compared with a number and is none", first_scalars(trimmed, 60))));
  return (!condition.at_least || *number >= *condition.at_least) &&
         (!condition.at_most || *number <= *condition.at_most);
}

}  // namespace parley::narrative::detail
