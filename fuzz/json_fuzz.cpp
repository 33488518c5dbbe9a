#include <cstdint>
#include <cstdlib>

#include <simdjson.h>

#include "parley/json/value.hpp"

using namespace parley;

namespace {

bool same(const json::Value& ours, const simdjson::dom::element& theirs) {
  using simdjson::dom::element_type;
  switch (theirs.type()) {
    case element_type::ARRAY: {
      const simdjson::dom::array list = theirs;
      if (!ours.is_array() || ours.as_array().size() != list.size()) return false;
      std::size_t at = 0;
      for (const auto element : list)
        if (!same(ours.as_array()[at++], element)) return false;
      return true;
    }
    case element_type::OBJECT: {
      if (!ours.is_object()) return false;
      json::Object wanted;  // the last of two members of one name wins
      for (const auto member : simdjson::dom::object(theirs)) {
        const auto* found = ours.as_object().if_contains(member.key);
        if (!found) return false;
        wanted[member.key] = same(*found, member.value);
      }
      for (const auto& [name, equal] : wanted)
        if (!equal.as_bool()) return false;
      return wanted.size() == ours.as_object().size();
    }
    case element_type::STRING:
      return ours.is_string() && std::string_view(ours.as_string()) == std::string_view(theirs);
    case element_type::INT64:
      return ours == json::Value(std::int64_t(theirs));
    case element_type::UINT64:
      return ours == json::Value(std::uint64_t(theirs));
    case element_type::DOUBLE:
      return ours.is_double() && ours.as_double() == double(theirs);
    case element_type::BOOL:
      return ours == json::Value(bool(theirs));
    case element_type::NULL_VALUE:
      return ours.is_null();
  }
  return false;
}

// Another parser, not ours, takes the same texts and reads the same values. Only numbers that have
// no form of its own are different: it refuses whole numbers of more than 64 bits.
void compare(std::string_view text, const Result<json::Value>& ours) {
  thread_local simdjson::dom::parser parser;
  simdjson::dom::element theirs;
  const auto code = parser.parse(simdjson::padded_string(text)).get(theirs);
  if (!code) {
    if (ours ? !same(*ours, theirs) : ours.error().message().find("nested") == std::string::npos)
      std::abort();
  } else if (ours && code != simdjson::NUMBER_ERROR) {
    std::abort();
  }
}

}  // namespace

// What is read can be written and read again, and stays equal.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto strict = json::parse(text);
  const auto trusted = json::parse(text, json::trusted_limits());
  compare(text, trusted);
  if (strict && !trusted) std::abort();
  if (!trusted) return trusted.error().message().empty() ? (std::abort(), 0) : 0;
  for (const auto& written : {json::to_string(*trusted), json::to_pretty_string(*trusted)}) {
    const auto again = json::parse(written, json::trusted_limits());
    if (!again || *again != *trusted) std::abort();
  }
  return 0;
}
