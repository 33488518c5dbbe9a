#include "parley/base/error.hpp"

#include <fmt/format.h>

namespace parley {

std::string_view to_string(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::invalid_argument:
      return "invalid_argument";
    case ErrorKind::missing_credentials:
      return "missing_credentials";
    case ErrorKind::unauthenticated:
      return "unauthenticated";
    case ErrorKind::permission_denied:
      return "permission_denied";
    case ErrorKind::not_found:
      return "not_found";
    case ErrorKind::conflict:
      return "conflict";
    case ErrorKind::rate_limited:
      return "rate_limited";
    case ErrorKind::too_large:
      return "too_large";
    case ErrorKind::invalid_state:
      return "invalid_state";
    case ErrorKind::resolve_failed:
      return "resolve_failed";
    case ErrorKind::connect_failed:
      return "connect_failed";
    case ErrorKind::tls_failed:
      return "tls_failed";
    case ErrorKind::upgrade_refused:
      return "upgrade_refused";
    case ErrorKind::protocol_violation:
      return "protocol_violation";
    case ErrorKind::disconnected:
      return "disconnected";
    case ErrorKind::timeout:
      return "timeout";
    case ErrorKind::cancelled:
      return "cancelled";
    case ErrorKind::invalid_response:
      return "invalid_response";
    case ErrorKind::unavailable:
      return "unavailable";
    case ErrorKind::service:
      return "service";
    case ErrorKind::storage:
      return "storage";
    case ErrorKind::internal:
      return "internal";
  }
  return "internal";
}

std::string_view to_string(Stage stage) {
  switch (stage) {
    case Stage::none:
      return "none";
    case Stage::resolve:
      return "resolve";
    case Stage::connect:
      return "connect";
    case Stage::proxy:
      return "proxy";
    case Stage::tls:
      return "tls";
    case Stage::upgrade:
      return "upgrade";
    case Stage::setup:
      return "setup";
    case Stage::send:
      return "send";
    case Stage::receive:
      return "receive";
    case Stage::idle:
      return "idle";
    case Stage::close:
      return "close";
  }
  return "none";
}

std::optional<std::string_view> Error::detail(std::string_view name) const {
  for (const auto& [key, value] : details_)
    if (key == name) return value;
  return std::nullopt;
}

bool Error::retryable() const {
  switch (http_status_) {
    case 408:
    case 429:
    case 500:
    case 502:
    case 503:
    case 504:
      return true;
    default:
      break;
  }
  switch (kind_) {
    case ErrorKind::resolve_failed:
    case ErrorKind::connect_failed:
    case ErrorKind::disconnected:
    case ErrorKind::timeout:
    case ErrorKind::rate_limited:
    case ErrorKind::unavailable:
      return true;
    default:
      return false;
  }
}

namespace {

// Services send several lines.
std::string on_one_line(std::string_view text) {
  std::string out;
  for (const char letter : text) {
    const bool breaks = letter == '\n' || letter == '\r';
    if (!breaks)
      out += letter;
    else if (!out.empty() && out.back() != ' ')
      out += ' ';
  }
  return out;
}

}  // namespace

std::string Error::describe() const {
  std::string text = fmt::format("{}: {}", to_string(kind_), on_one_line(message_));
  std::string facts;
  const auto add = [&facts](std::string fact) {
    facts += facts.empty() ? "" : ", ";
    facts += fact;
  };
  if (stage_ != Stage::none) add(fmt::format("stage {}", to_string(stage_)));
  if (http_status_ != 0) add(fmt::format("HTTP {}", http_status_));
  if (!service_status_.empty()) add(service_status_);
  if (close_code_ != 0) add(fmt::format("close code {}", close_code_));
  if (!close_reason_.empty() && message_.find(close_reason_) == std::string::npos)
    add(fmt::format("reason \"{}\"", on_one_line(close_reason_)));
  if (retry_after_) add(fmt::format("retry after {} ms", retry_after_->count()));
  if (!facts.empty()) text += fmt::format(" [{}]", facts);
  if (cause_) text += fmt::format("; caused by: {}", cause_->describe());
  return text;
}

Error Error::with_retry_after(std::chrono::milliseconds delay) && {
  retry_after_ = delay;
  return std::move(*this);
}
Error Error::with_http_status(int status) && {
  http_status_ = status;
  return std::move(*this);
}
Error Error::with_close(std::uint16_t code, std::string reason) && {
  close_code_ = code;
  close_reason_ = std::move(reason);
  return std::move(*this);
}
Error Error::with_stage(Stage stage) && {
  stage_ = stage;
  return std::move(*this);
}
Error Error::with_service_status(std::string status) && {
  service_status_ = std::move(status);
  return std::move(*this);
}
Error Error::with_detail(std::string name, std::string value) && {
  details_.emplace_back(std::move(name), std::move(value));
  return std::move(*this);
}
Error Error::with_cause(Error cause) && {
  cause_ = std::make_shared<const Error>(std::move(cause));
  return std::move(*this);
}

}  // namespace parley
