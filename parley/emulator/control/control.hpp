#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "parley/emulator/clock.hpp"
#include "parley/emulator/rest/service.hpp"
#include "parley/emulator/script/script.hpp"
#include "parley/http/message.hpp"
#include "parley/http/url.hpp"

namespace parley::emulator {

// Who may use the paths below /parley.
enum class ControlAccess {
  loopback,  // clients on this machine; pages of other hosts in its browsers may not
  anyone,
  nobody  // there are no such paths
};

// What control has a hold of. All must outlive the call.
struct ControlParts {
  ControlParts(Service& of, ServerClock& on) : service(of), clock(on) {}
  Service& service;
  ServerClock& clock;
  std::function<void(std::optional<Script>)> set_script;
  int answers = 0, sessions = 0;  // under way
};

// How tests in other languages look into an emulator and steer it (docs/emulator.md has the paths):
//   GET, DELETE /parley/journal    what was asked, without credentials
//   POST, DELETE /parley/faults    faults of the next answers and Live sessions
//   POST, DELETE /parley/script    another script, as YAML
//   POST /parley/clock             time passes
//   GET /parley/state
// Nullopt: the path is none of these. Mistakes are answered as the service's errors are, and change
// nothing.
std::optional<Answer> answer_control(const http::Request& request, const http::Target& target,
                                     ControlAccess access, std::string_view peer,
                                     ControlParts& parts);

}  // namespace parley::emulator
