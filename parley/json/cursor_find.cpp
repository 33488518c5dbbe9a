#include "parley/json/cursor.hpp"

namespace parley::json {

namespace {

// The number at a place, of any of its three forms; false where it is none.
bool number_at(const detail::Node& node, double& out) {
  switch (node.tag) {
    case 'l':
      out = static_cast<double>(node.whole);
      return true;
    case 'u':
      out = static_cast<double>(node.positive);
      return true;
    case 'd':
      out = node.real;
      return true;
    default:
      return false;
  }
}

}  // namespace

std::optional<Cursor> Cursor::find(std::string_view path) const {
  if (path.empty()) return *this;
  if (document_->tag(index_) != '{') return std::nullopt;
  const detail::Document& document = *document_;
  const std::size_t end = document.after(index_);
  for (std::size_t at = index_ + 1; at < end; at = document.after(at + 1))
    if (document.text(at) == path) return Cursor(document_, at + 1);
  const auto dot = path.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const auto first = find(path.substr(0, dot));
  return first ? first->find(path.substr(dot + 1)) : std::nullopt;
}

bool Cursor::has(std::string_view path) const {
  const auto found = find(path);
  return found && !found->is_null();
}

std::string_view Cursor::text_at(std::string_view path) const {
  const auto found = find(path);
  if (!found || document_->tag(found->index_) != '"') return {};
  return document_->text(found->index_);
}

bool Cursor::equals(std::string_view path, std::string_view value) const {
  const auto found = find(path);
  return found && document_->tag(found->index_) == '"' && document_->text(found->index_) == value;
}

bool Cursor::equals(std::string_view path, bool value) const {
  const auto found = find(path);
  return found && document_->tag(found->index_) == (value ? 't' : 'f');
}

bool Cursor::equals(std::string_view path, std::int64_t value) const {
  const auto found = find(path);
  double number = 0;
  return found && number_at(document_->nodes[found->index_], number) &&
         number == static_cast<double>(value);
}

}  // namespace parley::json
