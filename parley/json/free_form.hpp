#pragma once

#include <memory>
#include <utility>

#include <boost/json/fwd.hpp>

namespace parley::json {

// Free-form JSON: tool arguments, unknown fields. To look inside, include value.hpp.
using Value = boost::json::value;
using Object = boost::json::object;
using Array = boost::json::array;

// A Value or an Object on the heap, copied and compared by its content, so that a message type can
// hold one without the headers of a JSON library. Nothing is allocated before the first change:
// until then it reads as null, or as an object without members.
template <class T>
class Indirect {
 public:
  Indirect() noexcept = default;
  Indirect(const T& value);  // NOLINT(google-explicit-constructor)
  Indirect(T&& value);       // NOLINT(google-explicit-constructor)
  Indirect(const Indirect& other);
  Indirect(Indirect&& other) noexcept : held_(std::exchange(other.held_, nullptr)) {}
  Indirect& operator=(const Indirect& other);
  Indirect& operator=(Indirect&& other) noexcept {
    std::swap(held_, other.held_);
    return *this;
  }
  ~Indirect() {
    if (held_) release();
  }

  // null; no members.
  bool empty() const;
  T& operator*();
  const T& operator*() const;
  T* operator->() { return &**this; }
  const T* operator->() const { return &**this; }
  operator const T&() const { return **this; }  // NOLINT(google-explicit-constructor)
  friend bool operator==(const Indirect& a, const Indirect& b) { return a.equals(b); }

 private:
  void release();
  bool equals(const Indirect& other) const;
  T* held_ = nullptr;
};
extern template class Indirect<Value>;
extern template class Indirect<Object>;

using Any = Indirect<Value>;
using Members = Indirect<Object>;

}  // namespace parley::json
