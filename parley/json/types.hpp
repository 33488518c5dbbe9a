#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "parley/json/free_form.hpp"

// What generated message types are made of. Light: no parser, no writer.
namespace parley::json {

// A member that may be absent, null or a value, three different things in a partial update.
template <class T>
class Maybe {
 public:
  Maybe() = default;                            // absent
  Maybe(std::nullptr_t) : null_(true) {}        // NOLINT(google-explicit-constructor)
  Maybe(T value) : value_(std::move(value)) {}  // NOLINT(google-explicit-constructor)

  bool is_absent() const { return !value_ && !null_; }
  bool is_null() const { return null_; }
  bool has_value() const { return value_.has_value(); }
  explicit operator bool() const { return has_value(); }
  // Only with a value.
  T& operator*() { return *value_; }
  const T& operator*() const { return *value_; }
  T* operator->() { return &*value_; }
  const T* operator->() const { return &*value_; }

  void reset() { *this = Maybe(); }
  T& emplace() {
    null_ = false;
    return value_.emplace();
  }
  bool operator==(const Maybe&) const = default;

 private:
  std::optional<T> value_;
  bool null_ = false;
};

// A value on the heap, or none: breaks the circle of a type that holds itself. Copies are deep.
template <class T>
class Box {
 public:
  Box() = default;
  Box(T value) : value_(std::make_unique<T>(std::move(value))) {}  // NOLINT
  Box(const Box& other) : value_(other.value_ ? std::make_unique<T>(*other.value_) : nullptr) {}
  Box(Box&&) noexcept = default;
  Box& operator=(const Box& other) {
    if (this != &other) *this = Box(other);
    return *this;
  }
  Box& operator=(Box&&) noexcept = default;
  ~Box() = default;

  bool has_value() const { return value_ != nullptr; }
  explicit operator bool() const { return has_value(); }
  T& operator*() { return *value_; }
  const T& operator*() const { return *value_; }
  T* operator->() { return value_.get(); }
  const T* operator->() const { return value_.get(); }

  void reset() { value_.reset(); }
  T& emplace() { return *(value_ = std::make_unique<T>()); }
  friend bool operator==(const Box& a, const Box& b) {
    return a.value_ && b.value_ ? *a.value_ == *b.value_ : !a.value_ && !b.value_;
  }

 private:
  std::unique_ptr<T> value_;
};

// A number that must not pass through binary floating point, as its text: "0.10". On the wire a
// JSON string, which is kept unchanged; a peer's JSON number is taken in its shortest form.
struct Decimal {
  Decimal() = default;
  explicit Decimal(std::string decimal) : text(std::move(decimal)) {}
  bool operator==(const Decimal&) const = default;

  std::string text;
  bool as_number = false;  // written as a JSON number; the text must be one
};

// Where the JSON Schema of a generated type is: its name among the schemas of its definition, which
// are one JSON object in a literal of the generated code.
struct TypeSchema {
  std::string_view name;
  std::string_view definitions;
};

// What stands in a union for an alternative that the definition does not know.
struct Unknown {
  Unknown() = default;
  bool operator==(const Unknown&) const = default;

  std::string name;  // the discriminator's text; empty where there is none
  Any value;
};

// An enumeration of texts. `Names` has `enum Known {…, unlisted}`, `wire_names` (a text for each
// but the last) and `is_open`. An open one keeps texts that it does not know, as services add
// values.
template <class Names>
class Enum : public Names {
 public:
  using Known = typename Names::Known;

  Enum() = default;                     // the first value
  Enum(Known known) : known_(known) {}  // NOLINT(google-explicit-constructor)
  // A value by its text; of a closed enumeration, `unlisted` with the text.
  static Enum of(std::string_view text) {
    Enum out;
    for (std::size_t i = 0; i < std::size(Names::wire_names); ++i)
      if (Names::wire_names[i] == text) {
        out.known_ = static_cast<Known>(i);
        return out;
      }
    out.known_ = Names::unlisted;
    out.other_ = text;
    return out;
  }

  Known value() const { return known_; }  // for switch
  std::string_view wire() const {
    return known_ == Names::unlisted ? std::string_view(other_)
                                     : Names::wire_names[static_cast<std::size_t>(known_)];
  }
  friend bool operator==(const Enum& a, const Enum& b) {
    return a.known_ == b.known_ && a.other_ == b.other_;
  }
  friend bool operator==(const Enum& a, Known b) { return a.known_ == b; }

 private:
  Known known_ = static_cast<Known>(0);
  std::string other_;
};

}  // namespace parley::json
