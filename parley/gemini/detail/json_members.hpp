#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "parley/base/error.hpp"
#include "parley/json/value.hpp"

// Members of foreign answers: what is missing, null or of another type is not there.
namespace parley::gemini::detail {

inline const json::Value* member(const json::Object& object, std::string_view name) {
  const auto* found = object.if_contains(name);
  return found && !found->is_null() ? found : nullptr;
}
inline std::string text_member(const json::Object& object, std::string_view name) {
  const auto* found = member(object, name);
  return found && found->is_string() ? std::string(found->as_string()) : std::string();
}
inline const json::Object* object_member(const json::Object& object, std::string_view name) {
  const auto* found = member(object, name);
  return found ? found->if_object() : nullptr;
}
inline const json::Array* array_member(const json::Object& object, std::string_view name) {
  const auto* found = member(object, name);
  return found ? found->if_array() : nullptr;
}
// Also empty where the number is none of 32 bits.
inline std::optional<std::int32_t> number_member(const json::Object* object,
                                                 std::string_view name) {
  const auto* found = object ? member(*object, name) : nullptr;
  if (!found || !found->is_number()) return std::nullopt;
  boost::system::error_code code;
  const auto number = found->to_number<std::int32_t>(code);
  return code ? std::nullopt : std::optional<std::int32_t>(number);
}

inline Error unreadable_answer(std::string why) {
  return Error(ErrorKind::invalid_response, std::move(why)).with_stage(Stage::receive);
}

}  // namespace parley::gemini::detail
