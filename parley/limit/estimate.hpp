#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "parley/limit/dimension.hpp"

namespace parley::limit {

// A quarter of the bytes, at least 1: a rule of thumb for English, to be corrected from usage.
std::int64_t estimate_tokens(std::size_t bytes);

// What a call is thought to use: its text, and max_output or 1000 tokens of answer. `cached`: input
// tokens that the service has in a cache, on top of the text.
Usage estimate_usage(std::size_t bytes, std::optional<std::int64_t> max_output = {},
                     std::int64_t cached = 0);

// Turns the usage that a Live session tells again and again, each time grown, into what is to be
// charged, each token once. Counts that shrink begin anew (the service counts a turn, or a window
// that was compressed), and are charged as they are.
class UsageMeter {
 public:
  // What `total` adds to what was told before.
  Usage advance(const Usage& total);
  // The next total counts from zero.
  void restart() { last_ = Usage(); }

 private:
  Usage last_;
};

}  // namespace parley::limit
