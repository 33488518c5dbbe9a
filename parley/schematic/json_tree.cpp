#include <unordered_set>

#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/schematic/detail/tree_builder.hpp"

namespace parley::schematic {
namespace {

// A strict reader of RFC 8259 that keeps places, which no JSON library here gives.
class Reader {
 public:
  Reader(std::string_view text, const TreeLimits& limits) : text_(text), limits_(limits) {}

  Result<Tree> document() {
    Tree tree;
    skip_space();
    if (!value(tree, 0)) return detail::fail_at(failed_at_, message_);
    skip_space();
    if (at_ < text_.size()) return detail::fail_at(here(), "text behind the end of the value");
    return tree;
  }

 private:
  Location here() const { return {line_, static_cast<int>(at_ - line_start_) + 1}; }
  bool refuse(std::string message) {
    if (message_.empty()) {
      message_ = std::move(message);
      failed_at_ = here();
    }
    return false;
  }
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void skip_space() {
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '\n') {
        ++line_;
        line_start_ = at_ + 1;
      } else if (c != ' ' && c != '\t' && c != '\r') {
        return;
      }
    }
  }
  bool take(char c) {
    if (peek() != c || at_ >= text_.size()) return false;
    ++at_;
    return true;
  }

  bool value(Tree& out, int depth) {
    out.at = here();
    if (++nodes_ > limits_.max_nodes)
      return refuse(fmt::format("more than {} nodes", limits_.max_nodes));
    if (depth > limits_.max_depth)
      return refuse(fmt::format("deeper than {} levels", limits_.max_depth));
    if (at_ >= text_.size()) return refuse("the text ends where a value is expected");
    if (take('{')) return object(out, depth);
    if (take('[')) return array(out, depth);
    if (peek() == '"') {
      out.quoted = true;
      return string(out.text);
    }
    return word(out);
  }

  bool object(Tree& out, int depth) {
    out.kind = Tree::Kind::map;
    std::unordered_set<std::string> keys;
    skip_space();
    if (take('}')) return true;
    for (;;) {
      skip_space();
      if (peek() != '"') return refuse("expected a name in quotes");
      Tree::Member& member = out.members.emplace_back();
      member.at = here();
      if (!string(member.key)) return false;
      if (!keys.insert(member.key).second) {
        failed_at_ = member.at;
        message_ = fmt::format("the name \"{}\" stands twice in one object", member.key);
        return false;
      }
      skip_space();
      if (!take(':')) return refuse("expected ':'");
      skip_space();
      if (!value(member.value, depth + 1)) return false;
      skip_space();
      if (take('}')) return true;
      if (!take(',')) return refuse("expected ',' or '}'");
    }
  }

  bool array(Tree& out, int depth) {
    out.kind = Tree::Kind::list;
    skip_space();
    if (take(']')) return true;
    for (;;) {
      skip_space();
      if (!value(out.items.emplace_back(), depth + 1)) return false;
      skip_space();
      if (take(']')) return true;
      if (!take(',')) return refuse("expected ',' or ']'");
    }
  }

  bool word(Tree& out) {
    const auto end = std::min(text_.find_first_of(" \t\r\n,:]}[{\"", at_), text_.size());
    const auto found = text_.substr(at_, end - at_);
    if (!json::parse(found, json::trusted_limits()))
      return refuse(fmt::format("\"{}\" is no value", found.substr(0, 40)));
    out.text = found;
    at_ = end;
    return true;
  }

  // The library reads the string with its escapes.
  bool string(std::string& out) {
    std::size_t end = at_ + 1;
    while (end < text_.size() && text_[end] != '"' && text_[end] != '\n')
      end += text_[end] == '\\' ? 2u : 1u;
    if (end >= text_.size() || text_[end] != '"') return refuse("a string without an end");
    const auto whole = text_.substr(at_, end + 1 - at_);
    const auto parsed = json::parse(whole, json::trusted_limits());
    if (!parsed || !parsed->is_string()) return refuse("a string with a bad escape or character");
    out.assign(parsed->as_string().data(), parsed->as_string().size());
    at_ = end + 1;
    return true;
  }

  std::string_view text_;
  const TreeLimits& limits_;
  std::size_t at_ = 0, line_start_ = 0, nodes_ = 0;
  int line_ = 1;
  Location failed_at_;
  std::string message_;
};

}  // namespace

Result<Tree> parse_json(std::string_view text, const TreeLimits& limits) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  if (!is_valid_utf8(text)) return detail::fail_at({1, 1}, "the text is not valid UTF-8");
  return Reader(text, limits).document();
}

}  // namespace parley::schematic
