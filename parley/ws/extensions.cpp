#include "parley/ws/detail/extensions.hpp"

#include <algorithm>

#include "parley/base/text.hpp"

namespace parley::ws::detail {
namespace {

bool is_token_char(char c) {
  return c > 0x20 && c < 0x7f &&
         std::string_view("()<>@,;:\\\"/[]?={}").find(c) == std::string_view::npos;
}

// Reads the grammar of RFC 6455, 9.1: elements, parameters, values that are tokens or quoted
// tokens.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  bool read(std::vector<Extension>& out) {
    for (;;) {
      skip_space();
      if (take(',')) continue;  // RFC 9110, 5.6.1: empty elements are ignored
      if (at_ == text_.size()) return true;
      Extension& extension = out.emplace_back();
      if (!token(extension.name) || !parameters(extension)) return false;
      skip_space();
      if (at_ < text_.size() && !take(',')) return false;
    }
  }

 private:
  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
  }
  bool take(char c) {
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool token(std::string& out) {
    while (at_ < text_.size() && is_token_char(text_[at_])) out += text_[at_++];
    return !out.empty();
  }
  bool quoted(std::string& out) {
    while (!take('"')) {
      if (take('\\') && at_ == text_.size()) return false;
      if (at_ == text_.size() || !is_token_char(text_[at_])) return false;
      out += text_[at_++];
    }
    return !out.empty();
  }
  bool parameters(Extension& extension) {
    for (;;) {
      skip_space();
      if (!take(';')) return true;
      skip_space();
      auto& [name, value] = extension.parameters.emplace_back();
      if (!token(name)) return false;
      skip_space();
      if (!take('=')) continue;
      skip_space();
      value.emplace();
      const bool good = take('"') ? quoted(*value) : token(*value);
      if (!good) return false;
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, is_token_char);
}

std::optional<std::vector<Extension>> parse_extensions(const http::Headers& headers) {
  std::vector<Extension> all;
  for (const auto& field : headers.all()) {
    if (!iequals_ascii(field.name, "Sec-WebSocket-Extensions")) continue;
    const std::size_t before = all.size();
    if (!Reader(field.value).read(all) || all.size() == before) return std::nullopt;
  }
  return all;
}

}  // namespace parley::ws::detail
