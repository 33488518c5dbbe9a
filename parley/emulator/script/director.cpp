#include "parley/emulator/script/director.hpp"

#include <algorithm>
#include <optional>

#include "parley/emulator/script/detail/pattern.hpp"
#include "parley/json/cursor.hpp"
#include "parley/net/system.hpp"

namespace parley::emulator {
namespace {

bool fits_or_any(std::string_view pattern, std::string_view text) {
  return pattern.empty() || fits(pattern, text);
}

// What a rule does can be done over that connection.
bool can_answer(const Reply& reply, const Asked& asked) {
  if (asked.live) return !reply.http;
  return asked.generates || reply.http || reply.error || reply.fault;
}

const json::Value* member_of(const json::Object& object, std::string_view name) {
  if (const auto* found = object.if_contains(name)) return found;
  for (const auto& [key, value] : object) {
    const std::string_view found(key);
    if (json::is_proto_name(found, name) || json::is_proto_name(name, found)) return &value;
  }
  return nullptr;
}

}  // namespace

struct Director::Compiled {
  Compiled() = default;
  std::optional<detail::Pattern> pattern;
  std::size_t matched = 0;
};

Director::Director(Script script, std::function<WallTime()> now)
    : script_(std::move(script)), quota_(script_.quotas), now_(std::move(now)) {
  if (!now_) now_ = [] { return net::SystemClock().wall_now(); };
  for (const auto& rule : script_.rules) {
    auto& compiled = compiled_.emplace_back(std::make_unique<Compiled>());
    if (rule.when.matches.empty()) continue;
    if (auto pattern = detail::Pattern::make(rule.when.matches))
      compiled->pattern = std::move(*pattern);
  }
}
Director::~Director() = default;

std::optional<QuotaRefusal> Director::charge(std::string_view model, std::string_view key,
                                             std::int64_t input_tokens, bool new_request) {
  return new_request ? quota_.take(model, key, input_tokens, now_())
                     : quota_.take_tokens(model, key, input_tokens, now_());
}

bool has_members(const json::Value& value, const json::Value& part) {
  if (part.is_object()) {
    if (!value.is_object()) return false;
    for (const auto& [name, wanted] : part.get_object()) {
      const auto* found = member_of(value.get_object(), std::string_view(name));
      if (found == nullptr || !has_members(*found, wanted)) return false;
    }
    return true;
  }
  if (part.is_array()) {
    if (!value.is_array() || value.get_array().size() != part.get_array().size()) return false;
    for (std::size_t i = 0; i < part.get_array().size(); ++i)
      if (!has_members(value.get_array()[i], part.get_array()[i])) return false;
    return true;
  }
  if (part.is_number() && value.is_number())
    return part.to_number<double>() == value.to_number<double>();
  return part == value;
}

void note_turn(const std::vector<gemini::Content>& contents, Asked& out) {
  if (contents.empty()) return;
  for (const auto& part : gemini::parts_of(contents.back())) {
    if (part.text) out.text += *part.text;
    if (part.function_response) out.tool_results.push_back(part.function_response->name);
  }
}

namespace {

bool headers_fit(const When& when, const Asked& asked) {
  return std::ranges::all_of(when.headers, [&](const auto& wanted) {
    const auto value = asked.headers ? asked.headers->find(wanted.first) : std::nullopt;
    return value && fits(wanted.second, *value);
  });
}

bool place_fits(const When& when, const Asked& asked) {
  if (when.over != When::Over::any && (when.over == When::Over::live) != asked.live) return false;
  if (when.event != asked.event) return false;
  return fits_or_any(when.method, asked.method) && fits_or_any(when.path, asked.path) &&
         fits_or_any(when.model, asked.model) && fits_or_any(when.key, asked.key) &&
         headers_fit(when, asked);
}

bool turn_fits(const When& when, const Asked& asked) {
  for (const auto& text : when.texts)
    if (!detail::contains_ascii(asked.text, text)) return false;
  if (!when.tool_result.empty() &&
      std::ranges::none_of(asked.tool_results, [&](const std::string& function) {
        return fits(when.tool_result, function);
      }))
    return false;
  return !when.request || (asked.request && has_members(*asked.request, *when.request));
}

}  // namespace

const Reply* Director::find(const Asked& asked) {
  for (std::size_t i = 0; i < script_.rules.size(); ++i) {
    const auto& rule = script_.rules[i];
    const auto& when = rule.when;
    auto& compiled = *compiled_[i];
    if (!can_answer(rule.reply, asked) || !place_fits(when, asked) || !turn_fits(when, asked))
      continue;
    if (compiled.pattern && !compiled.pattern->finds(asked.text)) continue;
    const auto time = ++compiled.matched;
    if (time >= when.first_time && (when.last_time == 0 || time <= when.last_time))
      return &rule.reply;
  }
  return nullptr;
}

json::Array Director::state() const {
  json::Array rules;
  for (std::size_t i = 0; i < script_.rules.size(); ++i)
    rules.push_back(json::Object{{"name", script_.rules[i].name},
                                 {"line", script_.rules[i].at.line},
                                 {"matched", compiled_[i]->matched}});
  return rules;
}

}  // namespace parley::emulator
