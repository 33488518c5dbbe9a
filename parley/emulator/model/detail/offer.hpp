#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <boost/json/value.hpp>

#include "parley/json/free_form.hpp"

namespace parley::emulator::detail {

// What a prompt offers for values, each used once: texts in quotes, then capitalised words;
// numbers.
class Offer {
 public:
  explicit Offer(const std::string& prompt);

  std::string text();
  double number();
  // Without regard to letters' case.
  bool mentions(std::string_view word) const;

 private:
  std::string lower_, last_;
  std::vector<std::string> texts_, names_;
  std::vector<double> numbers_;
  std::size_t next_text_ = 0, next_name_ = 0, next_number_ = 0;
};

// A value that is as a schema says (OpenAPI's subset or JSON Schema with $ref into its own $defs),
// made of what the prompt offers.
json::Value value_for(const json::Value& schema, Offer& offer);

}  // namespace parley::emulator::detail
