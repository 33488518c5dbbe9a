#pragma once

#include <cstring>
#include <string>
#include <utility>

#include <simdjson.h>

#include "parley/json/cursor.hpp"

namespace parley::json::detail {

namespace dom = simdjson::dom;

// What all cursors of one decode share. `path` is built while the loops unwind, last part first.
struct Document {
  explicit Document(const Limits& document_limits) : limits(document_limits) {}

  static Cursor root(Document& document, const dom::element& element) {
    return at(document, element);
  }
  static Cursor at(Document& document, const dom::element& element) {
    static_assert(sizeof(dom::element) == sizeof(void*) + sizeof(std::size_t));
    Cursor cursor(&document, nullptr, 0);
    std::memcpy(&cursor.tape_, &element, sizeof element);
    return cursor;
  }
  static dom::element element(const Cursor& cursor) {
    dom::element element;
    std::memcpy(static_cast<void*>(&element), &cursor.tape_, sizeof element);
    return element;
  }
  static Document& of(const Cursor& cursor) { return *cursor.document_; }

  void complain(std::string what) {
    if (message.empty()) message = std::move(what);
  }

  const Limits& limits;
  std::string message;
  std::string path;
};

}  // namespace parley::json::detail
