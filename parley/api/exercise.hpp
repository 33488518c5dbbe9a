#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "parley/api/rest.hpp"
#include "parley/api/session.hpp"
#include "parley/json/codec.hpp"
#include "parley/json/value.hpp"

// What the generated part "exercise" is made of: a client that tries itself.
namespace parley::api {

// A type's decoder and encoder, one after the other.
struct CodecCase {
  std::string_view type;
  Result<std::string> (*round_trip)(std::string_view text);
};

struct EndpointCase {
  std::string_view endpoint;
  Task<std::vector<std::string>> (*exercise)(std::string base_url);
};

template <class T>
Result<std::string> round_trip(std::string_view text) {
  auto value = json::decode_text<T>(text, json::trusted_limits());
  if (!value) return fail(std::move(value.error()));
  // A copy that is equal, so that no member is forgotten by one of the two.
  const T copy = *value;
  if (!(copy == *value)) return fail(ErrorKind::internal, "a copy is not equal to its original");
  return json::encode_text(copy);
}

// Collects what went wrong.
class ExerciseCheck {
 public:
  SessionOptions options(std::string base_url) const {
    SessionOptions out;
    out.key = Secret("exercise-key");
    out.base_url = std::move(base_url);
    return out;
  }
  RestOptions rest_options(std::string base_url) const {
    RestOptions out;
    out.key = Secret("exercise-key");
    out.user = "exercise";
    out.base_url = std::move(base_url);
    return out;
  }
  template <class T>
  bool opened(const Result<T>& result) {
    if (!result) failures.push_back("it was not opened: " + result.error().describe());
    return result.has_value();
  }
  void sent(std::string_view message, const Result<void>& result) {
    if (!result) failures.push_back(std::string(message) + ": " + result.error().describe());
  }
  void ended(const Result<void>& result) {
    if (!result) failures.push_back("it ended with " + result.error().describe());
  }
  template <class Message>
  void received(const std::optional<Message>& message) {
    if (!message) return failures.push_back("a message is missing");
    if (std::holds_alternative<json::Unknown>(*message))
      failures.push_back("a message was not recognised: " +
                         json::to_string(std::get<json::Unknown>(*message).value));
  }
  template <class T>
  std::optional<T> decode(std::string_view what, std::string_view text) {
    auto value = json::decode_text<T>(text, json::trusted_limits());
    if (value) return std::move(*value);
    failures.push_back(std::string(what) + ": " + value.error().message());
    return std::nullopt;
  }

  std::vector<std::string> failures;
};

}  // namespace parley::api
