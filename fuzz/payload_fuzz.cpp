#include <cstdint>
#include <cstdlib>

#include "parley/json/payload.hpp"
#include "parley/json/value.hpp"

using namespace parley;

// What one form can say, it reads back as the same, and the other form as well.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const BytesView bytes(reinterpret_cast<const std::byte*>(data), size);
  for (const auto codec : {json::PayloadCodec::cbor, json::PayloadCodec::message_pack}) {
    const auto value = json::decode_payload(codec, bytes);
    if (!value) continue;
    for (const auto other : {json::PayloadCodec::cbor, json::PayloadCodec::message_pack}) {
      const auto again = json::decode_payload(other, json::encode_payload(other, *value));
      if (!again || *again != *value) std::abort();
    }
  }
  return 0;
}
