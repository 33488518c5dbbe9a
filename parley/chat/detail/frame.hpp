#pragma once

#include <string>
#include <string_view>

#include "parley/base/time.hpp"
#include "parley/json/writer.hpp"

namespace parley::chat::detail {

// One server message under construction: `type` first, `timestamp` last.
class Frame {
 public:
  explicit Frame(std::string_view type) : writer_(text_) {
    writer_.begin_object().field("type", type);
  }
  Frame(const Frame&) = delete;
  Frame& operator=(const Frame&) = delete;
  template <class T>
  Frame& with(std::string_view name, const T& value) {
    writer_.key(name).value(value);
    return *this;
  }
  Frame& raw(std::string_view name, std::string_view json) {
    writer_.key(name).raw(json);
    return *this;
  }
  std::string at(WallTime now) {
    writer_.field("timestamp", to_iso8601(now)).end_object();
    return std::move(text_);
  }

 private:
  std::string text_;
  json::Writer writer_;
};

inline double seconds_between(TimePoint from, TimePoint to) {
  return static_cast<double>(
             std::chrono::duration_cast<std::chrono::milliseconds>(to - from).count()) /
         1000;
}

}  // namespace parley::chat::detail
