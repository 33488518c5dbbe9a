#include "parley/emulator/control/control.hpp"

#include <array>

#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/emulator/detail/wire.hpp"
#include "parley/schematic/map_reader.hpp"

namespace parley::emulator {

using detail::error_answer;
using schematic::Diagnostics;
using schematic::MapReader;

namespace {

constexpr std::string_view kPrefix = "parley";

// "localhost:8090", "[::1]", "127.0.0.2"
bool is_loopback_host(std::string_view host) {
  if (host.starts_with('[')) return host.substr(0, host.find(']') + 1) == "[::1]";
  const auto name = host.substr(0, host.find(':'));
  if (iequals_ascii(name, "localhost")) return true;
  return name.starts_with("127.") &&
         name.find_first_not_of("0123456789.") == std::string_view::npos;
}

bool is_loopback_address(std::string_view address) {
  if (address.starts_with("::ffff:")) address.remove_prefix(7);
  return address == "::1" || address.starts_with("127.");
}

Answer told(json::Object what) {
  return detail::json_answer(json::to_pretty_string(what) + "\n");
}

// Mistakes in what was sent, each with its place.
Answer mistakes(std::string_view what, const Diagnostics& diagnostics) {
  json::Array list;
  std::string text;
  for (const auto& one : diagnostics.all()) {
    list.push_back(
        json::Object{{"line", one.at.line}, {"column", one.at.column}, {"message", one.message}});
    text += (text.empty() ? "" : "\n") + one.text(what);
  }
  json::Object details{{"@type", "parley/mistakes"}};
  details["mistakes"] = std::move(list);
  return error_answer(400, "INVALID_ARGUMENT", std::move(text), json::Array{std::move(details)});
}

// Reads a body that is one map of YAML or JSON. `read` takes its members.
template <class Read>
void read_body(const http::Request& request, Diagnostics& diagnostics, Read read) {
  const auto document = schematic::parse_document(request.body);
  if (!document)
    return diagnostics.error(schematic::location_of(document.error()), "E0100",
                             schematic::message_of(document.error()));
  MapReader in(*document, "the request", diagnostics);
  if (!in.ok()) return;
  read(in);
  in.finish();
  diagnostics.sort();
}

json::Array journal_of(const Service& service) {
  json::Array out;
  for (const auto& entry : service.journal()) {
    json::Array headers;
    for (const auto& header : entry.headers.all())
      headers.push_back(json::Array{header.name, header.value});
    json::Object one{{"time", to_iso8601(entry.at)},
                     {"method", entry.method},
                     {"target", entry.target},
                     {"body", to_valid_utf8(entry.body)}};
    one["headers"] = std::move(headers);
    out.push_back(std::move(one));
  }
  return out;
}

json::Object clock_of(const ServerClock& clock) {
  return {{"now", to_iso8601(clock.wall_now())}, {"held", clock.held()}};
}

json::Object faults_of(const Service& service) {
  const auto [rest, live] = service.waiting_faults();
  return {{"rest", rest}, {"live", live}};
}

Answer state(Controlled& controlled) {
  json::Object out{{"streaming", controlled.streaming},
                   {"sessions", controlled.sessions},
                   {"journal", controlled.service.journal().size()}};
  out["clock"] = clock_of(controlled.clock);
  out["faults"] = faults_of(controlled.service);
  const auto* director = controlled.director;
  out["rules"] = director ? director->state() : json::Array();
  out["quotas"] = director ? director->quotas_used() : json::Array();
  return told(std::move(out));
}

template <class F>
std::vector<F> read_faults(MapReader& in, std::string_view key) {
  std::vector<std::string> texts;
  in.texts(key, texts);
  std::vector<F> out;
  for (const auto& text : texts) {
    auto fault = F::parse(text);
    if (fault)
      out.push_back(std::move(*fault));
    else
      in.diagnostics().error(in.tree().find(key)->at, "E0105", fault.error().message());
  }
  return out;
}

Answer add_faults(const http::Request& request, Controlled& controlled) {
  Diagnostics diagnostics;
  std::vector<Fault> rest;
  std::vector<LiveFault> live;
  read_body(request, diagnostics, [&](MapReader& in) {
    rest = read_faults<Fault>(in, "rest");
    live = read_faults<LiveFault>(in, "live");
  });
  if (diagnostics.has_errors()) return mistakes("faults", diagnostics);
  for (auto& fault : rest) controlled.service.inject(std::move(fault));
  for (auto& fault : live) controlled.service.inject_live(std::move(fault));
  return told(faults_of(controlled.service));
}

Answer set_script(const http::Request& request, Controlled& controlled) {
  Diagnostics diagnostics;
  auto script = read_script(request.body, FileReader(), diagnostics);
  if (diagnostics.has_errors()) return mistakes("script", diagnostics);
  json::Object out{{"rules", script.rules.size()}, {"quotas", script.quotas.size()}};
  controlled.set_script(std::move(script));
  return told(std::move(out));
}

Answer move_clock(const http::Request& request, Controlled& controlled) {
  constexpr auto most = std::chrono::hours(24 * 365);
  Diagnostics diagnostics;
  std::chrono::milliseconds by{0};
  read_body(request, diagnostics, [&](MapReader& in) {
    if (in.require("advance")) in.duration("advance", by);
  });
  if (diagnostics.has_errors()) return mistakes("clock", diagnostics);
  if (by > most) return error_answer(400, "INVALID_ARGUMENT", "\"advance\" is at most 8760 hours");
  controlled.clock.advance(by);
  return told(clock_of(controlled.clock));
}

Answer forget_journal(const http::Request&, Controlled& controlled) {
  controlled.service.forget_journal();
  return told({});
}
Answer forget_faults(const http::Request&, Controlled& controlled) {
  controlled.service.forget_faults();
  return told(faults_of(controlled.service));
}
Answer forget_script(const http::Request&, Controlled& controlled) {
  controlled.set_script(std::nullopt);
  return told({});
}
Answer show_journal(const http::Request&, Controlled& controlled) {
  json::Object out;
  out["entries"] = journal_of(controlled.service);
  return told(std::move(out));
}
Answer show_state(const http::Request&, Controlled& controlled) {
  return state(controlled);
}
Answer show_clock(const http::Request&, Controlled& controlled) {
  return told(clock_of(controlled.clock));
}

struct Door {
  std::string_view method, path;
  Answer (*answer)(const http::Request&, Controlled&);
};
constexpr std::array<Door, 9> kDoors = {{
    {"GET", "state", show_state},
    {"GET", "journal", show_journal},
    {"DELETE", "journal", forget_journal},
    {"POST", "faults", add_faults},
    {"DELETE", "faults", forget_faults},
    {"POST", "script", set_script},
    {"DELETE", "script", forget_script},
    {"GET", "clock", show_clock},
    {"POST", "clock", move_clock},
}};

}  // namespace

bool is_control(const http::Target& target) {
  return !target.segments.empty() && target.segments[0] == kPrefix;
}

bool may_control(ControlAccess access, std::string_view peer_address,
                 const http::Request& request) {
  if (access != ControlAccess::loopback) return access == ControlAccess::anyone;
  if (!is_loopback_address(peer_address)) return false;
  if (!is_loopback_host(request.headers.find("Host").value_or(""))) return false;
  const auto origin = request.headers.find("Origin");
  if (!origin) return true;
  const auto scheme = origin->find("://");
  return scheme != std::string_view::npos && is_loopback_host(origin->substr(scheme + 3));
}

Answer control(const http::Request& request, const http::Target& target, Controlled& controlled) {
  const auto path = target.segments.size() == 2 ? target.segments[1] : std::string();
  std::string methods;
  for (const auto& door : kDoors) {
    if (door.path != path) continue;
    if (door.method == request.method) return door.answer(request, controlled);
    methods += (methods.empty() ? "" : ", ") + std::string(door.method);
  }
  if (methods.empty())
    return error_answer(404, "NOT_FOUND",
                        "there are /parley/state, journal, faults, script and clock");
  auto refused =
      error_answer(405, "INVALID_ARGUMENT", fmt::format("/parley/{} takes {}", path, methods));
  refused.headers.set("Allow", methods);
  return refused;
}

}  // namespace parley::emulator
