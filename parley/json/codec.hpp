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
  void seen(std::size_t index) { seen_[index] = true; }
  void check(Cursor in, const std::array<std::string_view, N>& names) const {
    if (!in.ok()) return;
    for (std::size_t i = 0; i < N; ++i)
      if (!seen_[i]) return in.fail(missing(names[i]));
  }

 private:
  static std::string missing(std::string_view name) {
    return "the member \"" + std::string(name) + "\" is missing";
  }
  std::array<bool, N> seen_{};
};

// A member that must be this constant.
void read_constant(Cursor in, std::string_view wanted);
inline void read_constant(Cursor in, const char* wanted) {
  read_constant(in, std::string_view(wanted));
}
void read_constant(Cursor in, bool wanted);
void read_constant(Cursor in, std::int64_t wanted);

// null for a member that is not declared nullable is kept beside the unknown members.
template <class T>
void read_optional(Cursor in, std::string_view key, std::optional<T>& out, Object& extra) {
  if (in.is_null())
    extra[key] = nullptr;
  else
    in.read(out.emplace());
}
template <class T>
void read_optional(Cursor in, std::string_view key, Box<T>& out, Object& extra) {
  if (in.is_null())
    extra[key] = nullptr;
  else
    in.read(out.emplace());
}

// The index that belongs to `text` in a table sorted by text; -1: none.
struct Tag {
  std::string_view text;
  int index;
};
template <std::size_t N>
int find_tag(const std::array<Tag, N>& table, std::string_view text) {
  const auto found = std::ranges::lower_bound(table, text, {}, &Tag::text);
  return found != table.end() && found->text == text ? found->index : -1;
}

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
