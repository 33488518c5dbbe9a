#include <array>
#include <cstdint>

#include "parley/base/detail/base64_wide.hpp"
#include "parley/base/text.hpp"

namespace parley {
namespace {

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// Twelve bits at a time.
constexpr auto pairs = [] {
  std::array<std::array<char, 2>, 4096> table{};
  for (std::size_t i = 0; i < table.size(); ++i) table[i] = {alphabet[i >> 6], alphabet[i & 63]};
  return table;
}();

constexpr std::uint32_t bad = 1u << 24;

// The bits of each letter where it stands in its group of four; `bad` for others.
constexpr auto make_shifted(int shift) {
  std::array<std::uint32_t, 256> table{};
  table.fill(bad);
  for (std::uint32_t i = 0; i < 64; ++i)
    table[static_cast<unsigned char>(alphabet[i])] = i << shift;
  table['-'] = 62u << shift;
  table['_'] = 63u << shift;
  return table;
}
constexpr auto first = make_shifted(18), second = make_shifted(12), third = make_shifted(6),
               fourth = make_shifted(0);

std::uint32_t group_of(const char* text) {
  const auto at = [text](int i) { return static_cast<unsigned char>(text[i]); };
  return first[at(0)] | second[at(1)] | third[at(2)] | fourth[at(3)];
}

}  // namespace

void append_base64(std::string& out, BytesView bytes) {
  const std::size_t begin = out.size(), whole = bytes.size() / 3;
  out.resize(begin + (bytes.size() + 2) / 3 * 4);
  char* to = out.data() + begin;
  const auto at = [&](std::size_t i) { return std::to_integer<std::uint32_t>(bytes[i]); };
  for (std::size_t i = 0; i < whole * 3; i += 3, to += 4) {
    const std::uint32_t group = at(i) << 16 | at(i + 1) << 8 | at(i + 2);
    const auto &high = pairs[group >> 12], &low = pairs[group & 4095];
    to[0] = high[0], to[1] = high[1], to[2] = low[0], to[3] = low[1];
  }
  const std::size_t rest = bytes.size() - whole * 3;
  if (rest == 0) return;
  const std::uint32_t group = at(whole * 3) << 16 | (rest == 2 ? at(whole * 3 + 1) << 8 : 0u);
  to[0] = alphabet[group >> 18];
  to[1] = alphabet[group >> 12 & 63];
  to[2] = rest == 2 ? alphabet[group >> 6 & 63] : '=';
  to[3] = '=';
}

std::string to_base64(BytesView bytes) {
  std::string out;
  append_base64(out, bytes);
  return out;
}

std::string to_base64url(BytesView bytes) {
  std::string out = to_base64(bytes);
  while (out.ends_with('=')) out.pop_back();
  for (auto& c : out) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return out;
}

std::optional<Bytes> from_base64(std::string_view text) {
  const std::size_t padded = text.size();
  while (text.ends_with('=')) text.remove_suffix(1);
  const std::size_t padding = padded - text.size();
  if (text.size() % 4 == 1 || padding > 2 || (padding > 0 && padded % 4 != 0)) return std::nullopt;
  const std::size_t groups = text.size() / 4, rest = text.size() % 4;
  Bytes out(groups * 3 + (rest == 0 ? 0 : rest - 1));
  std::byte* to = out.data();
  std::uint32_t seen = 0;
  const auto put = [&to](std::uint32_t group, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) to[i] = static_cast<std::byte>(group >> (16 - 8 * i));
    to += count;
  };
  const std::size_t done = detail::decode_base64_wide(text.data(), groups * 4, to, out.size());
  to += done / 4 * 3;
  for (std::size_t i = done / 4; i < groups; ++i) {
    const std::uint32_t group = group_of(text.data() + i * 4);
    seen |= group;
    put(group, 3);
  }
  if (rest > 0) {
    char last[] = {'A', 'A', 'A', 'A'};
    for (std::size_t i = 0; i < rest; ++i) last[i] = text[groups * 4 + i];
    const std::uint32_t group = group_of(last);
    seen |= group;
    put(group, rest - 1);
  }
  if (seen & bad) return std::nullopt;
  return out;
}

}  // namespace parley
