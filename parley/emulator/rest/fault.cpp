#include <charconv>

#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/emulator/rest/service.hpp"

namespace parley::emulator {

Result<Fault> Fault::parse(std::string_view text) {
  Fault fault;
  for (const auto part : split(text, ';')) {
    const auto entry = trim(part);
    if (entry.empty()) continue;
    const auto equals = entry.find('=');
    const auto name = trim(entry.substr(0, equals));
    const auto digits =
        equals == std::string_view::npos ? std::string_view() : trim(entry.substr(equals + 1));
    std::size_t value = 0;
    const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    const bool number =
        code == std::errc() && end == digits.data() + digits.size() && !digits.empty();
    if (number && name == "status" && value >= 400 && value <= 599)
      fault.status = static_cast<int>(value);
    else if (number && name == "delay" && value <= 3'600'000)
      fault.delay = std::chrono::milliseconds(value);
    else if (number && name == "cut")
      fault.cut = value;
    else
      return fail(
          ErrorKind::invalid_argument,
          fmt::format("\"{}\" is no fault: write status=400…599, delay=MILLISECONDS or cut=BYTES",
                      entry));
  }
  return fault;
}

}  // namespace parley::emulator
