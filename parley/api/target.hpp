#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "parley/base/error.hpp"
#include "parley/json/types.hpp"

namespace parley::api {

// The target of a request made from a path template and typed parameters. Values are
// percent-encoded; an unset optional one is not sent.
class Target {
 public:
  Target() = default;
  explicit Target(std::string_view path) : path_(path) {}

  template <class T>
  Target& path(std::string_view name, const T& value) {
    fill(name, text_of(value));
    return *this;
  }
  template <class T>
  Target& query(std::string_view name, const T& value) {
    append(name, text_of(value));
    return *this;
  }
  template <class T>
  Target& query(std::string_view name, const std::optional<T>& value) {
    return value ? query(name, *value) : *this;
  }
  // A list is repeated: "tag=a&tag=b".
  template <class T>
  Target& query(std::string_view name, const std::vector<T>& values) {
    for (const auto& value : values) query(name, value);
    return *this;
  }
  // "tag=a,b"
  template <class T>
  Target& query_list(std::string_view name, const std::vector<T>& values) {
    std::string all;
    for (const auto& value : values) all += (all.empty() ? "" : ",") + text_of(value);
    return values.empty() ? *this : query(name, all);
  }
  template <class T>
  Target& query_list(std::string_view name, const std::optional<std::vector<T>>& values) {
    return values ? query_list(name, *values) : *this;
  }
  template <class T>
  Target& header(std::string_view name, const T& value) {
    headers_.emplace_back(std::string(name), text_of(value));
    return *this;
  }
  template <class T>
  Target& header(std::string_view name, const std::optional<T>& value) {
    return value ? header(name, *value) : *this;
  }

  // "/v1/speech/abc?model=x". Errors (invalid_argument): a path parameter that is empty, or is "."
  // or "..", which would lead elsewhere.
  Result<std::string> text() const;
  const std::vector<std::pair<std::string, std::string>>& headers() const { return headers_; }

 private:
  static std::string text_of(std::string_view text) { return std::string(text); }
  static std::string text_of(const std::string& text) { return text; }
  static std::string text_of(bool flag) { return flag ? "true" : "false"; }
  static std::string text_of(double number);
  template <std::integral T>
  requires(!std::same_as<T, bool>) static std::string text_of(T number) {
    return std::to_string(number);
  }
  static std::string text_of(const json::Decimal& number) { return number.text; }
  static std::string text_of(const json::Value& value);
  template <class Names>
  static std::string text_of(const json::Enum<Names>& value) {
    return std::string(value.wire());
  }
  void fill(std::string_view name, const std::string& value);
  void append(std::string_view name, const std::string& value);

  std::string path_, query_;
  std::vector<std::pair<std::string, std::string>> headers_;
  std::string wrong_;
};

}  // namespace parley::api
