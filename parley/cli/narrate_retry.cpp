#include <charconv>
#include <map>

#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/cli/narrate.hpp"

namespace parley::cli {
namespace {

// "value" for all acts, "act=value" for one.
std::pair<std::string, std::string> act_and_value(const std::string& text) {
  const auto sign = text.find('=');
  if (sign == std::string::npos) return {"", text};
  return {text.substr(0, sign), text.substr(sign + 1)};
}

struct Choices {
  std::map<std::string, int> attempts;
  std::map<std::string, std::vector<std::string>> fallback;
};

// Of the act, else of all.
template <class T>
const T* choice_of(const std::map<std::string, T>& choices, const std::string& act) {
  auto found = choices.find(act);
  if (found == choices.end()) found = choices.find("");
  return found == choices.end() ? nullptr : &found->second;
}

}  // namespace

Result<RetryChoice> retry_of(const NarrateOptions& options) {
  if (options.attempts.empty() && options.fallback.empty()) return RetryChoice();
  Choices choices;
  for (const auto& text : options.attempts) {
    const auto [act, value] = act_and_value(text);
    int count = 0;
    const auto [end, code] = std::from_chars(value.data(), value.data() + value.size(), count);
    if (code != std::errc() || end != value.data() + value.size() || count < 1 || count > 20)
      return fail(ErrorKind::invalid_argument,
                  fmt::format("--attempts {}: it must be 1 to 20, or ACT=1 to ACT=20", text));
    choices.attempts[act] = count;
  }
  for (const auto& text : options.fallback) {
    const auto [act, value] = act_and_value(text);
    auto& models = choices.fallback[act];
    for (const auto model : split(value, ','))
      if (const auto name = trim(model); !name.empty()) models.emplace_back(name);
  }
  return RetryChoice([choices](const std::string& act, const narrative::Retry& of_file) {
    auto out = of_file;
    if (const auto* attempts = choice_of(choices.attempts, act)) out.attempts = *attempts;
    if (const auto* models = choice_of(choices.fallback, act)) out.fallback = *models;
    return out;
  });
}

}  // namespace parley::cli
