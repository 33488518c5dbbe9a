#include "parley/json/payload.hpp"

#include <limits>

#include <gtest/gtest.h>

#include "parley/base/random.hpp"
#include "parley/base/text.hpp"
#include "parley/json/value.hpp"

namespace parley::json {
namespace {

Bytes from_hex(std::string_view hex) {
  Bytes out;
  for (std::size_t at = 0; at + 1 < hex.size(); at += 2)
    out.push_back(static_cast<std::byte>(std::stoi(std::string(hex.substr(at, 2)), nullptr, 16)));
  return out;
}
std::string to_hex(const Bytes& bytes) {
  constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (const auto byte : bytes) {
    out += digits[std::to_integer<unsigned>(byte) >> 4];
    out += digits[std::to_integer<unsigned>(byte) & 15];
  }
  return out;
}

struct Vector {
  const char* hex;
  const char* text;
  bool same_back = true;  // what we write is the same bytes
};

void expect_vectors(PayloadCodec codec, std::initializer_list<Vector> vectors) {
  for (const auto& one : vectors) {
    SCOPED_TRACE(one.hex);
    const auto value = decode_payload(codec, from_hex(one.hex));
    if (!value) {
      ADD_FAILURE() << value.error().message();
      continue;
    }
    EXPECT_EQ(to_string(*value), to_string(*parse(one.text)));
    if (one.same_back) {
      EXPECT_EQ(to_hex(encode_payload(codec, *value)), one.hex);
    }
  }
}

TEST(Cbor_A20_Rfc8949_AppendixA, TheExamplesOfTheDocument) {
  expect_vectors(PayloadCodec::cbor, {{"00", "0"},
                                      {"17", "23"},
                                      {"1818", "24"},
                                      {"1903e8", "1000"},
                                      {"1a000f4240", "1000000"},
                                      {"1b000000e8d4a51000", "1000000000000"},
                                      {"1bffffffffffffffff", "18446744073709551615"},
                                      {"20", "-1"},
                                      {"3863", "-100"},
                                      {"3903e7", "-1000"},
                                      {"fa47c35000", "100000.0"},
                                      {"fb3ff199999999999a", "1.1"},
                                      {"fb7e37e43c8800759c", "1.0e+300"},
                                      {"f93c00", "1.0", false},
                                      {"f97bff", "65504.0", false},
                                      {"f90001", "5.960464477539063e-8", false},
                                      {"f9c400", "-4.0", false},
                                      {"f97c00", "null", false},
                                      {"f97e00", "null", false},
                                      {"3bffffffffffffffff", "-1.8446744073709552e19", false},
                                      {"f4", "false"},
                                      {"f5", "true"},
                                      {"f6", "null"},
                                      {"f7", "null", false},
                                      {"c11a514b67b0", "1363896240", false},
                                      {"4401020304", "\"AQIDBA\"", false},
                                      {"6161", "\"a\""},
                                      {"62c3bc", "\"\u00fc\""},
                                      {"83010203", "[1,2,3]"},
                                      {"8301820203820405", "[1,[2,3],[4,5]]"},
                                      {"a26161016162820203", "{\"a\":1,\"b\":[2,3]}"},
                                      {"5f42010243030405ff", "\"AQIDBAU\"", false},
                                      {"7f657374726561646d696e67ff", "\"streaming\"", false},
                                      {"9fff", "[]", false},
                                      {"9f018202039f0405ffff", "[1,[2,3],[4,5]]", false},
                                      {"bf61610161629f0203ffff", "{\"a\":1,\"b\":[2,3]}", false}});
}

TEST(MessagePack_A20, TheFormsOfTheSpecification) {
  expect_vectors(PayloadCodec::message_pack,
                 {{"c0", "null"},
                  {"c2", "false"},
                  {"c3", "true"},
                  {"7f", "127"},
                  {"cc80", "128"},
                  {"cd0100", "256"},
                  {"ce00010000", "65536"},
                  {"cfffffffffffffffff", "18446744073709551615"},
                  {"ff", "-1"},
                  {"e0", "-32"},
                  {"d0df", "-33"},
                  {"d1ff7f", "-129"},
                  {"d2ffff7fff", "-32769"},
                  {"d3ffffffff7fffffff", "-2147483649"},
                  {"ca3fc00000", "1.5"},
                  {"cb3ff199999999999a", "1.1"},
                  {"a161", "\"a\""},
                  {"c4020102", "\"AQI\"", false},
                  {"93010203", "[1,2,3]"},
                  {"82a16101a16292c0c2", "{\"a\":1,\"b\":[null,false]}"},
                  {"dc000101", "[1]", false},
                  {"df00000001a16107", "{\"a\":7}", false}});
}

TEST(Payload_A20, BadBytesAreRefusedByTheirPlace) {
  struct Case {
    PayloadCodec codec;
    const char* hex;
    const char* message;
  };
  const Case cases[] = {
      {PayloadCodec::cbor, "", "byte 0: the value ends early"},
      {PayloadCodec::cbor, "8201", "byte 2: the value ends early"},
      {PayloadCodec::cbor, "6261", "byte 2: the value ends early"},
      {PayloadCodec::cbor, "9b0000ffffffffffff01", "byte 10: the value ends early"},
      {PayloadCodec::cbor, "1c", "byte 0: a reserved form"},
      {PayloadCodec::cbor, "ff", "byte 0: a break without its beginning"},
      {PayloadCodec::cbor, "0001", "byte 1: something stands behind the value"},
      {PayloadCodec::cbor, "a10102", "byte 1: a key is no text"},
      {PayloadCodec::cbor, "a2616101616102", "byte 4: the key 'a' stands twice"},
      {PayloadCodec::cbor, "61ff", "byte 1: a text is no valid UTF-8"},
      {PayloadCodec::cbor, "7f4101ff", "byte 1: a string's piece is of another kind"},
      {PayloadCodec::cbor, "f0", "byte 1: a simple value that JSON has no word for"},
      {PayloadCodec::message_pack, "", "byte 0: the value ends early"},
      {PayloadCodec::message_pack, "c1", "byte 0: a reserved form"},
      {PayloadCodec::message_pack, "d40100", "byte 0: an extension type, which JSON has not"},
      {PayloadCodec::message_pack, "81c001", "byte 1: a key is no text"},
      {PayloadCodec::message_pack, "ddffffffff01", "byte 6: the value ends early"},
      {PayloadCodec::message_pack, "c0c0", "byte 1: something stands behind the value"}};
  for (const auto& one : cases) {
    SCOPED_TRACE(one.hex);
    const auto value = decode_payload(one.codec, from_hex(one.hex));
    ASSERT_FALSE(value);
    EXPECT_EQ(value.error().kind(), ErrorKind::invalid_argument);
    EXPECT_EQ(value.error().message(), one.message);
  }
}

TEST(Payload_A20, DepthAndWidthHaveLimits) {
  Limits limits;
  limits.max_depth = 3;
  limits.max_keys = 1;
  for (const auto codec : {PayloadCodec::cbor, PayloadCodec::message_pack}) {
    const auto deep = encode_payload(codec, *parse("[[[1]]]"));
    EXPECT_TRUE(decode_payload(codec, deep, limits));
    const auto deeper = encode_payload(codec, *parse("[[[[1]]]]"));
    EXPECT_FALSE(decode_payload(codec, deeper, limits));
    const auto wide = encode_payload(codec, *parse(R"({"a":1,"b":2})"));
    EXPECT_FALSE(decode_payload(codec, wide, limits));
    EXPECT_TRUE(decode_payload(codec, wide));
  }
  const Bytes bomb(100'000, std::byte(0x81));
  EXPECT_FALSE(decode_cbor(bomb));
}

Value random_value(Random& random, int depth) {
  switch (random.below(depth > 0 ? 9 : 7)) {
    case 0:
      return Value(nullptr);
    case 1:
      return Value(random.below(2) == 0);
    case 2:
      return Value(static_cast<std::int64_t>(random.next() >> random.below(64)));
    case 3:
      return Value(-static_cast<std::int64_t>(random.next() >> (1 + random.below(63))) - 1);
    case 4:
      return Value(static_cast<double>(random.next()) / 3.0);
    case 5:
      return Value(static_cast<double>(random.below(1000)) / 8.0);
    case 6:
      return Value(std::string(random.below(300), 'x'));
    case 7: {
      Array array;
      for (auto n = random.below(40); n > 0; --n) array.push_back(random_value(random, depth - 1));
      return Value(std::move(array));
    }
    default: {
      Object object;
      for (auto n = random.below(20); n > 0; --n)
        object[std::to_string(random.next())] = random_value(random, depth - 1);
      return Value(std::move(object));
    }
  }
}

TEST(Payload_A20, EveryValueComesBackFromEveryForm) {
  SeededRandom random(7);
  for (int round = 0; round < 300; ++round) {
    const auto value = random_value(random, 3);
    for (const auto codec : {PayloadCodec::json, PayloadCodec::cbor, PayloadCodec::message_pack}) {
      const auto back = decode_payload(codec, encode_payload(codec, value));
      ASSERT_TRUE(back) << to_string(codec) << ": " << back.error().message();
      ASSERT_EQ(*back, value) << to_string(codec);
    }
  }
  const Value infinite(std::numeric_limits<double>::infinity());
  EXPECT_TRUE(decode_cbor(encode_cbor(infinite))->is_null());
  EXPECT_TRUE(decode_message_pack(encode_message_pack(infinite))->is_null());
}

TEST(Payload_A20, BinaryFormsAreSmallerThanText) {
  const auto value = *parse(R"({"user":12345,"text":"hello","tags":[1,2,3],"done":false})");
  const auto text = encode_payload(PayloadCodec::json, value).size();
  EXPECT_LT(encode_cbor(value).size(), text);
  EXPECT_LT(encode_message_pack(value).size(), text);
}

}  // namespace
}  // namespace parley::json
