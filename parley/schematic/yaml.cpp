#include <istream>
#include <map>
#include <streambuf>
#include <unordered_set>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/schematic/detail/tree_builder.hpp"

namespace parley::schematic {
namespace {

struct Refusal {
  Location at;
  std::string message;
};

Location location(const YAML::Mark& mark) {
  return {mark.line + 1, mark.column + 1};
}

// Builds the tree from the parser's events, so that places, order and repeated names are not lost.
class Builder : public YAML::EventHandler {
 public:
  explicit Builder(const TreeLimits& limits) : limits_(limits) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add(scalar(mark, "", false), anchor);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    // "!" stands for quoted text, "?" for a plain scalar.
    const bool text = tag == "!" || tag == "tag:yaml.org,2002:str";
    if (!text && tag != "?" && !tag.empty() && !tag.starts_with("tag:yaml.org,2002:"))
      throw Refusal{location(mark), fmt::format("the tag {} is not known", tag)};
    add(scalar(mark, value, text), anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, Tree::Kind::list, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, Tree::Kind::map, anchor);
  }
  void OnMapEnd() override { close(); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end())
      throw Refusal{location(mark), "an alias stands inside its own anchor"};
    count(found->second, mark);
    Tree copy = found->second;
    place(std::move(copy), location(mark));
  }

  Tree take() { return std::move(root_); }

 private:
  struct Open {
    Tree tree;
    YAML::anchor_t anchor = 0;
    bool wants_value = false;
    std::string key;
    Location key_at;
    std::unordered_set<std::string> keys;
  };

  static Tree scalar(const YAML::Mark& mark, const std::string& text, bool quoted) {
    Tree tree;
    tree.at = location(mark);
    tree.text = text;
    tree.quoted = quoted;
    return tree;
  }
  void count(const Tree& tree, const YAML::Mark& mark) {
    if (++nodes_ > limits_.max_nodes)
      throw Refusal{location(mark), fmt::format("more than {} nodes", limits_.max_nodes)};
    for (const auto& item : tree.items) count(item, mark);
    for (const auto& member : tree.members) count(member.value, mark);
  }
  void open(const YAML::Mark& mark, Tree::Kind kind, YAML::anchor_t anchor) {
    if (static_cast<int>(stack_.size()) >= limits_.max_depth)
      throw Refusal{location(mark), fmt::format("deeper than {} levels", limits_.max_depth)};
    if (++nodes_ > limits_.max_nodes)
      throw Refusal{location(mark), fmt::format("more than {} nodes", limits_.max_nodes)};
    Open& top = stack_.emplace_back();
    top.tree.kind = kind;
    top.tree.at = location(mark);
    top.anchor = anchor;
  }
  void close() {
    Open top = std::move(stack_.back());
    stack_.pop_back();
    add(std::move(top.tree), top.anchor);
  }
  void add(Tree tree, YAML::anchor_t anchor) {
    if (tree.is_scalar() && ++nodes_ > limits_.max_nodes)
      throw Refusal{tree.at, fmt::format("more than {} nodes", limits_.max_nodes)};
    if (anchor != 0) anchors_[anchor] = tree;
    const Location at = tree.at;
    place(std::move(tree), at);
  }
  void place(Tree tree, Location at) {
    if (stack_.empty()) {
      root_ = std::move(tree);
      return;
    }
    Open& top = stack_.back();
    if (top.tree.is_list()) {
      top.tree.items.push_back(std::move(tree));
    } else if (!top.wants_value) {
      if (!tree.is_scalar()) throw Refusal{at, "a name must be a scalar"};
      if (!top.keys.insert(tree.text).second)
        throw Refusal{at, fmt::format("the name \"{}\" stands twice in one map", tree.text)};
      top.key = std::move(tree.text);
      top.key_at = at;
      top.wants_value = true;
    } else {
      Tree::Member& member = top.tree.members.emplace_back();
      member.key = std::move(top.key);
      member.at = top.key_at;
      member.value = std::move(tree);
      top.wants_value = false;
    }
  }

  const TreeLimits& limits_;
  std::size_t nodes_ = 0;
  std::vector<Open> stack_;
  std::map<YAML::anchor_t, Tree> anchors_;
  Tree root_;
};

// Reads from memory without a copy.
struct ViewBuffer : std::streambuf {
  explicit ViewBuffer(std::string_view text) {
    char* begin = const_cast<char*>(text.data());
    setg(begin, begin, begin + text.size());
  }
};

// The parser goes down one level for each nested node, before its events come.
std::optional<Location> too_deep(std::string_view text, int limit) {
  int depth = 0, line = 1, column = 0;
  for (const char c : text) {
    ++column;
    if (c == '\n') ++line, column = 0;
    if (c == '[' || c == '{') {
      if (++depth > limit) return Location(line, column);
    } else if (depth > 0 && (c == ']' || c == '}')) {
      --depth;
    }
  }
  return std::nullopt;
}

// Block nesting costs a column (or a "- ") for each level.
std::optional<Location> too_far_right(std::string_view text, int limit) {
  int line = 1;
  std::size_t from = 0;
  while (from < text.size()) {
    const auto end = std::min(text.find('\n', from), text.size());
    const auto row = text.substr(from, end - from);
    int markers = 0;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const bool alone = i + 1 >= row.size() || row[i + 1] == ' ';
      if ((row[i] == '-' || row[i] == '?' || row[i] == ':') && alone) {
        if (++markers > limit) return Location(line, static_cast<int>(i) + 1);
      } else if (row[i] != ' ') {
        break;
      }
    }
    from = end + 1;
    ++line;
  }
  return std::nullopt;
}

}  // namespace

Result<Tree> parse_yaml(std::string_view text, const TreeLimits& limits) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  if (!is_valid_utf8(text)) return detail::fail_at({1, 1}, "the text is not valid UTF-8");
  if (const auto zero = text.find('\0'); zero != std::string_view::npos)
    return detail::fail_at({1, 1}, fmt::format("U+0000 at byte {}", zero));
  if (const auto at = too_deep(text, 4 * limits.max_depth))
    return detail::fail_at(*at, "brackets are nested too deeply");
  if (const auto at = too_far_right(text, limits.max_depth))
    return detail::fail_at(*at, fmt::format("deeper than {} levels", limits.max_depth));
  try {
    ViewBuffer buffer(text);
    std::istream stream(&buffer);
    YAML::Parser parser(stream);
    Builder builder(limits);
    if (!parser.HandleNextDocument(builder)) return detail::fail_at({1, 1}, "the file is empty");
    Builder rest(limits);
    if (parser.HandleNextDocument(rest))
      return detail::fail_at(rest.take().at, "a second document begins");
    return builder.take();
  } catch (const Refusal& refusal) {
    return detail::fail_at(refusal.at, refusal.message);
  } catch (const YAML::Exception& error) {
    return detail::fail_at(location(error.mark), error.msg);
  }
}

}  // namespace parley::schematic
