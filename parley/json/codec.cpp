#include "parley/json/codec.hpp"

#include <charconv>

#include <fmt/format.h>

#include "parley/json/value.hpp"

namespace parley::json {

void keep(Cursor in, std::string_view key, Members& extra) {
  in.read((*extra)[key]);
}
void keep_null(std::string_view key, Members& extra) {
  (*extra)[key] = nullptr;
}

void read_constant(Cursor in, std::string_view wanted) {
  std::string_view found;
  if (in.read_view(found) && found != wanted)
    in.fail(fmt::format("expected \"{}\", found another text", wanted));
}
void read_constant(Cursor in, bool wanted) {
  bool found = false;
  in.read(found);
  if (in.ok() && found != wanted) in.fail(fmt::format("expected {}", wanted));
}
void read_constant(Cursor in, std::int64_t wanted) {
  std::int64_t found = 0;
  in.read(found);
  if (in.ok() && found != wanted) in.fail(fmt::format("expected {}", wanted));
}

void decode(Cursor in, Decimal& out) {
  if (in.kind() != Kind::number) return in.read(out.text);
  Value number;
  in.read(number);
  out.text = to_string(number);
  out.as_number = true;
}

void decode(Cursor in, Unknown& out) {
  in.read(out.value);
}

void refuse_value(Cursor in, std::string_view found, const std::string_view* names,
                  std::size_t count) {
  std::string all;
  for (std::size_t i = 0; i < count && i < 12; ++i)
    all += fmt::format("{}\"{}\"", i == 0 ? "" : ", ", names[i]);
  if (count > 12) all += " …";
  in.fail(fmt::format("\"{}\" is not one of {}", found.substr(0, 40), all));
}

void encode(Writer& out, const Decimal& value) {
  if (value.as_number)
    out.raw(value.text);
  else
    out.value(value.text);
}
void encode(Writer& out, const Unknown& value) {
  out.value(value.value);
}

}  // namespace parley::json
