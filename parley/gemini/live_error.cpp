#include "parley/base/secret.hpp"
#include "parley/gemini/live.hpp"
#include "parley/limit/quota.hpp"

namespace parley::gemini {
namespace {

ErrorKind kind_of_close(std::uint16_t code, std::string_view reason) {
  const auto says = [reason](std::string_view words) {
    return reason.find(words) != std::string_view::npos;
  };
  // The client ends the connection with these two.
  if (code == 1002) return ErrorKind::protocol_violation;
  if (code == 1009) return ErrorKind::too_large;
  if (says("API key") || says("unregistered callers")) return ErrorKind::unauthenticated;
  if (says("quota") || says("Quota exceeded") || says("RESOURCE_EXHAUSTED"))
    return ErrorKind::rate_limited;
  if (says("not found")) return ErrorKind::not_found;
  if (code == 1007) return ErrorKind::invalid_argument;
  if (code == 1011)
    return says("unavailable") || says("Deadline") || says("Internal") ? ErrorKind::unavailable
                                                                       : ErrorKind::service;
  return code == 1008 ? ErrorKind::service : ErrorKind::disconnected;
}

struct Advice {
  std::string_view words;  // of the close reason; empty: any
  std::uint16_t code;      // 0: any
  std::string_view text;
};

// The first row that fits. Reasons are cut at 123 bytes, so their beginnings are looked for.
constexpr Advice kAdvice[] = {
    {"API key", 0, "check the key: it is not known, or not for this API"},
    {"unregistered callers", 0, "no valid key or token came with the request"},
    {"quota", 0, "wait, or ask for a higher quota"},
    {"Quota exceeded", 0, "wait, or ask for a higher quota"},
    {"RESOURCE_EXHAUSTED", 0, "wait, or hold fewer sessions at a time"},
    {"session not found", 0, "the handle has expired: begin a new session"},
    {"Requested entity was not found", 0, "begin a new session if a handle was given"},
    {"not found", 0, "choose another model: `parley models --use live` lists them"},
    {"response modalities", 0, "ask for the modality that the model has, mostly AUDIO"},
    {"extract voices", 0, "ask for AUDIO: the model does not write"},
    {"Unknown name", 0, "the setup or a message has a member that this API version does not know"},
    {"media_chunks", 0, "send audio, video or text instead"},
    {"Precondition", 0, "activity marks need automatic detection off; seeding has its own rules"},
    {"location is not supported", 0, "the service is not offered where the request came from"},
    {"not implemented", 0, "often passes: try again, a limited number of times"},
    {"Deadline", 0, "the session's longest time is over: go on with its handle"},
    {"longest duration", 0, "the connection's time is over: go on with its handle"},
    {"", 1007, "a setting or message does not fit the model"},
    {"", 1008, "the service's rules forbid it, or the connection's time is over"},
    {"", 1011, "a fault of the service: go on with the handle after a pause"},
    {"", 1006, "the network was lost: go on with the handle"},
};

std::string_view advice_for(std::uint16_t close_code, std::string_view reason) {
  for (const auto& row : kAdvice)
    if ((row.code == 0 || row.code == close_code) && reason.find(row.words) != reason.npos)
      return row.text;
  return {};
}

}  // namespace

Error live_error(std::uint16_t close_code, std::string_view reason) {
  const auto kind = kind_of_close(close_code, reason);
  const bool own = kind == ErrorKind::protocol_violation || kind == ErrorKind::too_large;
  std::string message = own ? "the Live session was ended for what the service sent"
                            : "the service ended the Live session";
  if (!reason.empty()) message += ": " + redact(reason);
  auto error = Error(kind, std::move(message)).with_close(close_code, redact(reason));
  if (const auto delay = limit::asked_delay(error))
    error = std::move(error).with_retry_after(*delay);
  const auto advice = advice_for(close_code, reason);
  return advice.empty() ? error : std::move(error).with_detail("advice", std::string(advice));
}

}  // namespace parley::gemini
