#include "parley/json/free_form.hpp"

#include <boost/json/value.hpp>

namespace parley::json {
namespace {

bool holds_nothing(const Value& value) {
  return value.is_null();
}
bool holds_nothing(const Object& object) {
  return object.empty();
}

}  // namespace

template <class T>
Indirect<T>::Indirect(const T& value) : held_(new T(value)) {}
template <class T>
Indirect<T>::Indirect(T&& value) : held_(new T(std::move(value))) {}
template <class T>
Indirect<T>::Indirect(const Indirect& other) : held_(other.held_ ? new T(*other.held_) : nullptr) {}
template <class T>
Indirect<T>& Indirect<T>::operator=(const Indirect& other) {
  if (this != &other) *this = Indirect(other);
  return *this;
}
template <class T>
bool Indirect<T>::empty() const {
  return !held_ || holds_nothing(*held_);
}
template <class T>
T& Indirect<T>::operator*() {
  if (!held_) held_ = new T();
  return *held_;
}
template <class T>
const T& Indirect<T>::operator*() const {
  static const T nothing;
  return held_ ? *held_ : nothing;
}
template <class T>
void Indirect<T>::release() {
  delete held_;
}
template <class T>
bool Indirect<T>::equals(const Indirect& other) const {
  return **this == *other;
}
template class Indirect<Value>;
template class Indirect<Object>;

}  // namespace parley::json
