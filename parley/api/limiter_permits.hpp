#pragma once

#include <functional>
#include <memory>

#include "parley/api/call_options.hpp"
#include "parley/api/limiter.hpp"

namespace parley::api {

// For CallOptions::permit: a lease of the limiter for each attempt, so that a retry waits for its
// turn again, and a stream keeps its place until it has ended. Each call reserves what its terms
// demand; what its answer tells that it used is charged, or else what was reserved. The header
// fields of each answer teach the limiter (Limiter::learn).
std::function<Task<Result<std::unique_ptr<CallPermit>>>(CallTerms)> limiter_permits(
    Limiter limiter, limit::PoolId pool, WaitOptions wait = WaitOptions());

}  // namespace parley::api
