#include "parley/http/sse.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "parley/base/text.hpp"

namespace parley::http {
namespace {
constexpr std::size_t kForeignLimit = 64 * 1024;
constexpr std::size_t kFieldName = 16;  // bytes of a line before its data

// Where a line ends: the first CR or LF.
std::size_t line_end(std::string_view text) {
  const auto lf = text.find('\n');
  const auto cr = text.substr(0, lf).find('\r');
  return cr == std::string_view::npos ? lf : cr;
}
}  // namespace

Result<void> SseDecoder::receive(std::string_view text) {
  while (!text.empty()) {
    if (skip_lf_ && text.front() == '\n') text.remove_prefix(1);
    skip_lf_ = false;
    const auto end = line_end(text);
    if (line_.size() + std::min(end, text.size()) > max_event_ + kFieldName)
      return fail(ErrorKind::too_large, fmt::format("an event is over {} bytes", max_event_));
    if (end == std::string_view::npos) {
      line_ += text;
      return {};
    }
    skip_lf_ = text[end] == '\r';
    // A line that came in one piece is read where it stands.
    std::string whole;
    if (!line_.empty()) whole = std::exchange(line_, {}) += text.substr(0, end);
    const auto line = whole.empty() ? text.substr(0, end) : std::string_view(whole);
    if (auto taken = take_line(line); !taken) return taken;
    text.remove_prefix(end + 1);
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
    SseEvent& ready = ready_.emplace_back();
    ready.type = event_.type;
    ready.id = event_.id;
    ready.data = std::move(event_.data);
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
