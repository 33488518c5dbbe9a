#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json/value.hpp>
#include <fmt/format.h>

#include "parley/base/bytes.hpp"
#include "parley/base/error.hpp"
#include "parley/base/text.hpp"
#include "parley/json/limits.hpp"
#include "parley/json/value.hpp"

namespace parley::json::detail {

// Bytes that are read from the front, with the first problem kept: after it all reads give zeros
// and the loops of the decoders end.
class BinaryReader {
 public:
  BinaryReader(BytesView bytes, const Limits& limits) : bytes_(bytes), limits_(limits) {}

  bool ok() const { return !error_; }
  bool at_end() const { return at_ == bytes_.size(); }
  std::size_t left() const { return bytes_.size() - at_; }
  std::size_t position() const { return at_; }
  const Limits& limits() const { return limits_; }

  void fail_at(std::size_t at, std::string_view what) {
    if (!error_) error_.emplace(ErrorKind::invalid_argument, fmt::format("byte {}: {}", at, what));
    at_ = bytes_.size();
  }
  void fail_here(std::string_view what) { fail_at(at_, what); }
  Error take_error() { return std::move(*error_); }

  // A big-endian number of 1 to 8 bytes.
  std::uint64_t number(std::size_t size) {
    std::uint64_t value = 0;
    for (const auto byte : take(size)) value = value << 8 | std::to_integer<std::uint64_t>(byte);
    return value;
  }
  std::uint8_t byte() { return static_cast<std::uint8_t>(number(1)); }

  BytesView take(std::uint64_t size) {
    if (size > left()) {
      fail_at(bytes_.size(), "the value ends early");
      return {};
    }
    const auto part = bytes_.subspan(at_, static_cast<std::size_t>(size));
    at_ += part.size();
    return part;
  }
  std::string_view text(std::uint64_t size) {
    const std::size_t begun = at_;
    const auto text = as_text(take(size));
    if (is_valid_utf8(text)) return text;
    fail_at(begun, "a text is no valid UTF-8");
    return {};
  }

  // False: too deep. leave() follows a true one.
  bool enter() {
    if (depth_ >= limits_.max_depth) {
      fail_here(fmt::format("nested deeper than {}", limits_.max_depth));
      return false;
    }
    ++depth_;
    return true;
  }
  void leave() { --depth_; }

  void add_member(Object& object, std::string_view key, std::size_t key_at, Value value) {
    if (!ok()) return;
    if (object.size() >= limits_.max_keys)
      return fail_at(key_at, fmt::format("an object has more than {} members", limits_.max_keys));
    if (object.contains(key) && limits_.refuse_duplicate_keys)
      return fail_at(key_at, fmt::format("the key '{}' stands twice", key));
    object[key] = std::move(value);
  }

 private:
  BytesView bytes_;
  Limits limits_;
  std::size_t at_ = 0, depth_ = 0;
  std::optional<Error> error_;
};

// RFC 8949, 6.1: base64url without padding.
inline Value text_of_bytes(BytesView bytes) {
  std::string text = to_base64(bytes);
  while (text.ends_with('=')) text.pop_back();
  for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return Value(std::string_view(text));
}

inline Value number_or_null(double number) {
  return std::isfinite(number) ? Value(number) : Value(nullptr);
}
// As the JSON parser gives it: signed where it fits.
inline Value unsigned_value(std::uint64_t number) {
  return number <= std::uint64_t(INT64_MAX) ? Value(static_cast<std::int64_t>(number))
                                            : Value(number);
}

inline void put_number(Bytes& out, std::uint64_t value, int size) {
  for (int shift = 8 * (size - 1); shift >= 0; shift -= 8)
    out.push_back(static_cast<std::byte>(value >> shift));
}
inline void put_text(Bytes& out, std::string_view text) {
  const auto bytes = as_bytes(text);
  out.insert(out.end(), bytes.begin(), bytes.end());
}
// The number in 32 bits, where that loses nothing.
inline std::optional<std::uint32_t> as_float_bits(double number) {
  const auto narrow = static_cast<float>(number);
  if (static_cast<double>(narrow) != number) return std::nullopt;
  return std::bit_cast<std::uint32_t>(narrow);
}

}  // namespace parley::json::detail
