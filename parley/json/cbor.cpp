#include "parley/json/detail/binary_reader.hpp"
#include "parley/json/payload.hpp"

namespace parley::json {
namespace {

using detail::BinaryReader;

// Major types (RFC 8949, 3.1).
enum Major : unsigned { kUnsigned, kNegative, kBytes, kText, kArray, kMap, kTag, kSimple };
constexpr unsigned kIndefinite = 31;
constexpr std::uint8_t kBreak = 0xff;

struct Head {
  unsigned major = 0, info = 0;
  std::uint64_t argument = 0;
  bool indefinite = false;
};

Head read_head(BinaryReader& in) {
  const std::size_t at = in.position();
  const unsigned first = in.byte();
  Head head;
  head.major = first >> 5;
  head.info = first & 31;
  if (head.info < 24)
    head.argument = head.info;
  else if (head.info < 28)
    head.argument = in.number(std::size_t(1) << (head.info - 24));
  else if (head.info == kIndefinite && head.major >= kBytes && head.major <= kMap)
    head.indefinite = true;
  else
    in.fail_at(at, first == kBreak ? "a break without its beginning" : "a reserved form");
  return head;
}

double from_half(unsigned half) {
  const int exponent = static_cast<int>(half >> 10 & 31);
  const auto mantissa = static_cast<double>(half & 1023);
  double value = INFINITY;
  if (exponent == 0)
    value = std::ldexp(mantissa, -24);
  else if (exponent < 31)
    value = std::ldexp(mantissa + 1024, exponent - 25);
  else if (mantissa != 0)
    value = NAN;
  return half & 0x8000 ? -value : value;
}

Value read_simple(BinaryReader& in, const Head& head) {
  switch (head.info) {
    case 20:
    case 21:
      return Value(head.info == 21);
    case 22:
    case 23:  // undefined
      return Value(nullptr);
    case 25:
      return detail::number_or_null(from_half(static_cast<unsigned>(head.argument)));
    case 26:
      return detail::number_or_null(
          std::bit_cast<float>(static_cast<std::uint32_t>(head.argument)));
    case 27:
      return detail::number_or_null(std::bit_cast<double>(head.argument));
    default:
      in.fail_here("a simple value that JSON has no word for");
      return {};
  }
}

bool at_break(BinaryReader& in, BytesView all) {
  if (in.at_end() || all[in.position()] != std::byte(kBreak)) return false;
  (void)in.byte();
  return true;
}

class Decoder {
 public:
  Decoder(BytesView payload, const Limits& limits) : all_(payload), in_(payload, limits) {}

  Result<Value> run() {
    auto value = item();
    if (in_.ok() && !in_.at_end()) in_.fail_here("something stands behind the value");
    if (!in_.ok()) return fail(in_.take_error());
    return value;
  }

 private:
  Value item() {
    Head head = read_head(in_);
    while (in_.ok() && head.major == kTag) head = read_head(in_);
    if (!in_.ok()) return {};
    switch (head.major) {
      case kUnsigned:
        return detail::unsigned_value(head.argument);
      case kNegative:
        if (head.argument > std::uint64_t(INT64_MAX))
          return Value(-1.0 - static_cast<double>(head.argument));
        return Value(-1 - static_cast<std::int64_t>(head.argument));
      case kBytes:
        return detail::text_of_bytes(as_bytes(string(head)));
      case kText:
        return Value(std::string_view(string(head)));
      case kArray:
        return array(head);
      case kMap:
        return map(head);
      default:
        return read_simple(in_, head);
    }
  }

  // Whether another element follows.
  bool more(const Head& head, std::uint64_t& read) {
    if (!in_.ok()) return false;
    if (head.indefinite) return !at_break(in_, all_);
    return read++ < head.argument;
  }

  std::string string(const Head& head) {
    if (!head.indefinite) return part(head);
    std::string whole;
    std::uint64_t read = 0;
    while (more(head, read)) {
      const std::size_t at = in_.position();
      const Head chunk = read_head(in_);
      if (chunk.major != head.major || chunk.indefinite)
        in_.fail_at(at, "a string's piece is of another kind");
      else
        whole += part(chunk);
    }
    return whole;
  }
  std::string part(const Head& head) {
    if (head.major == kText) return std::string(in_.text(head.argument));
    return std::string(as_text(in_.take(head.argument)));
  }

  Value array(const Head& head) {
    Array elements;
    if (!in_.enter()) return {};
    std::uint64_t read = 0;
    while (more(head, read)) elements.push_back(item());
    in_.leave();
    return Value(std::move(elements));
  }

  Value map(const Head& head) {
    Object members;
    if (!in_.enter()) return {};
    std::uint64_t read = 0;
    while (more(head, read)) {
      const std::size_t at = in_.position();
      const Head key = read_head(in_);
      if (key.major != kText) in_.fail_at(at, "a key is no text");
      if (!in_.ok()) break;
      const std::string name = string(key);
      in_.add_member(members, name, at, item());
    }
    in_.leave();
    return Value(std::move(members));
  }

  BytesView all_;
  BinaryReader in_;
};

void put_head(Bytes& out, Major major, std::uint64_t argument) {
  const int size = argument < 24            ? 0
                   : argument <= 0xff       ? 1
                   : argument <= 0xffff     ? 2
                   : argument <= 0xffffffff ? 4
                                            : 8;
  const std::uint64_t info =
      size == 0 ? argument
                : 24u + static_cast<unsigned>(std::countr_zero(static_cast<unsigned>(size)));
  out.push_back(static_cast<std::byte>(std::uint64_t(major) << 5 | info));
  detail::put_number(out, argument, size);
}

void put_double(Bytes& out, double number) {
  if (!std::isfinite(number)) return out.push_back(std::byte(0xf6));
  const auto narrow = detail::as_float_bits(number);
  out.push_back(std::byte(narrow ? 0xfa : 0xfb));
  if (narrow)
    detail::put_number(out, *narrow, 4);
  else
    detail::put_number(out, std::bit_cast<std::uint64_t>(number), 8);
}

void put(Bytes& out, const Value& value) {
  switch (value.kind()) {
    case boost::json::kind::null:
      return out.push_back(std::byte(0xf6));
    case boost::json::kind::bool_:
      return out.push_back(std::byte(value.get_bool() ? 0xf5 : 0xf4));
    case boost::json::kind::int64:
      if (const auto number = value.get_int64(); number < 0)
        return put_head(out, kNegative, static_cast<std::uint64_t>(-1 - number));
      return put_head(out, kUnsigned, static_cast<std::uint64_t>(value.get_int64()));
    case boost::json::kind::uint64:
      return put_head(out, kUnsigned, value.get_uint64());
    case boost::json::kind::double_:
      return put_double(out, value.get_double());
    case boost::json::kind::string:
      put_head(out, kText, value.get_string().size());
      return detail::put_text(out, value.get_string());
    case boost::json::kind::array:
      put_head(out, kArray, value.get_array().size());
      for (const auto& element : value.get_array()) put(out, element);
      return;
    case boost::json::kind::object:
      put_head(out, kMap, value.get_object().size());
      for (const auto& member : value.get_object()) {
        put_head(out, kText, member.key().size());
        detail::put_text(out, member.key());
        put(out, member.value());
      }
      return;
  }
}

}  // namespace

Bytes encode_cbor(const Value& value) {
  Bytes out;
  put(out, value);
  return out;
}

Result<Value> decode_cbor(BytesView payload, const Limits& limits) {
  return Decoder(payload, limits).run();
}

}  // namespace parley::json
