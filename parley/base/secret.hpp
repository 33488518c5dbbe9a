#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace parley {

// A key, token or password. It has no way into a stream, a format call or a log line: only
// reveal(), at the place that puts it on the wire. The memory is wiped when it is destroyed.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}
  Secret(const Secret&) = default;
  Secret(Secret&& other) noexcept : value_(std::move(other.value_)) { other.value_.clear(); }
  Secret& operator=(const Secret& other);
  Secret& operator=(Secret&& other) noexcept;
  ~Secret() { wipe(); }

  bool empty() const { return value_.empty(); }
  const std::string& reveal() const { return value_; }

 private:
  void wipe() noexcept;
  std::string value_;
};

// True where both are equal; takes the same time wherever they differ.
bool equal_in_constant_time(std::string_view a, std::string_view b);

// Replaces the values of query parameters and headers that carry credentials (key, access_token,
// token, api_key, x-goog-api-key, authorization …) by "***". For text that goes into logs and
// errors.
std::string redact(std::string_view text);

}  // namespace parley
