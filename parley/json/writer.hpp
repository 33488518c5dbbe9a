#pragma once

#include <concepts>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/base/bytes.hpp"
#include "parley/json/types.hpp"

namespace parley::json {

// Appends one JSON text to a string, compact, without checking the nesting: each begin has its end.
// Malformed UTF-8 becomes U+FFFD; infinities and NaN become null.
class Writer {
 public:
  // `out` is appended to and must outlive the writer.
  explicit Writer(std::string& out) : out_(out) {}

  Writer& begin_object();
  Writer& end_object();
  Writer& begin_array();
  Writer& end_array();
  Writer& key(std::string_view name);

  // A member's name that needs no escape, as is checked when it is compiled.
  struct Name {
    template <std::size_t N>
    consteval Name(const char (&name)[N]) : text(name, N - 1) {  // NOLINT
      for (const char c : text)
        if (static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\') throw "needs an escape";
    }
    std::string_view text;
  };
  Writer& member(Name name);

  Writer& value(std::string_view text);
  Writer& value(const char* text) { return value(std::string_view(text)); }
  Writer& value(const std::string& text) { return value(std::string_view(text)); }
  Writer& value(bool flag);
  Writer& value(double number);
  template <std::integral T>
  requires(!std::same_as<T, bool>) Writer& value(T number) {
    if constexpr (std::is_signed_v<T>)
      return write_signed(number);
    else
      return write_unsigned(number);
  }
  Writer& value(std::nullptr_t);
  Writer& value(BytesView bytes);  // base64
  Writer& value(const Bytes& bytes) { return value(BytesView(bytes)); }
  Writer& value(const Value& any);
  Writer& value(const Object& object);
  Writer& value(const Any& any);
  Writer& value(const Members& members);
  Writer& raw(std::string_view json);  // an already encoded value

  template <class T>
  Writer& value(const std::vector<T>& list) {
    begin_array();
    for (const auto& element : list) value(element);
    return end_array();
  }
  // A message type: its `encode(json::Writer&, const T&)` is found beside the type.
  template <class T>
  requires requires(Writer& out, const T& message) { encode(out, message); }
  Writer& value(const T& message) {
    encode(*this, message);
    return *this;
  }

  template <class T>
  Writer& field(Name name, const T& of) {
    return member(name).value(of);
  }
  // Left out where empty (Maybe: where absent).
  template <class T>
  Writer& field(Name name, const std::optional<T>& of) {
    if (of) member(name).value(*of);
    return *this;
  }
  template <class T>
  Writer& field(Name name, const Maybe<T>& of) {
    if (of) return member(name).value(*of);
    return of.is_null() ? member(name).value(nullptr) : *this;
  }
  // Each member of `extra`, for unknown fields that came with a message.
  Writer& fields(const Members& extra);

 private:
  Writer& write_signed(std::int64_t number);
  Writer& write_unsigned(std::uint64_t number);
  void separate();

  std::string& out_;
  bool first_ = true;
};

// One message as compact JSON by its `encode(json::Writer&, const T&)`.
template <class T>
std::string encode_text(const T& message) {
  std::string text;
  Writer writer(text);
  encode(writer, message);
  return text;
}

}  // namespace parley::json
