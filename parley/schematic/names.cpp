#include "parley/schematic/names.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include <fmt/format.h>

namespace parley::schematic {
namespace {

constexpr std::string_view reserved[] = {
    "NULL", "EOF", "TRUE", "FALSE", "DOMAIN", "OVERFLOW", "UNDERFLOW", "SING", "PLOSS", "TLOSS",
    "SIGINT", "SIGTERM", "BUFSIZ", "RAND_MAX", "INFINITY", "NAN", "HUGE_VAL", "I", "unix", "linux",
    "major", "minor", "makedev", "errno", "stdin", "stdout", "stderr", "assert", "signals", "slots",
    "alignas", "alignof", "and", "and_eq", "asm", "auto", "bitand", "bitor", "bool", "break",
    "case", "catch", "char", "char16_t", "char32_t", "char8_t", "class", "co_await", "co_return",
    "co_yield", "compl", "concept", "const", "const_cast", "consteval", "constexpr", "constinit",
    "continue", "decltype", "default", "delete", "do", "double", "dynamic_cast", "else", "enum",
    "explicit", "export", "extern", "false", "float", "for", "friend", "goto", "if", "inline",
    "int", "long", "mutable", "namespace", "new", "noexcept", "not", "not_eq", "nullptr",
    "operator", "or", "or_eq", "private", "protected", "public", "register", "reinterpret_cast",
    "requires", "return", "short", "signed", "sizeof", "static", "static_assert", "static_cast",
    "struct", "switch", "template", "this", "thread_local", "throw", "true", "try", "typedef",
    "typeid", "typename", "union", "unsigned", "using", "virtual", "void", "volatile", "wchar_t",
    "while", "xor", "xor_eq",
    // what generated types have beside their members
    "extra", "std", "parley"};

bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}
bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
char lower(char c) {
  return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
}
char upper(char c) {
  return is_lower(c) ? static_cast<char>(c - 'a' + 'A') : c;
}

// Code points beyond ASCII become "u00fc", signs that carry meaning a word.
std::string to_ascii(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x80) {
      if (byte == '+')
        out += " plus ";
      else if (byte == '%')
        out += " percent ";
      else if (byte == '-' && i == 0 && text.size() > 1 && is_digit(text[1]))
        out += "minus ";
      else
        out += text[i];
      continue;
    }
    const std::size_t more = byte >= 0xf0 ? 3u : byte >= 0xe0 ? 2u : 1u;
    unsigned code = byte & (0x3fu >> more);
    for (std::size_t k = 0; k < more && i + 1 < text.size(); ++k)
      code = code << 6 | (static_cast<unsigned char>(text[++i]) & 0x3f);
    out += fmt::format("u{:04x}", code);
  }
  return out;
}

std::vector<std::string> words_of(std::string_view original) {
  const std::string text = to_ascii(original);
  std::vector<std::string> words;
  std::string word;
  const auto end = [&] {
    if (!word.empty()) words.push_back(std::move(word));
    word.clear();
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (!is_upper(c) && !is_lower(c) && !is_digit(c)) {
      end();
      continue;
    }
    const bool next_lower = i + 1 < text.size() && is_lower(text[i + 1]);
    const bool begins = is_upper(c) && !word.empty() && (!is_upper(text[i - 1]) || next_lower) &&
                        !(is_digit(text[i - 1]) && !next_lower);
    if (begins) end();
    word += c;
  }
  end();
  return words;
}

}  // namespace

bool is_reserved(std::string_view name) {
  return std::ranges::find(reserved, name) != std::end(reserved);
}

std::string snake_name(std::string_view text) {
  std::string out;
  for (const auto& word : words_of(text)) {
    if (!out.empty()) out += '_';
    for (const char c : word) out += lower(c);
  }
  if (out.empty()) return "empty";
  return is_digit(out.front()) ? "n" + out : out;
}

std::string pascal_name(std::string_view text) {
  std::string out;
  for (const auto& word : words_of(text)) {
    out += upper(word.front());
    out += std::string_view(word).substr(1);
  }
  if (out.empty()) return "Empty";
  return is_digit(out.front()) ? "N" + out : out;
}

std::string NameScope::take(std::string name) {
  if (is_reserved(name)) name += '_';
  std::string chosen = name;
  for (int n = 2; !taken_.insert(chosen).second; ++n)
    chosen = fmt::format("{}{}{}", name, name.ends_with('_') ? "" : "_", n);
  return chosen;
}

}  // namespace parley::schematic
