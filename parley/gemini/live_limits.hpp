#pragma once

#include <chrono>
#include <string>
#include <utility>

#include "parley/api/limiter.hpp"
#include "parley/limit/dimension.hpp"

namespace parley::gemini {

// A Live session behind a limiter.
//
// One place is held from before the connection is opened until the session has ended; a
// conversation holds one over all its connections. Each turn is one request, booked before what
// begins it is sent: say(), send_turns() with `complete`, send_text() and begin_activity() begin
// one each; sound, pictures and the answers of functions begin one where none is under way. A turn
// of sound that the service has not noticed for `renew_silence` was silence: it is booked anew, and
// the first booking is given back. A turn is settled, each token once, when it is complete and its
// usage is told; one that is interrupted is settled by itself, and questions that are answered
// together are a request each. What is told outside of turns is charged as it comes.
//
// Where a limit is used up the verb waits, or gives the error of Limiter::acquire(), which names
// the limit and when it is free, and sends nothing; connect() does so for the place. Cancelling the
// coroutine ends the waiting. Who speaks into a microphone cannot wait: give a `wait` of 0 there,
// and drop what is refused.
struct LiveLimits {
  LiveLimits(api::Limiter of, limit::PoolId whose) : limiter(std::move(of)), pool(whose) {}
  api::Limiter limiter;
  limit::PoolId pool;
  api::WaitOptions wait;          // for the place and for each turn
  limit::Usage turn{1000, 1000};  // what a turn is thought to use
  // An open microphone sends silence as well; what is booked for it stands in the present minute.
  std::chrono::milliseconds renew_silence{20'000};
  int priority = 0;    // higher first
  std::string caller;  // for limits by caller
};

}  // namespace parley::gemini
