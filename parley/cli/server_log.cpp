#include "parley/cli/server_log.hpp"

#include <cstdio>

#include <fmt/format.h>

#include "parley/base/text.hpp"

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

void ServerLog::operator()(const Event& event) const {
  const auto now = clock_.wall_now();
  std::string text;
  if (!style_.terminal()) {
    text = fmt::format("{} {}", to_iso8601(now), event.name);
    for (const auto& [name, value] : event.fields)
      text += fmt::format(" {}=\"{}\"", name, strip_control(value));
    text += "\n";
  } else if (event.name == "chat.chunk") {
    text = style_.dim(fmt::format("[{}] Chunk #{} → {}: \"{}\"\n", local_clock(now),
                                  event.field("number"), short_id(event.field("connection")),
                                  strip_control(event.field("preview"))));
  } else {
    std::string_view title = event.name;
    for (const auto& kind : kKinds)
      if (kind.event == event.name) title = kind.title;
    text = style_.panel(fmt::format("{} [{}]", title, local_clock(now)), rows_of(event)) + "\n";
  }
  std::fwrite(text.data(), 1, text.size(), stderr);
}

}  // namespace parley::cli
