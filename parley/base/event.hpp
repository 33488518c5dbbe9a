#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley {

// Something that happened, for logs and metrics. Names are "module.thing_verb"; pairs end in
// _start and _stop. Fields never hold secrets; text of messages only as a preview.
struct Event {
  Event() = default;
  explicit Event(std::string_view event_name) : name(event_name) {}

  Event& with(std::string_view key, std::string value) & {
    fields.emplace_back(std::string(key), std::move(value));
    return *this;
  }
  Event&& with(std::string_view key, std::string value) && {
    return std::move(with(key, std::move(value)));
  }
  // Empty where the event has no such field.
  std::string_view field(std::string_view key) const {
    for (const auto& [name_of, value] : fields)
      if (name_of == key) return value;
    return {};
  }

  std::string name;
  std::vector<std::pair<std::string, std::string>> fields;
};

// Called on the thread where the event happens; must not block or throw. An empty sink drops all.
using EventSink = std::function<void(const Event&)>;

}  // namespace parley
