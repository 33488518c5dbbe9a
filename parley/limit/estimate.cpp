#include "parley/limit/estimate.hpp"

#include <algorithm>

namespace parley::limit {

std::int64_t estimate_tokens(std::size_t bytes) {
  return std::max<std::int64_t>(static_cast<std::int64_t>(bytes / 4), 1);
}

Usage estimate_usage(std::size_t bytes, std::optional<std::int64_t> max_output,
                     std::int64_t cached) {
  constexpr std::int64_t usual_output = 1000;
  return Usage(estimate_tokens(bytes) + cached, max_output.value_or(usual_output), cached);
}

Usage UsageMeter::advance(const Usage& total) {
  const bool shrank =
      total.input_tokens < last_.input_tokens || total.output_tokens < last_.output_tokens;
  if (shrank) last_ = Usage();
  const Usage added(total.input_tokens - last_.input_tokens,
                    total.output_tokens - last_.output_tokens,
                    std::max<std::int64_t>(total.cached_tokens - last_.cached_tokens, 0));
  last_ = total;
  return added;
}

}  // namespace parley::limit
