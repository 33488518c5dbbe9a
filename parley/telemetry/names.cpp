#include "parley/telemetry/detail/names.hpp"

namespace parley::telemetry::detail {

EventName split_event_name(std::string_view name) {
  EventName out;
  const auto ends = [&](std::string_view suffix, Phase phase) {
    if (!name.ends_with(suffix)) return false;
    name.remove_suffix(suffix.size());
    out.phase = phase;
    return true;
  };
  ends("_start", Phase::start) || ends("_stop", Phase::stop) ||
      ends("_exception", Phase::exception);
  out.operation = name;
  return out;
}

std::string metric_name(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    const bool digit = c >= '0' && c <= '9';
    if (digit && out.empty()) out += '_';
    out += letter || digit ? c : '_';
  }
  return out.empty() ? "_" : out;
}

std::string label_name(std::string_view text) {
  auto out = metric_name(text);
  while (out.starts_with("__")) out.erase(0, 1);
  return out;
}

}  // namespace parley::telemetry::detail
