#include <fmt/format.h>

#include "parley/emulator/fault/detail/parts.hpp"
#include "parley/emulator/quota/quota.hpp"

namespace parley::emulator {
namespace {

bool read_part(const detail::FaultPart& part, QuotaLimit& out) {
  constexpr std::uint64_t most = 1'000'000'000'000;
  const auto number = [&part](std::optional<std::int64_t>& limit) {
    const auto value = part.number(most);
    if (value) limit = static_cast<std::int64_t>(*value);
    return value.has_value();
  };
  if (part.value.empty()) return false;
  if (part.name == "rpm") return number(out.requests_per_minute);
  if (part.name == "tpm") return number(out.input_tokens_per_minute);
  if (part.name == "rpd") return number(out.requests_per_day);
  if (part.name == "model") {
    out.model = part.value;
    return true;
  }
  if (part.name == "key") {
    out.key = part.value;
    return true;
  }
  if (part.name != "tier" || (part.value != "free" && part.value != "paid")) return false;
  out.tier = part.value == "free" ? "FreeTier" : "PaidTier";
  return true;
}

}  // namespace

Result<QuotaLimit> QuotaLimit::parse(std::string_view text) {
  QuotaLimit limit;
  const auto parts = detail::split_fault(text);
  if (!parts) return fail(parts.error());
  for (const auto& part : *parts)
    if (!read_part(part, limit))
      return fail(ErrorKind::invalid_argument,
                  fmt::format("\"{}\" does not fit: write rpm=REQUESTS, tpm=TOKENS, rpd=REQUESTS, "
                              "model=PATTERN, key=PATTERN or tier=free|paid",
                              part.name));
  if (!limit.requests_per_minute && !limit.input_tokens_per_minute && !limit.requests_per_day)
    return fail(ErrorKind::invalid_argument, "a quota has rpm=, tpm= or rpd=");
  return limit;
}

}  // namespace parley::emulator
