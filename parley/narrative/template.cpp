#include "parley/narrative/template.hpp"

#include <algorithm>
#include <charconv>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/json/value.hpp"

namespace parley::narrative {
namespace {

using Reference = Template::Reference;

bool is_name(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](unsigned char c) {
    return std::isalnum(c) || c == '_' || c == '-' || c >= 0x80;
  });
}

class Reader {
 public:
  Reader(std::string_view text, const Place& place, Diagnostics& diagnostics)
      : text_(text), place_(place), diagnostics_(diagnostics) {}

  Template read() {
    Template out;
    out.source = std::string(text_);
    out.place = place_;
    std::string plain;
    while (at_ < text_.size()) {
      if (text_.substr(at_).starts_with("\\{{") || text_.substr(at_).starts_with("\\${")) {
        const std::size_t sign = 2 + 1;
        plain += text_.substr(at_ + 1, sign - 1);
        at_ += sign;
      } else if (text_.substr(at_).starts_with("{{") || text_.substr(at_).starts_with("${")) {
        flush(plain, out);
        reference(out);
      } else {
        plain += text_[at_++];
      }
    }
    flush(plain, out);
    return out;
  }

 private:
  static void flush(std::string& plain, Template& out) {
    if (plain.empty()) return;
    out.pieces.emplace_back().text = std::move(plain);
    plain.clear();
  }

  Place place_at(std::size_t at) const {
    const auto before = text_.substr(0, at);
    const auto lines = static_cast<int>(std::ranges::count(before, '\n'));
    if (lines == 0) return Place(place_.file, place_.line, place_.column + static_cast<int>(at));
    return Place(place_.file, place_.line + lines, static_cast<int>(at - before.rfind('\n')));
  }

  void complain(std::size_t at, std::string message) {
    diagnostics_.emplace_back(place_at(at), "template", std::move(message));
  }

  void reference(Template& out) {
    const std::size_t start = at_;
    const bool act = text_[at_] == '{';
    const std::string_view close = act ? "}}" : "}";
    const auto end = text_.find(close, at_ + 2);
    if (end == std::string_view::npos ||
        text_.substr(at_, end - at_).find('\n') != std::string_view::npos) {
      complain(start, fmt::format("\"{}\" has no \"{}\" on its line; write \"\\{}\" for the sign "
                                  "itself",
                                  text_.substr(start, 2), close, text_.substr(start, 2)));
      at_ += 2;
      return;
    }
    const auto inner = trim(text_.substr(at_ + 2, end - at_ - 2));
    at_ = end + close.size();
    auto& piece = out.pieces.emplace_back();
    piece.is_reference = true;
    piece.reference.place = place_at(start);
    const bool good = act ? read_act(inner, piece.reference) : read_source(inner, piece.reference);
    if (good) return;
    complain(start, fmt::format("\"{}\" is no reference; there are {{{{previous}}}}, "
                                "{{{{iteration}}}}, {{{{act}}}}, {{{{act.path}}}}, ${{state:key}} "
                                "and ${{env:NAME}}",
                                text_.substr(start, at_ - start)));
    out.pieces.pop_back();
  }

  static bool read_act(std::string_view inner, Reference& out) {
    const auto parts = split(inner, '.');
    if (!std::ranges::all_of(parts, is_name)) return false;
    out.name = std::string(parts.front());
    if (out.name == "previous") out.kind = Reference::Kind::previous;
    if (out.name == "iteration") out.kind = Reference::Kind::iteration;
    out.path.assign(parts.begin() + 1, parts.end());
    return out.kind != Reference::Kind::iteration || out.path.empty();
  }

  static bool read_source(std::string_view inner, Reference& out) {
    const auto colon = inner.find(':');
    if (colon == std::string_view::npos) return false;
    const auto source = trim(inner.substr(0, colon));
    out.name = std::string(trim(inner.substr(colon + 1)));
    if (source == "state")
      out.kind = Reference::Kind::state;
    else if (source == "env")
      out.kind = Reference::Kind::environment;
    else
      return false;
    return std::ranges::all_of(split(out.name, '.'), is_name);
  }

  std::string_view text_;
  Place place_;
  Diagnostics& diagnostics_;
  std::size_t at_ = 0;
};

}  // namespace

std::string Reference::text() const {
  if (kind == Kind::state) return "${state:" + name + "}";
  if (kind == Kind::environment) return "${env:" + name + "}";
  std::string inner = name;
  for (const auto& part : path) inner += "." + part;
  return "{{" + inner + "}}";
}

bool Template::is_plain() const {
  return std::ranges::none_of(pieces, &Piece::is_reference);
}

Template parse_template(std::string_view text, const Place& place, Diagnostics& diagnostics) {
  return Reader(text, place, diagnostics).read();
}

Template plain_template(std::string_view text) {
  Template out;
  out.source = std::string(text);
  if (!text.empty()) out.pieces.emplace_back().text = out.source;
  return out;
}

Result<std::string> expand(const Template& text, const Values& value) {
  std::string out;
  for (const auto& piece : text.pieces) {
    if (!piece.is_reference) {
      out += piece.text;
      continue;
    }
    auto filled = value(piece.reference);
    if (!filled) return fail(std::move(filled.error()));
    out += *filled;
  }
  return out;
}

Result<std::string> value_at(std::string_view json_text, const std::vector<std::string>& path) {
  const auto parsed = json::parse(json_text, json::trusted_limits());
  if (!parsed)
    return fail(ErrorKind::invalid_argument, "the answer is no JSON: " + parsed.error().message());
  const json::Value* value = &*parsed;
  std::string way = "$";
  for (const auto& part : path) {
    const json::Value* next = nullptr;
    if (const auto* object = value->if_object()) {
      next = object->if_contains(part);
    } else if (const auto* list = value->if_array()) {
      std::size_t index = 0;
      const auto [end, code] = std::from_chars(part.data(), part.data() + part.size(), index);
      if (code == std::errc() && end == part.data() + part.size()) next = list->if_contains(index);
    }
    if (!next) return fail(ErrorKind::invalid_argument, fmt::format("{} has no \"{}\"", way, part));
    way += "." + part;
    value = next;
  }
  if (const auto* text = value->if_string()) return std::string(*text);
  return json::to_string(*value);
}

}  // namespace parley::narrative
