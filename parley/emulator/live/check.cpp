#include "parley/emulator/live/detail/check.hpp"

#include <fmt/format.h>

#include "parley/json/codec.hpp"
#include "parley/json/value.hpp"

namespace parley::emulator::detail {
namespace {

std::string unknown(const json::Members& extra, std::string_view where) {
  for (const auto& [name, value] : *extra)
    if (!value.is_null())
      return fmt::format("Invalid JSON payload received. Unknown name \"{}\"{}: Cannot find field.",
                         std::string_view(name),
                         where.empty() ? "" : fmt::format(" at '{}'", where));
  return {};
}

std::string check_content(const gemini::Content& content, const std::string& where) {
  if (auto bad = unknown(content.extra, where); !bad.empty()) return bad;
  for (const auto& part : gemini::parts_of(content))
    if (auto bad = unknown(part.extra, where + ".parts[0]"); !bad.empty()) return bad;
  return {};
}

std::string check(const gemini::Setup& setup) {
  if (auto bad = unknown(setup.extra, "setup"); !bad.empty()) return bad;
  if (setup.system_instruction)
    if (auto bad = check_content(*setup.system_instruction, "setup.system_instruction");
        !bad.empty())
      return bad;
  if (!setup.generation_config) return {};
  const auto& config = *setup.generation_config;
  if (auto bad = unknown(config.extra, "setup.generation_config"); !bad.empty()) return bad;
  if (config.response_mime_type || config.response_schema || config.response_json_schema ||
      config.stop_sequences || config.logprobs || config.response_logprobs)
    return "Request contains an invalid argument.";
  return {};
}

std::string check(const LiveInput& input) {
  if (input.setup) return check(*input.setup);
  if (input.client_content) {
    if (auto bad = unknown(input.client_content->extra, "client_content"); !bad.empty()) return bad;
    if (input.client_content->turns)
      for (const auto& turn : *input.client_content->turns)
        if (auto bad = check_content(turn, "client_content.turns[0]"); !bad.empty()) return bad;
  }
  if (input.realtime_input) {
    const auto& realtime = *input.realtime_input;
    if (auto bad = unknown(realtime.extra, "realtime_input"); !bad.empty()) return bad;
    if (realtime.media_chunks)
      return "realtime_input.media_chunks is deprecated. Use audio, video, or text instead.";
  }
  if (input.tool_response) return unknown(input.tool_response->extra, "tool_response");
  return {};
}

}  // namespace

std::string read_live_input(std::string_view text, LiveInput& out) {
  std::size_t found = 0;
  std::string other;
  const auto look = [&](json::Cursor root) {
    root.each_field([&](json::Key key, json::Cursor value) {
      ++found;
      if (key == "setup")
        value.read(out.setup);
      else if (json::is_proto_name(key, "clientContent"))
        value.read(out.client_content);
      else if (json::is_proto_name(key, "realtimeInput"))
        value.read(out.realtime_input);
      else if (json::is_proto_name(key, "toolResponse"))
        value.read(out.tool_response);
      else if (json::is_proto_name(key, "contextUpdate"))
        value.read(out.context_update);
      else
        other = key;
    });
  };
  if (const auto read = json::inspect(text, look); !read)
    return "Invalid JSON payload received. " + read.error().message();
  if (!other.empty())
    return fmt::format("Invalid JSON payload received. Unknown name \"{}\": Cannot find field.",
                       other);
  if (found != 1) return "Request contains an invalid argument.";
  return check(out);
}

}  // namespace parley::emulator::detail
