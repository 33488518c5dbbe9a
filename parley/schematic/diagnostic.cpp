#include "parley/schematic/diagnostic.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace parley::schematic {

std::string Diagnostic::text(std::string_view file) const {
  constexpr std::string_view names[] = {"note", "warning", "error"};
  const auto name = names[static_cast<std::size_t>(severity)];
  if (at.line == 0) return fmt::format("{}: {}: {} [{}]", file, name, message, code);
  return fmt::format("{}:{}:{}: {}: {} [{}]", file, at.line, at.column, name, message, code);
}

void Diagnostics::add(Severity severity, Location at, std::string_view code, std::string message) {
  Diagnostic& one = all_.emplace_back();
  one.severity = severity;
  one.at = at;
  one.code = code;
  one.message = std::move(message);
}

void Diagnostics::error(Location at, std::string_view code, std::string message) {
  add(Severity::error, at, code, std::move(message));
}
void Diagnostics::warning(Location at, std::string_view code, std::string message) {
  add(Severity::warning, at, code, std::move(message));
}
void Diagnostics::note(Location at, std::string_view code, std::string message) {
  add(Severity::note, at, code, std::move(message));
}

std::size_t Diagnostics::count(Severity severity) const {
  return static_cast<std::size_t>(std::ranges::count(all_, severity, &Diagnostic::severity));
}
bool Diagnostics::has_errors() const {
  return count(Severity::error) > 0;
}

void Diagnostics::sort() {
  std::ranges::stable_sort(all_, [](const Diagnostic& a, const Diagnostic& b) {
    return std::pair(a.at.line, a.at.column) < std::pair(b.at.line, b.at.column);
  });
}

std::string Diagnostics::text(std::string_view file) const {
  std::string out;
  for (const auto& one : all_) out += one.text(file) + '\n';
  return out;
}

}  // namespace parley::schematic
