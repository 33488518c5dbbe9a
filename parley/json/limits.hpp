#pragma once

#include <cstddef>

namespace parley::json {

// What a text may hold. The defaults suit untrusted peers (S22 of the security list).
struct Limits {
  Limits() = default;
  std::size_t max_depth = 32;         // nested arrays and objects
  std::size_t max_keys = 1000;        // members of one object
  bool refuse_duplicate_keys = true;  // RFC 8259, 4: names SHOULD be unique
};
// For the answers of a service we called: deep and wide documents are its right.
Limits trusted_limits();

}  // namespace parley::json
