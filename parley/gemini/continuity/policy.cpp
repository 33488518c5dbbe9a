#include "parley/gemini/continuity/policy.hpp"

namespace parley::gemini {

ContinuityPolicy ContinuityPolicy::durable() {
  ContinuityPolicy policy;
  policy.retry.max_attempts = 10;
  policy.retry.total = std::chrono::minutes(5);
  policy.hand_over.enabled = true;
  policy.history.enabled = true;
  return policy;
}

}  // namespace parley::gemini
