#include "parley/api/text_delivery.hpp"

#include <algorithm>

namespace parley::api {
namespace {

// The longest prefix of at most `bytes` that cuts no character.
std::size_t cut_before(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) return text.size();
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xc0) == 0x80) --bytes;
  return bytes;
}

}  // namespace

std::string TextDelivery::take(std::size_t bytes) {
  std::string piece = held_.substr(0, bytes);
  held_.erase(0, bytes);
  return piece;
}

std::vector<std::string> TextDelivery::add(std::string_view text, TimePoint now) {
  std::vector<std::string> out;
  if (text.empty()) return out;
  if (held_.empty()) since_ = now;
  held_ += text;
  switch (options_.mode) {
    case DeliveryMode::by_piece:
      out.push_back(finish());
      break;
    case DeliveryMode::by_time:
      break;
    case DeliveryMode::by_size:
      cut_by_size(out);
      break;
    case DeliveryMode::by_line:
      cut_by_line(out);
      break;
  }
  // What is left came with this text, or the rest would have gone before it.
  if (!out.empty()) since_ = now;
  return out;
}

void TextDelivery::cut_by_size(std::vector<std::string>& out) {
  const std::size_t size = std::max<std::size_t>(options_.bytes, 4);
  while (held_.size() >= size) out.push_back(take(cut_before(held_, size)));
}

void TextDelivery::cut_by_line(std::vector<std::string>& out) {
  const std::size_t longest = std::max<std::size_t>(options_.max_line, 4);
  for (;;) {
    const auto feed = held_.find('\n');
    if (feed != std::string::npos && feed < longest)
      out.push_back(take(feed + 1));
    else if (held_.size() >= longest)
      out.push_back(take(cut_before(held_, longest)));
    else
      return;
  }
}

std::optional<TimePoint> TextDelivery::next_timeout() const {
  if (held_.empty()) return std::nullopt;
  if (options_.mode == DeliveryMode::by_time) return since_ + options_.every;
  if (options_.at_most) return since_ + *options_.at_most;
  return std::nullopt;
}

std::string TextDelivery::handle_timeout(TimePoint now) {
  const auto due = next_timeout();
  return due && *due <= now ? finish() : std::string();
}

std::string TextDelivery::finish() {
  return std::exchange(held_, {});
}

}  // namespace parley::api
