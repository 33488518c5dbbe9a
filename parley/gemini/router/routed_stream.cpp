#include "parley/gemini/router/detail/state.hpp"

namespace parley::gemini {

Task<std::optional<GenerateContentResponse>> RoutedStream::Parts::read() {
  if (limited) return limited->next();
  return plain->next();
}

Task<bool> RoutedStream::Parts::begin() {
  first = co_await read();
  co_return first.has_value();
}

RoutedStream::RoutedStream(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
RoutedStream::RoutedStream(RoutedStream&&) noexcept = default;
RoutedStream& RoutedStream::operator=(RoutedStream&&) noexcept = default;
RoutedStream::~RoutedStream() = default;

Task<std::optional<GenerateContentResponse>> RoutedStream::next() {
  auto& parts = *parts_;
  if (parts.first) {
    GenerateContentResponse first = std::move(*parts.first);
    parts.first.reset();
    co_return first;
  }
  co_return co_await parts.read();
}

Result<void> RoutedStream::outcome() const {
  return parts_->outcome();
}
const std::string& RoutedStream::model() const {
  return parts_->model;
}
Way RoutedStream::way() const {
  return parts_->way;
}
const std::vector<RouteAttempt>& RoutedStream::attempts() const {
  return parts_->attempts;
}

}  // namespace parley::gemini
