#include "parley/config/diagnostic.hpp"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include "parley/base/text.hpp"

namespace parley::config {

std::string Place::text() const {
  return line == 0 ? file : fmt::format("{}:{}:{}", file, line, column);
}

std::string Diagnostic::text() const {
  return fmt::format("{}: {}: {} [{}]", place.text(), warning ? "warning" : "error", message, code);
}

bool has_errors(const Diagnostics& diagnostics) {
  return std::ranges::any_of(diagnostics, [](const Diagnostic& one) { return !one.warning; });
}

void sort_by_place(Diagnostics& diagnostics) {
  std::ranges::stable_sort(diagnostics, [](const Diagnostic& a, const Diagnostic& b) {
    return std::tie(a.place.file, a.place.line, a.place.column) <
           std::tie(b.place.file, b.place.line, b.place.column);
  });
}

std::string to_text(const Diagnostics& diagnostics) {
  std::string text;
  for (const auto& one : diagnostics) text += one.text() + "\n";
  return text;
}

Error error_of(const Diagnostics& diagnostics) {
  const auto first = std::ranges::find(diagnostics, false, &Diagnostic::warning);
  if (first == diagnostics.end()) return Error(ErrorKind::internal, "the file has no mistake");
  const auto more = std::ranges::count(diagnostics, false, &Diagnostic::warning) - 1;
  std::string message = fmt::format("{}: {}", first->place.text(), first->message);
  if (more > 0) message += fmt::format(" (and {} more)", more);
  return Error(ErrorKind::invalid_argument, std::move(message)).with_detail("code", first->code);
}

std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& names) {
  const auto near = nearest_name(word, names);
  return near ? fmt::format(", did you mean {}?", *near) : std::string();
}

}  // namespace parley::config
