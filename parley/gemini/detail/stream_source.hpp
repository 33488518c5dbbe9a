#pragma once

#include <optional>

#include "parley/gemini/client.hpp"

namespace parley::gemini::detail {

// Where a Stream's messages come from.
class StreamSource {
 public:
  virtual ~StreamSource() = default;
  virtual Task<std::optional<GenerateContentResponse>> next() = 0;
  virtual Result<void> outcome() const = 0;
  virtual ServedBy served_by() const = 0;
  virtual const api::CallReport& report() const = 0;
};

}  // namespace parley::gemini::detail
