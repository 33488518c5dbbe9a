#pragma once

#include <string_view>

#include "parley/base/bytes.hpp"
#include "parley/base/error.hpp"
#include "parley/json/free_form.hpp"
#include "parley/json/limits.hpp"

// A JSON value in other forms than text: smaller on the wire, and faster to read where it holds
// many numbers. Both forms can say more than JSON; what has no place in it is told below.
namespace parley::json {

enum class PayloadCodec {
  json,          // text (RFC 8259)
  cbor,          // RFC 8949
  message_pack,  // github.com/msgpack/msgpack, spec.md
};
// "json", "cbor", "messagepack".
std::string_view to_string(PayloadCodec codec);
// True for forms that go in binary messages.
inline bool is_binary(PayloadCodec codec) {
  return codec != PayloadCodec::json;
}

Bytes encode_payload(PayloadCodec codec, const Value& value);
Result<Value> decode_payload(PayloadCodec codec, BytesView payload,
                             const Limits& limits = Limits());

// Integers and lengths in their shortest form; a number is a float of 32 bits where that is exact.
// What no JSON text can hold either, infinite and undefined numbers, becomes null.
Bytes encode_cbor(const Value& value);
// One item and nothing behind it. As RFC 8949, 6.1, advises: byte strings become base64url text,
// tags are dropped, undefined, NaN and infinity become null, negative integers beyond 64 bits
// become doubles. Errors (invalid_argument) name the byte: what ends early, reserved forms, keys
// that are no text, text that is no UTF-8, a key twice, and what is over the limits.
Result<Value> decode_cbor(BytesView payload, const Limits& limits = Limits());

Bytes encode_message_pack(const Value& value);
// As above; extension types are an error.
Result<Value> decode_message_pack(BytesView payload, const Limits& limits = Limits());

}  // namespace parley::json
