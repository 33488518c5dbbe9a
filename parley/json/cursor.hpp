#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/base/bytes.hpp"
#include "parley/base/error.hpp"
#include "parley/json/document.hpp"
#include "parley/json/free_form.hpp"
#include "parley/json/limits.hpp"

namespace parley::json {

enum class Kind { null, boolean, number, string, array, object };
std::string_view to_string(Kind kind);

namespace detail {
// A reference to a callable, valid for the call it is passed to.
template <class Signature>
class FunctionRef;
template <class R, class... Args>
class FunctionRef<R(Args...)> {
 public:
  template <class F>
  requires(!std::is_same_v<std::remove_cvref_t<F>, FunctionRef>)
      FunctionRef(F&& f)  // NOLINT(google-explicit-constructor)
      : object_(const_cast<void*>(static_cast<const void*>(&f))),
        call_([](void* object, Args... args) -> R {
          return (*static_cast<std::remove_reference_t<F>*>(object))(std::forward<Args>(args)...);
        }) {}
  R operator()(Args... args) const { return call_(object_, std::forward<Args>(args)...); }

 private:
  void* object_;
  R (*call_)(void*, Args...);
};
}  // namespace detail

class Cursor;
namespace detail {
Result<void> decode_with(std::string_view text, const Limits& limits,
                         FunctionRef<void(Cursor root)> decoder);
}

// A member's name. Compared with a literal it is a comparison of lengths and of a few words.
struct Key : std::string_view {
  explicit Key(std::string_view text) : std::string_view(text) {}
  template <std::size_t N>
  [[gnu::always_inline]] friend bool operator==(Key key, const char (&name)[N]) {
    return key.size() == N - 1 && __builtin_memcmp(key.data(), name, N - 1) == 0;
  }
};

// A place in a parsed text, handed to `decode` functions. The first mistake is kept with its path
// ("$.candidates[0].content: expected an object, found a string") and ends all loops; decoders
// need not check. A cursor is valid until the json::decode that made it returns.
class Cursor {
 public:
  Kind kind() const;
  bool is_null() const { return document_->tag(index_) == 'n'; }
  bool ok() const { return !document_->failed; }  // no mistake so far in this document

  // Objects: calls `field(key, value)` for each member in its order; keys are unescaped.
  template <class Field>
  void each_field(Field&& field) const {
    if (!is('{', "an object")) return;
    const std::size_t end = document_->after(index_);
    for (std::size_t at = index_ + 1; at != end; at = document_->after(at + 1)) {
      const Key key(document_->text(at));
      field(key, Cursor(document_, at + 1));
      if (!ok()) return document_->inside(key);
    }
  }
  // Arrays: calls `element(value)` for each.
  template <class Element>
  void each_element(Element&& element) const {
    if (!is('[', "an array")) return;
    const std::size_t end = document_->after(index_);
    std::size_t count = 0;
    for (std::size_t at = index_ + 1; at != end; at = document_->after(at), ++count) {
      element(Cursor(document_, at));
      if (!ok()) return document_->inside(count);
    }
  }

  // The value of a member; empty where this is no object or has no such member. Where no member has
  // that name, '.' leads into objects: "payload.type".
  std::optional<Cursor> find(std::string_view path) const;
  // Tests without a mistake: a member that is there and not null; its kind; its value.
  bool has(std::string_view path) const;
  bool equals(std::string_view path, std::string_view value) const;
  bool equals(std::string_view path, const char* value) const {
    return equals(path, std::string_view(value));
  }
  bool equals(std::string_view path, bool value) const;
  bool equals(std::string_view path, std::int64_t value) const;
  // The text of a member; empty where it is no string.
  std::string_view text_at(std::string_view path) const;

  void read(bool& out) const;
  // The text itself, valid as long as the cursor; false and a mistake where it is no string.
  bool read_view(std::string_view& out) const {
    if (!is('"', "a string")) return false;
    out = document_->text(index_);
    return true;
  }
  void read(std::string& out) const {
    std::string_view text;
    if (read_view(text)) out.assign(text);
  }
  void read(double& out) const;
  // Whole numbers only; also as a JSON string, because proto3 JSON sends int64 so.
  void read(std::int64_t& out) const;
  void read(std::uint64_t& out) const;
  void read(int& out) const;
  void read(std::uint32_t& out) const;
  void read(Bytes& out) const;   // base64, either alphabet
  void read(Value& out) const;   // anything
  void read(Object& out) const;  // an object, members kept in order
  void read(Any& out) const { read(*out); }
  void read(Members& out) const { read(*out); }
  // null or absent leaves the optional empty.
  template <class T>
  void read(std::optional<T>& out) const {
    if (is_null()) return out.reset();
    read(out.emplace());
  }
  template <class T>
  void read(std::vector<T>& out) const {
    each_element([&out](Cursor element) { element.read(out.emplace_back()); });
  }
  void read(std::vector<bool>& out) const;
  // A message type: its `decode(json::Cursor, T&)` is found beside the type.
  template <class T>
  requires requires(Cursor in, T& value) { decode(in, value); }
  void read(T& out) const { decode(*this, out); }

  // Records a mistake at this place.
  void fail(std::string message) const;

 private:
  friend Result<void> detail::decode_with(std::string_view, const Limits&,
                                          detail::FunctionRef<void(Cursor root)>);
  // False, with the mistake recorded, where the value is another kind or a mistake came before.
  bool is(char tag, std::string_view wanted) const {
    if (document_->tag(index_) == tag && ok()) return true;
    refuse(wanted);
    return false;
  }
  void refuse(std::string_view wanted) const;
  Cursor(detail::Document* document, std::size_t index) : document_(document), index_(index) {}

  detail::Document* document_;
  std::size_t index_;
};

// Parses `text` and decodes it into a T by `decode(json::Cursor, T&)`. The whole text is checked,
// members that the decoder skips included. Errors: invalid_argument with line and column (not
// JSON) or with a path (JSON of another shape).
template <class T>
Result<T> decode_text(std::string_view text, const Limits& limits = Limits()) {
  Result<T> value;
  auto done = detail::decode_with(text, limits, [&value](Cursor root) { root.read(*value); });
  if (!done) value = std::unexpected(std::move(done.error()));
  return value;
}

// Parses `text` and calls `look` with its root. Errors as decode_text().
inline Result<void> inspect(std::string_view text, detail::FunctionRef<void(Cursor root)> look,
                            const Limits& limits = trusted_limits()) {
  return detail::decode_with(text, limits, look);
}

// True where `key` is `name` or the snake_case spelling of the lowerCamelCase `name`
// (the proto3 JSON mapping lets a server read both).
bool is_proto_name(std::string_view key, std::string_view name);

}  // namespace parley::json
