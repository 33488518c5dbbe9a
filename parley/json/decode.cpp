#include <algorithm>
#include <memory>
#include <unordered_set>
#include <vector>

#include <fmt/format.h>

#include "parley/json/cursor.hpp"
#include "parley/json/detail/parser.hpp"

namespace parley::json::detail {
namespace {

bool has_nul(std::string_view text) {
  return text.find('\0') != std::string_view::npos;
}

// Whether a name stands twice: most objects are small enough to compare each with each.
class SeenNames {
 public:
  bool insert(std::string_view name) {
    if (std::ranges::find(few_, name) != few_.end()) return false;
    if (few_.size() < 16) {
      few_.push_back(name);
      return true;
    }
    return many_.insert(name).second;
  }
  std::size_t size() const { return few_.size() + many_.size(); }

 private:
  std::vector<std::string_view> few_;
  std::unordered_set<std::string_view> many_;
};

std::string check(const Document& document, std::size_t index);

std::string check_object(const Document& document, std::size_t index) {
  const auto end = document.after(index);
  SeenNames names;
  for (auto at = index + 1; at < end; at = document.after(at + 1)) {
    const auto name = document.text(at);
    if (!names.insert(name)) return fmt::format("the name \"{}\" stands twice in one object", name);
    if (names.size() > document.limits.max_keys)
      return fmt::format("an object has more than {} members", document.limits.max_keys);
    if (has_nul(name)) return "a name holds U+0000";
    if (auto bad = check(document, at + 1); !bad.empty()) return bad;
  }
  return {};
}

// Limits that the parser itself does not know, over the whole text.
std::string check(const Document& document, std::size_t index) {
  switch (document.tag(index)) {
    case '"':
      return has_nul(document.text(index)) ? "a string holds U+0000" : "";
    case '[':
      for (auto at = index + 1; at < document.after(index); at = document.after(at))
        if (auto bad = check(document, at); !bad.empty()) return bad;
      return {};
    case '{':
      return check_object(document, index);
    default:
      return {};
  }
}

Error malformed(const Parser::Mistake& mistake, std::string_view text, const Limits& limits) {
  if (mistake.what == Parser::too_large)
    return Error(ErrorKind::too_large, std::string(Parser::too_large));
  if (mistake.what == Parser::too_deep)
    return Error(ErrorKind::invalid_argument,
                 fmt::format("the text is nested deeper than {} levels", limits.max_depth));
  if (text.empty()) return Error(ErrorKind::invalid_argument, std::string(mistake.what));
  const auto before = text.substr(0, mistake.at);
  const auto last = before.rfind('\n');
  const auto column = last == std::string_view::npos ? before.size() : before.size() - last - 1;
  return Error(ErrorKind::invalid_argument,
               fmt::format("line {}, column {}: {}", std::ranges::count(before, '\n') + 1,
                           column + 1, mistake.what));
}

}  // namespace

Result<void> decode_with(std::string_view text, const Limits& limits,
                         FunctionRef<void(Cursor root)> decoder) {
  // A decoder may parse another text, so the thread's parser is lent, not shared.
  thread_local std::unique_ptr<Parser> spare;
  auto parser = spare ? std::move(spare) : std::make_unique<Parser>();
  const auto mistake = parser->parse(text, limits.max_depth);
  if (!mistake.what.empty()) return fail(malformed(mistake, text, limits));
  Document document(limits, parser->nodes());
  if (limits.refuse_duplicate_keys) document.message = check(document, 0);
  if (document.message.empty()) decoder(Cursor(&document, 0));
  // One huge text must not pin its memory for the life of the thread.
  if (parser->held() <= 1024 * 1024) spare = std::move(parser);
  if (document.message.empty()) return {};
  if (document.path.empty()) return fail(ErrorKind::invalid_argument, document.message);
  return fail(ErrorKind::invalid_argument, "$" + document.path + ": " + document.message);
}

}  // namespace parley::json::detail
