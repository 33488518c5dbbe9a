#include "parley/emulator/detail/wire.hpp"

#include <fmt/format.h>

#include "parley/emulator/quota/quota.hpp"

namespace parley::emulator::detail {
namespace {

void add_usual_headers(Answer& answer, std::string_view type) {
  auto& headers = answer.headers;
  headers.set("Content-Type", type);
  headers.add("Vary", "Origin");
  headers.add("Vary", "X-Origin");
  headers.add("Vary", "Referer");
  headers.set("Server", "Parley emulator");
  headers.set("X-XSS-Protection", "0");
  headers.set("X-Frame-Options", "SAMEORIGIN");
  headers.set("X-Content-Type-Options", "nosniff");
}

}  // namespace

std::string spaced(std::string_view compact) {
  std::string out;
  out.reserve(compact.size() + compact.size() / 8);
  bool in_string = false;
  for (std::size_t i = 0; i < compact.size(); ++i) {
    const char c = compact[i];
    out += c;
    if (in_string && c == '\\' && i + 1 < compact.size())
      out += compact[++i];
    else if (c == '"')
      in_string = !in_string;
    else if (c == ':' && !in_string)
      out += ' ';
  }
  return out;
}

std::string pretty(std::string_view compact) {
  const auto value = json::parse(compact, json::trusted_limits());
  return value ? json::to_pretty_string(*value) + "\n" : std::string(compact);
}

Answer json_answer(std::string body) {
  Answer answer;
  add_usual_headers(answer, "application/json; charset=UTF-8");
  answer.pieces.push_back(std::move(body));
  return answer;
}

Answer error_answer(int code, std::string_view status, std::string message, json::Array details) {
  json::Object error{{"code", code}, {"message", message}, {"status", status}};
  if (!details.empty()) error["details"] = std::move(details);
  Answer answer =
      json_answer(json::to_pretty_string(json::Object{{"error", std::move(error)}}) + "\n");
  answer.status = code;
  return answer;
}

Answer usual_error(int code, std::string_view model) {
  switch (code) {
    case 400:
      return error_answer(400, "INVALID_ARGUMENT", "Request contains an invalid argument.");
    case 401:
      return error_answer(401, "UNAUTHENTICATED",
                          "Request had invalid authentication credentials. Expected OAuth 2 access "
                          "token, login cookie "
                          "or other valid authentication credential.");
    case 403:
      return error_answer(403, "PERMISSION_DENIED", "The caller does not have permission");
    case 404:
      return error_answer(404, "NOT_FOUND", "Requested entity was not found.");
    case 429: {
      QuotaRefusal refusal;
      refusal.model = model;
      return error_answer(429, "RESOURCE_EXHAUSTED", refusal.message(), refusal.details());
    }
    case 499:
      return error_answer(499, "CANCELLED", "The operation was cancelled.");
    case 503:
      return error_answer(503, "UNAVAILABLE", "The model is overloaded. Please try again later.");
    case 504:
      return error_answer(504, "DEADLINE_EXCEEDED",
                          "Deadline expired before operation could complete.");
    default:
      break;
  }
  if (code == 500)
    return error_answer(500, "INTERNAL",
                        "An internal error has occurred. Please retry or report in "
                        "https://developers.generativeai.google/guide/troubleshooting");
  Answer answer;  // what stands before the service answers in HTML
  answer.status = code;
  answer.headers.set("Content-Type", "text/html; charset=UTF-8");
  answer.pieces.push_back(
      fmt::format("<!DOCTYPE html>\n<html lang=en>\n<title>Error {0}</title>\n<p><b>{0}.</b> {1}\n",
                  code, http::reason_phrase(code)));
  return answer;
}

}  // namespace parley::emulator::detail
