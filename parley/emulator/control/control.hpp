#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "parley/emulator/clock.hpp"
#include "parley/emulator/rest/service.hpp"
#include "parley/emulator/script/director.hpp"

// What tests in any language ask of a running emulator: paths below /parley (docs/emulator.md).
namespace parley::emulator {

// Who may use them.
enum class ControlAccess {
  nobody,    // the paths are not there
  loopback,  // peers of this machine that call it by a loopback name, and pages of such a name
  anyone     // whoever reaches the port
};

// What is controlled; all of it outlives the call.
struct Controlled {
  Controlled(Service& of, ServerClock& on) : service(of), clock(on) {}
  Service& service;
  ServerClock& clock;
  const Director* director = nullptr;  // null: no script, no quotas
  int streaming = 0, sessions = 0;     // answers and Live sessions that are under way
  std::function<void(std::optional<Script>)> set_script;
};

// True where the path is one of them, whatever it asks for.
bool is_control(const http::Target& target);
// True where that peer may use them. Host and Origin are looked at as well: a page of another site
// reaches loopback addresses through the browser.
bool may_control(ControlAccess access, std::string_view peer_address, const http::Request& request);
// The answer to one of them. Errors have the service's shape; those of a script name each place.
Answer control(const http::Request& request, const http::Target& target, Controlled& controlled);

}  // namespace parley::emulator
