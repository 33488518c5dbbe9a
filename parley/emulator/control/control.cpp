#include "parley/emulator/control/control.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/emulator/control/detail/local.hpp"
#include "parley/emulator/detail/wire.hpp"
#include "parley/emulator/rest/detail/store.hpp"
#include "parley/emulator/script/director.hpp"

namespace parley::emulator {
namespace {

using detail::error_answer;

Answer told(const json::Object& object) {
  return detail::json_answer(json::to_pretty_string(object) + "\n");
}
Answer wrong(std::string message) {
  return error_answer(400, "INVALID_ARGUMENT", std::move(message));
}

Answer journal(const http::Request& request, ControlParts& parts) {
  json::Array requests;
  for (const auto& entry : parts.service.journal()) {
    json::Array headers;
    for (const auto& header : entry.headers.all())
      headers.push_back(json::Array{to_valid_utf8(header.name), to_valid_utf8(header.value)});
    requests.push_back(json::Object{{"method", to_valid_utf8(entry.method)},
                                    {"target", to_valid_utf8(entry.target)},
                                    {"headers", std::move(headers)},
                                    {"body", to_valid_utf8(entry.body)}});
  }
  if (request.method == "DELETE") parts.service.forget_journal();
  return told(json::Object{{"requests", std::move(requests)}});
}

// The faults of one list; on a mistake the words for it.
template <class F>
std::string read_faults(const json::Object& body, std::string_view name, std::vector<F>& out) {
  const auto* list = body.if_contains(name);
  if (list == nullptr) return {};
  if (!list->is_array()) return fmt::format("\"{}\" must be a list of texts", name);
  for (const auto& one : list->get_array()) {
    if (!one.is_string()) return fmt::format("\"{}\" must be a list of texts", name);
    auto fault = F::parse(std::string_view(one.get_string()));
    if (!fault) return fmt::format("\"{}\": {}", name, fault.error().message());
    out.push_back(std::move(*fault));
  }
  return {};
}

// The body's object, which has no members but these.
Result<json::Object> body_of(const http::Request& request,
                             std::initializer_list<std::string_view> names) {
  auto body = json::parse(request.body, json::trusted_limits());
  if (!body) return fail(ErrorKind::invalid_argument, "the body: " + body.error().message());
  if (!body->is_object()) return fail(ErrorKind::invalid_argument, "the body is no JSON object");
  for (const auto& member : body->get_object()) {
    const std::string_view name(member.key());
    if (std::ranges::find(names, name) == names.end())
      return fail(ErrorKind::invalid_argument,
                  fmt::format("the body has no member \"{}\"; it may have \"{}\"", name,
                              fmt::join(names, "\", \"")));
  }
  return std::move(body->get_object());
}

json::Object waiting(const Service& service) {
  return json::Object{{"rest", service.waiting_faults()}, {"live", service.waiting_live_faults()}};
}

Answer faults(const http::Request& request, ControlParts& parts) {
  if (request.method == "DELETE") {
    parts.service.forget_faults();
    return told(waiting(parts.service));
  }
  const auto body = body_of(request, {"rest", "live"});
  if (!body) return wrong(body.error().message());
  std::vector<Fault> rest;
  std::vector<LiveFault> live;
  auto mistake = read_faults(*body, "rest", rest);
  if (mistake.empty()) mistake = read_faults(*body, "live", live);
  if (!mistake.empty()) return wrong(std::move(mistake));
  for (auto& fault : rest) parts.service.inject(std::move(fault));
  for (auto& fault : live) parts.service.inject_live(std::move(fault));
  return told(waiting(parts.service));
}

json::Array rules_of(const Service& service) {
  const auto& director = service.options().director;
  return director ? director->state() : json::Array();
}

Answer script(const http::Request& request, ControlParts& parts) {
  if (request.method == "DELETE") {
    parts.set_script(std::nullopt);
    return told(json::Object{{"rules", rules_of(parts.service)}});
  }
  schematic::Diagnostics mistakes;
  Script script = read_script(request.body, {}, mistakes);
  if (mistakes.has_errors()) {
    const auto text = mistakes.text("script");
    return wrong(std::string(trim(text)));
  }
  parts.set_script(std::move(script));
  return told(json::Object{{"rules", rules_of(parts.service)}});
}

json::Object clock_of(const ServerClock& clock) {
  return json::Object{{"now", to_iso8601(clock.wall_now())}, {"held", clock.held()}};
}

Answer clock(const http::Request& request, ControlParts& parts) {
  const auto body = body_of(request, {"advance"});
  if (!body) return wrong(body.error().message());
  const auto* advance = body->if_contains("advance");
  const auto time = advance && advance->is_string()
                        ? detail::read_duration(std::string_view(advance->get_string()))
                        : std::nullopt;
  constexpr auto most = std::chrono::hours(24 * 366);
  if (!time || time->count() < 0 || *time > most)
    return wrong("\"advance\" must be a time of at most 366 days in seconds, such as \"90s\"");
  parts.clock.advance(*time);
  return told(clock_of(parts.clock));
}

Answer state(const http::Request&, ControlParts& parts) {
  const auto& director = parts.service.options().director;
  json::Object out;
  out["clock"] = clock_of(parts.clock);
  out["answers"] = parts.answers;
  out["sessions"] = parts.sessions;
  out["journal"] = parts.service.journal().size();
  out["faults"] = waiting(parts.service);
  out["rules"] = rules_of(parts.service);
  out["quotas"] = director ? director->quotas_used() : json::Array();
  return told(out);
}

struct Path {
  std::string_view name;
  std::array<std::string_view, 2> methods;  // empty: no further one
  Answer (*answer)(const http::Request&, ControlParts&);
};
constexpr std::array<Path, 5> kPaths = {{
    {"journal", {"GET", "DELETE"}, journal},
    {"faults", {"POST", "DELETE"}, faults},
    {"script", {"POST", "DELETE"}, script},
    {"clock", {"POST", ""}, clock},
    {"state", {"GET", ""}, state},
}};

}  // namespace

std::optional<Answer> answer_control(const http::Request& request, const http::Target& target,
                                     ControlAccess access, std::string_view peer,
                                     ControlParts& parts) {
  const auto& segments = target.segments;
  if (access == ControlAccess::nobody || segments.empty() || segments[0] != "parley")
    return std::nullopt;
  if (access == ControlAccess::loopback && !detail::is_local(request, peer))
    return error_answer(403, "PERMISSION_DENIED",
                        "Paths below /parley are for programs on the emulator's own machine, which "
                        "reach it by a loopback address.");
  const auto path = std::ranges::find_if(kPaths, [&segments](const Path& one) {
    return segments.size() == 2 && one.name == segments[1];
  });
  if (path == kPaths.end())
    return error_answer(404, "NOT_FOUND",
                        "Below /parley there are journal, faults, script, clock and state.");
  const auto& methods = path->methods;
  if (std::ranges::find(methods, request.method) != methods.end())
    return path->answer(request, parts);
  const auto allowed =
      methods[1].empty() ? std::string(methods[0]) : fmt::format("{}, {}", methods[0], methods[1]);
  auto refusal = error_answer(405, "INVALID_ARGUMENT",
                              fmt::format("/parley/{} is for {}.", path->name, allowed));
  refusal.headers.set("Allow", allowed);
  return refusal;
}

}  // namespace parley::emulator
