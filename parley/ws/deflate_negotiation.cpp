#include <algorithm>

#include <fmt/format.h>

#include "parley/ws/detail/extensions.hpp"

namespace parley::ws::detail {
namespace {

constexpr std::string_view kName = "permessage-deflate";

// The parameters of one offer or answer (RFC 7692, 7.1). A window without a value is 0.
struct Parameters {
  bool server_no_context_takeover = false;
  bool client_no_context_takeover = false;
  std::optional<int> server_max_window_bits;
  std::optional<int> client_max_window_bits;
};

// 8 to 15 in decimal without leading zeros (RFC 7692, 7.1.2.1).
std::optional<int> window_bits(const std::string& value) {
  if (value == "8" || value == "9") return value[0] - '0';
  if (value.size() == 2 && value[0] == '1' && value[1] >= '0' && value[1] <= '5')
    return 10 + value[1] - '0';
  return std::nullopt;
}

// nullopt: a parameter is unknown, stands twice or has a wrong value.
std::optional<Parameters> read_parameters(const Extension& extension) {
  Parameters all;
  const auto flag = [](bool& to, const std::optional<std::string>& value) {
    return !value && !std::exchange(to, true);
  };
  const auto window = [](std::optional<int>& to, const std::optional<std::string>& value,
                         bool may_be_empty) {
    if (to || (!value && !may_be_empty)) return false;
    to = value ? window_bits(*value) : 0;
    return to.has_value();
  };
  for (const auto& [name, value] : extension.parameters) {
    const bool good =
        name == "server_no_context_takeover"   ? flag(all.server_no_context_takeover, value)
        : name == "client_no_context_takeover" ? flag(all.client_no_context_takeover, value)
        : name == "server_max_window_bits"     ? window(all.server_max_window_bits, value, false)
        : name == "client_max_window_bits"     ? window(all.client_max_window_bits, value, true)
                                               : false;
    if (!good) return std::nullopt;
  }
  return all;
}

int in_range(int bits) {
  return std::clamp(bits, 8, 15);
}

// Nothing agreed on yet, and our settings within zlib's ranges.
DeflateAgreement with_settings(const DeflateOptions& options) {
  DeflateAgreement agreement;
  agreement.level = std::clamp(options.level, 1, 9);
  agreement.memory_level = std::clamp(options.memory_level, 1, 9);
  agreement.min_size = options.min_size;
  return agreement;
}

std::string to_field(const DeflateAgreement& agreement) {
  std::string field(kName);
  if (agreement.server_no_context_takeover) field += "; server_no_context_takeover";
  if (agreement.client_no_context_takeover) field += "; client_no_context_takeover";
  if (agreement.server_max_window_bits < 15)
    field += fmt::format("; server_max_window_bits={}", agreement.server_max_window_bits);
  if (agreement.client_max_window_bits < 15)
    field += fmt::format("; client_max_window_bits={}", agreement.client_max_window_bits);
  return field;
}

}  // namespace

std::string deflate_offer(const DeflateOptions& options) {
  std::string offer(kName);
  if (options.server_no_context_takeover) offer += "; server_no_context_takeover";
  if (options.client_no_context_takeover) offer += "; client_no_context_takeover";
  if (in_range(options.server_max_window_bits) < 15)
    offer += fmt::format("; server_max_window_bits={}", in_range(options.server_max_window_bits));
  // Without it the server may not limit our window (RFC 7692, 7.1.2.2).
  offer += "; client_max_window_bits";
  if (in_range(options.client_max_window_bits) < 15)
    offer += fmt::format("={}", in_range(options.client_max_window_bits));
  return offer;
}

std::optional<DeflateAnswer> answer_deflate(const std::vector<Extension>& offers,
                                            const DeflateOptions& options) {
  for (const auto& offer : offers) {
    if (offer.name != kName) continue;
    const auto asked = read_parameters(offer);
    if (!asked) continue;
    DeflateAnswer answer;
    auto& agreement = answer.agreement = with_settings(options);
    agreement.server_no_context_takeover =
        asked->server_no_context_takeover || options.server_no_context_takeover;
    agreement.client_no_context_takeover =
        asked->client_no_context_takeover || options.client_no_context_takeover;
    agreement.server_max_window_bits = std::min(asked->server_max_window_bits.value_or(15),
                                                in_range(options.server_max_window_bits));
    // A client that did not offer the parameter cannot be told to use a smaller window.
    if (asked->client_max_window_bits) {
      const int limit = *asked->client_max_window_bits ? *asked->client_max_window_bits : 15;
      agreement.client_max_window_bits = std::min(limit, in_range(options.client_max_window_bits));
    }
    answer.field = to_field(agreement);
    return answer;
  }
  return std::nullopt;
}

std::optional<DeflateAgreement> check_deflate(const Extension& answer,
                                              const DeflateOptions& options) {
  if (answer.name != kName) return std::nullopt;
  const auto chosen = read_parameters(answer);
  if (!chosen || chosen->client_max_window_bits == 0) return std::nullopt;
  const int server_limit = in_range(options.server_max_window_bits);
  const int server_bits = chosen->server_max_window_bits.value_or(15);
  if (server_bits > server_limit) return std::nullopt;
  if (options.server_no_context_takeover && !chosen->server_no_context_takeover)
    return std::nullopt;
  const int client_limit = in_range(options.client_max_window_bits);
  if (chosen->client_max_window_bits.value_or(0) > client_limit) return std::nullopt;
  DeflateAgreement agreement = with_settings(options);
  agreement.server_no_context_takeover = chosen->server_no_context_takeover;
  agreement.client_no_context_takeover =
      chosen->client_no_context_takeover || options.client_no_context_takeover;
  agreement.server_max_window_bits = server_bits;
  agreement.client_max_window_bits =
      std::min(chosen->client_max_window_bits.value_or(15), client_limit);
  return agreement;
}

}  // namespace parley::ws::detail
