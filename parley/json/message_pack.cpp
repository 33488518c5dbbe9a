#include "parley/json/detail/binary_reader.hpp"
#include "parley/json/payload.hpp"

namespace parley::json {
namespace {

using detail::BinaryReader;

std::int64_t sign_extended(std::uint64_t value, int bytes) {
  const int shift = 64 - 8 * bytes;
  return static_cast<std::int64_t>(value << shift) >> shift;
}

class Decoder {
 public:
  Decoder(BytesView payload, const Limits& limits) : in_(payload, limits) {}

  Result<Value> run() {
    auto value = item();
    if (in_.ok() && !in_.at_end()) in_.fail_here("something stands behind the value");
    if (!in_.ok()) return fail(in_.take_error());
    return value;
  }

 private:
  Value item() {
    const std::size_t at = in_.position();
    const unsigned first = in_.byte();
    if (!in_.ok()) return {};
    if (first <= 0x7f) return Value(static_cast<std::int64_t>(first));
    if (first <= 0x8f) return map(first & 15);
    if (first <= 0x9f) return array(first & 15);
    if (first <= 0xbf) return Value(in_.text(first & 31));
    if (first >= 0xe0) return Value(static_cast<std::int64_t>(first) - 256);
    if (first >= 0xcc && first <= 0xcf)
      return detail::unsigned_value(in_.number(std::size_t(1) << (first - 0xcc)));
    if (first >= 0xd0 && first <= 0xd3) {
      const int size = 1 << (first - 0xd0);
      return Value(sign_extended(in_.number(static_cast<std::size_t>(size)), size));
    }
    return other(first, at);
  }

  Value other(unsigned first, std::size_t at) {
    switch (first) {
      case 0xc0:
        return Value(nullptr);
      case 0xc2:
      case 0xc3:
        return Value(first == 0xc3);
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return detail::text_of_bytes(in_.take(in_.number(std::size_t(1) << (first - 0xc4))));
      case 0xca:
        return detail::number_or_null(
            std::bit_cast<float>(static_cast<std::uint32_t>(in_.number(4))));
      case 0xcb:
        return detail::number_or_null(std::bit_cast<double>(in_.number(8)));
      case 0xd9:
      case 0xda:
      case 0xdb:
        return Value(in_.text(in_.number(std::size_t(1) << (first - 0xd9))));
      case 0xdc:
      case 0xdd:
        return array(in_.number(first == 0xdc ? 2 : 4));
      case 0xde:
      case 0xdf:
        return map(in_.number(first == 0xde ? 2 : 4));
      default:
        in_.fail_at(at,
                    first == 0xc1 ? "a reserved form" : "an extension type, which JSON has not");
        return {};
    }
  }

  Value array(std::uint64_t count) {
    Array elements;
    if (!in_.enter()) return {};
    for (std::uint64_t n = 0; n < count && in_.ok(); ++n) elements.push_back(item());
    in_.leave();
    return Value(std::move(elements));
  }

  Value map(std::uint64_t count) {
    Object members;
    if (!in_.enter()) return {};
    for (std::uint64_t n = 0; n < count && in_.ok(); ++n) {
      const std::size_t at = in_.position();
      const std::string name(key(at));
      in_.add_member(members, name, at, item());
    }
    in_.leave();
    return Value(std::move(members));
  }

  std::string_view key(std::size_t at) {
    const unsigned first = in_.byte();
    if (first >= 0xa0 && first <= 0xbf) return in_.text(first & 31);
    if (first >= 0xd9 && first <= 0xdb)
      return in_.text(in_.number(std::size_t(1) << (first - 0xd9)));
    in_.fail_at(at, "a key is no text");
    return {};
  }

