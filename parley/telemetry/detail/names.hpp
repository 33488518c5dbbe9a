#pragma once

#include <string>
#include <string_view>

namespace parley::telemetry::detail {

enum class Phase { none, start, stop, exception };

// "net.connect_start" is the start of the operation "net.connect".
struct EventName {
  EventName() = default;
  std::string operation;
  Phase phase = Phase::none;
};
EventName split_event_name(std::string_view name);

// With '_' for each byte that a metric's name may not have ([a-zA-Z_:][a-zA-Z0-9_:]*).
std::string metric_name(std::string_view text);
// The same for a label; what begins with "__" is reserved.
std::string label_name(std::string_view text);

}  // namespace parley::telemetry::detail
