#include "parley/http/sse.hpp"

#include <charconv>

#include <fmt/format.h>

#include "parley/base/text.hpp"

namespace parley::http {
namespace {
constexpr std::size_t kForeignLimit = 64 * 1024;
constexpr std::size_t kFieldName = 16;  // bytes of a line before its data
}  // namespace

Result<void> SseDecoder::receive(std::string_view text) {
  while (!text.empty()) {
    if (skip_lf_ && text.front() == '\n') text.remove_prefix(1);
    skip_lf_ = false;
    const auto end = text.find_first_of("\r\n");
    line_ += text.substr(0, end);
    if (line_.size() > max_event_ + kFieldName)
      return fail(ErrorKind::too_large, fmt::format("an event is over {} bytes", max_event_));
    if (end == std::string_view::npos) return {};
    skip_lf_ = text[end] == '\r';
    text.remove_prefix(end + 1);
    std::string line = std::exchange(line_, {});
    if (auto taken = take_line(line); !taken) return taken;
  }
  return {};
}

Result<void> SseDecoder::take_line(std::string_view line) {
  if (std::exchange(at_start_, false) && line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
  if (line.empty()) {
    dispatch();
    return {};
  }
  if (line.front() == ':') return {};
  const auto colon = line.find(':');
  const auto name = line.substr(0, colon);
  auto value = colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (name == "data") {
    if (has_data_) event_.data += '\n';
    has_data_ = true;
    event_.data += value;
    if (event_.data.size() > max_event_)
      return fail(ErrorKind::too_large, fmt::format("an event is over {} bytes", max_event_));
  } else if (name == "event") {
    event_.type = value;
  } else if (name == "id") {
    if (value.find('\0') == std::string_view::npos) event_.id = value;
  } else if (name == "retry") {
    std::size_t ms = 0;
    const auto [end, code] = std::from_chars(value.data(), value.data() + value.size(), ms);
    if (code == std::errc() && end == value.data() + value.size()) retry_ms_ = ms;
  } else if (foreign_.size() + line.size() < kForeignLimit) {
    foreign_ += foreign_.empty() ? "" : "\n";
    foreign_ += line;
  }
  return {};
}

void SseDecoder::dispatch() {
  if (has_data_) {
    ready_.push_back(event_);
    foreign_.clear();
  }
  event_.type = "message";
  event_.data.clear();
  has_data_ = false;
}

std::optional<SseEvent> SseDecoder::poll_event() {
  if (ready_.empty()) return std::nullopt;
  SseEvent event = std::move(ready_.front());
  ready_.pop_front();
  if (event.type.empty()) event.type = "message";
  return event;
}

Result<void> SseDecoder::finish() {
  if (!line_.empty()) {
    std::string line = std::exchange(line_, {});
    if (auto taken = take_line(line); !taken) return taken;
  }
  dispatch();
  return {};
}

std::string serialize_event(std::string_view data, std::string_view line_end) {
  std::string out;
  for (const auto line : split(data, '\n')) out += fmt::format("data: {}{}", line, line_end);
  return out += line_end;
}

}  // namespace parley::http
