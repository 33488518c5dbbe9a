#pragma once

#include <algorithm>
#include <array>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "parley/base/bytes.hpp"
#include "parley/base/text.hpp"
#include "parley/json/cursor.hpp"
#include "parley/json/types.hpp"
#include "parley/json/writer.hpp"

// What generated decoders and encoders call. The overloads of decode() and encode() for the types
// of types.hpp are found beside them.
namespace parley::json {

// Which required members have come. check() names the first that has not.
template <std::size_t N>
class Required {
 public:
  void seen(std::size_t index) { seen_[index / 64] |= std::uint64_t{1} << index % 64; }
  void check(Cursor in, const std::string_view (&names)[N]) const {
    for (std::size_t i = 0; i < N; ++i)
      if (!(seen_[i / 64] >> i % 64 & 1)) return missing(in, names[i]);
  }

 private:
  static void missing(Cursor in, std::string_view name) {
    if (in.ok()) in.fail("the member \"" + std::string(name) + "\" is missing");
  }
  std::array<std::uint64_t, (N + 63) / 64> seen_{};
};

// A member that must be this constant.
void read_constant(Cursor in, std::string_view wanted);
inline void read_constant(Cursor in, const char* wanted) {
  read_constant(in, std::string_view(wanted));
}
void read_constant(Cursor in, bool wanted);
void read_constant(Cursor in, std::int64_t wanted);

// A member that the definition does not know.
void keep(Cursor in, std::string_view key, Members& extra);
// null for a member that is not declared nullable is kept beside the unknown members.
void keep_null(std::string_view key, Members& extra);
template <class T>
void read_optional(Cursor in, std::string_view key, std::optional<T>& out, Members& extra) {
  if (in.is_null())
    keep_null(key, extra);
  else
    in.read(out.emplace());
}
template <class T>
void read_optional(Cursor in, std::string_view key, Box<T>& out, Members& extra) {
  if (in.is_null())
    keep_null(key, extra);
  else
    in.read(out.emplace());
}

// The index that belongs to a text.
struct Tag {
  std::string_view text;
  int index;
};
// Tags by length, then by text: most comparisons are of two numbers.
template <std::size_t N>
class Tags {
 public:
  consteval Tags(const Tag (&tags)[N]) {  // NOLINT(google-explicit-constructor)
    for (std::size_t i = 0; i < N; ++i) tags_[i] = tags[i];
    std::ranges::sort(tags_, before, &Tag::text);
  }
  // -1: no such text.
  int find(std::string_view text) const {
    const auto found = std::ranges::lower_bound(tags_, text, before, &Tag::text);
    return found != tags_.end() && found->text == text ? found->index : -1;
  }

 private:
  static constexpr bool before(std::string_view a, std::string_view b) {
    return a.size() != b.size() ? a.size() < b.size() : a < b;
  }
  std::array<Tag, N> tags_;
};

template <class T>
void decode(Cursor in, Maybe<T>& out) {
  if (in.is_null())
    out = nullptr;
  else
    in.read(out.emplace());
}
template <class T>
void decode(Cursor in, Box<T>& out) {
  in.read(out.emplace());
}
template <class T>
void decode(Cursor in, std::map<std::string, T>& out) {
  in.each_field([&out](std::string_view key, Cursor value) { value.read(out[std::string(key)]); });
}
void decode(Cursor in, Decimal& out);
void decode(Cursor in, Unknown& out);
void refuse_value(Cursor in, std::string_view found, const std::string_view* names,
                  std::size_t count);
template <class Names>
void decode(Cursor in, Enum<Names>& out) {
  std::string_view text;
  if (!in.read_view(text)) return;
  out = Enum<Names>::of(text);
  if (!Names::is_open && out.value() == Names::unlisted)
    refuse_value(in, text, std::begin(Names::wire_names), std::size(Names::wire_names));
}
template <class... Ts>
void decode(Cursor in, std::tuple<Ts...>& out) {
  std::size_t at = 0;
  in.each_element([&](Cursor element) {
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      ((I == at ? element.read(std::get<I>(out)) : void()), ...);
    }
    (std::index_sequence_for<Ts...>());
    ++at;
  });
  if (in.ok() && at != sizeof...(Ts))
    in.fail("expected " + std::to_string(sizeof...(Ts)) + " elements, found " + std::to_string(at));
}

void encode(Writer& out, const Decimal& value);
void encode(Writer& out, const Unknown& value);
// null where it is empty, as an element of a list.
template <class T>
void encode(Writer& out, const std::optional<T>& value) {
  if (value)
    out.value(*value);
  else
    out.value(nullptr);
}
template <class T>
void encode(Writer& out, const Box<T>& value) {
  if (value)
    out.value(*value);
  else
    out.value(nullptr);
}
template <class Names>
void encode(Writer& out, const Enum<Names>& value) {
  out.value(value.wire());
}
template <class T>
void encode(Writer& out, const std::map<std::string, T>& map) {
  out.begin_object();
  for (const auto& [key, value] : map) out.key(key).value(value);
  out.end_object();
}
template <class... Ts>
void encode(Writer& out, const std::tuple<Ts...>& value) {
  out.begin_array();
  std::apply([&out](const auto&... element) { (out.value(element), ...); }, value);
  out.end_array();
}

// A member that is null where it is empty; Writer::field leaves such a member out.
template <class T>
void write_nullable(Writer& out, Writer::Name name, const std::optional<T>& value) {
  if (value)
    out.field(name, *value);
  else
    out.field(name, nullptr);
}

}  // namespace parley::json
