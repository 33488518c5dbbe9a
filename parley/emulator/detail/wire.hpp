#pragma once

#include <string>
#include <string_view>

#include "parley/emulator/rest/service.hpp"
#include "parley/json/value.hpp"

// How the service writes its answers.
namespace parley::emulator::detail {

// {"error": {…}} as the service prints it, with HTTP status `code`. `details` may be empty.
Answer error_answer(int code, std::string_view status, std::string message,
                    json::Array details = {});
// 400, INVALID_ARGUMENT.
inline Answer bad_request(std::string message) {
  return error_answer(400, "INVALID_ARGUMENT", std::move(message));
}
// The usual error of a status: 429 with Help, QuotaFailure and RetryInfo, 503 overloaded …
Answer usual_error(int code, std::string_view model);
Answer json_answer(std::string body);
// Compact JSON with a space after each colon, as in the service's events.
std::string spaced(std::string_view compact);
// A compact text pretty-printed, with the newline that ends it.
std::string pretty(std::string_view compact);

}  // namespace parley::emulator::detail