  BinaryReader in_;
};

void put_byte(Bytes& out, unsigned byte) {
  out.push_back(static_cast<std::byte>(byte));
}

// `small` with the count in it below `limit`; else a byte of `codes` for 8, 16 and 32 bits, where a
// code of 0 is none.
struct Sizes {
  unsigned small, limit, eight, sixteen, thirty_two;
};
constexpr Sizes kText{0xa0, 32, 0xd9, 0xda, 0xdb};
constexpr Sizes kArray{0x90, 16, 0, 0xdc, 0xdd};
constexpr Sizes kMap{0x80, 16, 0, 0xde, 0xdf};

void put_size(Bytes& out, const Sizes& sizes, std::size_t size) {
  if (size < sizes.limit) return put_byte(out, sizes.small | static_cast<unsigned>(size));
  if (size <= 0xff && sizes.eight) {
    put_byte(out, sizes.eight);
    return detail::put_number(out, size, 1);
  }
  put_byte(out, size <= 0xffff ? sizes.sixteen : sizes.thirty_two);
  detail::put_number(out, size, size <= 0xffff ? 2 : 4);
}

void put_unsigned(Bytes& out, std::uint64_t number) {
  if (number <= 0x7f) return put_byte(out, static_cast<unsigned>(number));
  const unsigned log = number <= 0xff ? 0 : number <= 0xffff ? 1 : number <= 0xffffffff ? 2 : 3;
  put_byte(out, 0xcc + log);
  detail::put_number(out, number, 1 << log);
}

void put_negative(Bytes& out, std::int64_t number) {
  if (number >= -32) return put_byte(out, static_cast<unsigned>(256 + number));
  const unsigned log = number >= INT8_MIN    ? 0
                       : number >= INT16_MIN ? 1
                       : number >= INT32_MIN ? 2
                                             : 3;
  put_byte(out, 0xd0 + log);
  detail::put_number(out, static_cast<std::uint64_t>(number), 1 << log);
}

void put_double(Bytes& out, double number) {
  if (!std::isfinite(number)) return put_byte(out, 0xc0);
  const auto narrow = detail::as_float_bits(number);
  put_byte(out, narrow ? 0xca : 0xcb);
  if (narrow)
    detail::put_number(out, *narrow, 4);
  else
    detail::put_number(out, std::bit_cast<std::uint64_t>(number), 8);
}

void put_string(Bytes& out, std::string_view text) {
  put_size(out, kText, text.size());
  detail::put_text(out, text);
}

void put(Bytes& out, const Value& value) {
  switch (value.kind()) {
    case boost::json::kind::null:
      return put_byte(out, 0xc0);
    case boost::json::kind::bool_:
      return put_byte(out, value.get_bool() ? 0xc3 : 0xc2);
    case boost::json::kind::int64:
      if (value.get_int64() < 0) return put_negative(out, value.get_int64());
      return put_unsigned(out, static_cast<std::uint64_t>(value.get_int64()));
    case boost::json::kind::uint64:
      return put_unsigned(out, value.get_uint64());
    case boost::json::kind::double_:
      return put_double(out, value.get_double());
    case boost::json::kind::string:
      return put_string(out, value.get_string());
    case boost::json::kind::array:
      put_size(out, kArray, value.get_array().size());
      for (const auto& element : value.get_array()) put(out, element);
      return;
    case boost::json::kind::object:
      put_size(out, kMap, value.get_object().size());
      for (const auto& member : value.get_object()) {
        put_string(out, member.key());
        put(out, member.value());
      }
      return;
  }
}

}  // namespace

Bytes encode_message_pack(const Value& value) {
  Bytes out;
  put(out, value);
  return out;
}

Result<Value> decode_message_pack(BytesView payload, const Limits& limits) {
  return Decoder(payload, limits).run();
}

std::string_view to_string(PayloadCodec codec) {
  constexpr std::string_view names[] = {"json", "cbor", "messagepack"};
  return names[static_cast<std::size_t>(codec)];
}

Bytes encode_payload(PayloadCodec codec, const Value& value) {
  if (codec == PayloadCodec::cbor) return encode_cbor(value);
  if (codec == PayloadCodec::message_pack) return encode_message_pack(value);
  const std::string text = to_string(value);
  const auto bytes = as_bytes(text);
  return Bytes(bytes.begin(), bytes.end());
}

Result<Value> decode_payload(PayloadCodec codec, BytesView payload, const Limits& limits) {
  if (codec == PayloadCodec::cbor) return decode_cbor(payload, limits);
  if (codec == PayloadCodec::message_pack) return decode_message_pack(payload, limits);
  return parse(as_text(payload), limits);
}

}  // namespace parley::json
