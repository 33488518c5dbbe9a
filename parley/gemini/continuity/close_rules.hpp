#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "parley/base/error.hpp"

namespace parley::gemini {

// What follows the end of a connection.
enum class CloseAction {
  stop,    // the conversation has ended
  resume,  // another connection, with the handle; without one as reseed
  reseed,  // another connection that is told the history, as the handle is no good
};
std::string_view to_string(CloseAction action);

// One row: which ends it is about, and what follows. What is not set fits every end.
struct CloseRule {
  CloseRule() = default;

  std::uint16_t close_code = 0;    // 0: any, also where no close frame came
  std::optional<ErrorKind> kind;   // of Error::kind()
  std::vector<int> http_statuses;  // of a refused upgrade
  std::string words;               // the reason contains them
  std::optional<bool> bare;        // true: the reason is empty; false: it is not
  std::optional<bool> announced;   // goAway came before
  std::optional<bool> in_answer;   // an answer was owed or under way

  CloseAction action = CloseAction::stop;
  // How often in a row, counted until a connection has held for ReconnectPolicy::stable; 0: as
  // often as the policy permits. Behind it `then` follows.
  int limit = 0;
  CloseAction then = CloseAction::stop;
  std::string advice;  // what people can do about it; may be empty
};

// How a connection ended.
struct LinkEnd {
  LinkEnd() = default;
  std::optional<Error> error;  // empty: closed with 1000
  bool announced = false;
  bool in_answer = false;
};

// The table of November 2026, from reports of what the service sends; the first row that fits
// decides. Codes of the application (4000 …) and what no row names stop.
std::vector<CloseRule> close_rules();

// The index of the row that fits; empty: none, which stops.
std::optional<std::size_t> find_rule(const std::vector<CloseRule>& rules, const LinkEnd& end);

}  // namespace parley::gemini
