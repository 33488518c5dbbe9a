#include "parley/cli/server_log.hpp"

#include <cstdio>

#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/json/value.hpp"

namespace parley::cli {
namespace {

using Rows = std::vector<std::pair<std::string, std::string>>;

struct Kind {
  std::string_view event;
  std::string_view title;
};
constexpr Kind kKinds[] = {
    {"chat.connected", "WEBSOCKET CONNECTED"}, {"chat.disconnected", "WEBSOCKET DISCONNECTED"},
    {"chat.message", "WEBSOCKET MESSAGE"},     {"chat.generating", "GENERATING RESPONSE"},
    {"chat.complete", "RESPONSE COMPLETED"},   {"chat.failed", "RESPONSE FAILED"},
    {"net.handler_failed", "INTERNAL ERROR"}};

std::string label(std::string_view field) {
  if (field == "connection") return "Connection";
  if (field == "address") return "Client IP";
  if (field == "active") return "Active Connections";
  if (field == "session") return "Session";
  if (field == "preview") return "Message";
  if (field == "context") return "Context Messages";
  std::string name(field);
  if (!name.empty() && name[0] >= 'a' && name[0] <= 'z') name[0] = static_cast<char>(name[0] - 32);
  return name;
}

Rows rows_of(const Event& event) {
  Rows rows;
  for (const auto& [name, value] : event.fields) {
    if (value.empty()) continue;
    const bool id = name == "connection" || name == "session";
    rows.emplace_back(label(name), strip_control(id                  ? short_id(value)
                                                 : name == "preview" ? "\"" + value + "\""
                                                                     : value));
  }
  return rows;
}

}  // namespace

std::string ServerLog::format(const Event& event, WallTime now) const {
  if (!style_.terminal()) {
    std::string line = fmt::format("{} {}", to_iso8601(now), event.name);
    for (const auto& [name, value] : event.fields)
      line += fmt::format(" {}={}", name,
                          json::to_string(json::Value(strip_control(to_valid_utf8(value)))));
    return line + "\n";
  }
  if (event.name == "chat.chunk")
    return style_.dim(fmt::format("[{}] Chunk #{} → {}: \"{}\"\n", local_clock(now),
                                  event.field("number"), short_id(event.field("connection")),
                                  strip_control(event.field("preview"))));
  std::string_view title = event.name;
  for (const auto& kind : kKinds)
    if (kind.event == event.name) title = kind.title;
  return style_.panel(fmt::format("{} [{}]", title, local_clock(now)), rows_of(event)) + "\n";
}

void ServerLog::operator()(const Event& event) const {
  const auto text = format(event, clock_.wall_now());
  std::fwrite(text.data(), 1, text.size(), stderr);
}

}  // namespace parley::cli
