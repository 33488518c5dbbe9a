#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/schematic/detail/schema_importer.hpp"

namespace parley::schematic::detail {

Node Node::find(std::string_view key) const {
  return {tree ? tree->find(key) : nullptr, file};
}

std::string Node::text(std::string_view key) const {
  const auto found = find(key);
  return found && found.tree->is_scalar() ? found.tree->text : std::string();
}

bool Node::flag(std::string_view key) const {
  const auto found = find(key);
  return found && found.tree->value() == json::Value(true);
}

const std::vector<Tree::Member>& members_of(const Node& node) {
  static const std::vector<Tree::Member> none;
  return node ? node.tree->members : none;
}
const std::vector<Tree>& items_of(const Node& node) {
  static const std::vector<Tree> none;
  return node ? node.tree->items : none;
}

std::string last_part(const std::string& target) {
  const auto slash = target.rfind('/');
  return slash == std::string::npos ? "Root" : target.substr(slash + 1);
}

References::References(const Tree& document, const ImportOptions& options, Diagnostics& report)
    : root_(&document), options_(options), report_(report) {}

namespace {

std::string unescape(std::string_view part) {
  std::string out;
  for (std::size_t i = 0; i < part.size(); ++i) {
    const auto rest = part.substr(i);
    if (rest.starts_with("~1")) {
      out += '/', ++i;
    } else if (rest.starts_with("~0")) {
      out += '~', ++i;
    } else if (rest.starts_with("%") && rest.size() > 2) {
      int code = 0;
      for (const char c : rest.substr(1, 2)) {
        const auto digit = std::string_view("0123456789abcdef").find(static_cast<char>(c | 0x20));
        code = digit == std::string_view::npos ? -1000 : code * 16 + static_cast<int>(digit);
      }
      if (code < 0) {
        out += '%';
      } else {
        out += static_cast<char>(code);
        i += 2;
      }
    } else {
      out += part[i];
    }
  }
  return out;
}

const Tree* step(const Tree& tree, std::string_view name) {
  if (const auto* member = tree.find(name)) return member;
  if (!tree.is_list() || name.empty() ||
      name.find_first_not_of("0123456789") != std::string_view::npos || name.size() > 6)
    return nullptr;
  const auto index = static_cast<std::size_t>(std::stoul(std::string(name)));
  return index < tree.items.size() ? &tree.items[index] : nullptr;
}

// "a/b.yml" seen from "c/d.yml" is "c/a/b.yml".
std::string beside(const std::string& from, std::string_view path) {
  const auto slash = from.rfind('/');
  std::vector<std::string> parts;
  const std::string joined =
      (slash == std::string::npos ? "" : from.substr(0, slash + 1)) + std::string(path);
  for (const auto part : split(joined, '/')) {
    if (part == "." || part.empty()) continue;
    if (part == ".." && !parts.empty() && parts.back() != "..")
      parts.pop_back();
    else
      parts.emplace_back(part);
  }
  std::string out;
  for (const auto& part : parts) out += (out.empty() ? "" : "/") + part;
  return out;
}

}  // namespace

std::string References::target_of(const Node& node) {
  if (!node || !node.tree->is_map()) return {};
  const auto reference = node.text("$ref");
  if (reference.empty()) return {};
  const auto hash = reference.find('#');
  const auto path = reference.substr(0, hash);
  const auto pointer = hash == std::string::npos ? "" : reference.substr(hash + 1);
  return (path.empty() ? node.file : beside(node.file, path)) + "#" + pointer;
}

Node References::find(const std::string& target, Location at) {
  const auto hash = target.find('#');
  const auto file = target.substr(0, hash);
  const Tree* tree = root_;
  if (!file.empty()) {
    auto found = files_.find(file);
    if (found == files_.end()) {
      if (file.find("://") != std::string::npos || file.starts_with("http:") || !options_.load) {
        report_.error(at, "E0703",
                      fmt::format("the reference \"{}\" leads to another document, which "
                                  "is not read",
                                  target));
        return {};
      }
      auto loaded = options_.load(file);
      if (!loaded) {
        report_.error(at, "E0703", fmt::format("\"{}\": {}", file, loaded.error().message()));
        return {};
      }
      found = files_.emplace(file, std::move(*loaded)).first;
    }
    tree = &found->second;
  }
  const std::string_view pointer = std::string_view(target).substr(hash + 1);
  if (!pointer.empty() && pointer.front() != '/') {
    report_.error(at, "E0703", fmt::format("the reference \"{}\" is no JSON pointer", target));
    return {};
  }
  const Node found = walk({tree, file}, pointer, 0);
  if (!found) report_.error(at, "E0703", fmt::format("the reference \"{}\" leads nowhere", target));
  return found;
}

// Names of components may hold a '/' that was not escaped: the longest name that is there is taken.
// What stands on the way may be a reference itself.
Node References::walk(Node at, std::string_view pointer, int depth) {
  if (pointer.empty()) return at;
  if (depth > 64 || following_ > 64) return {};
  if (!target_of(at).empty()) {
    // A pointer through a reference that leads through itself has no end.
    ++following_;
    at = follow(at);
    --following_;
  }
  if (!at) return {};
  pointer.remove_prefix(1);
  for (std::size_t end = pointer.find('/');; end = pointer.find('/', end + 1)) {
    if (const auto* next = step(*at.tree, unescape(pointer.substr(0, end)))) {
      const auto rest = end == std::string_view::npos ? std::string_view() : pointer.substr(end);
      if (const auto found = walk({next, at.file}, rest, depth + 1)) return found;
    }
    if (end == std::string_view::npos) return {};
  }
}

Node References::follow(Node node) {
  for (int steps = 0; node; ++steps) {
    const auto target = target_of(node);
    if (target.empty()) return node;
    if (steps > 64) {
      report_.error(node.tree->at, "E0703",
                    fmt::format("the reference \"{}\" leads to itself", target));
      return {};
    }
    node = find(target, node.tree->at);
  }
  return node;
}

}  // namespace parley::schematic::detail
