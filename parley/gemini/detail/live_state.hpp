#pragma once

#include <algorithm>
#include <deque>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "parley/gemini/detail/live_account.hpp"
#include "parley/gemini/detail/live_link.hpp"
#include "parley/gemini/live_models.hpp"

namespace parley::gemini {

// Shared with the answers of functions that are still being made, which do not keep it.
struct Live::State {
  explicit State(const LiveOptions& options);

  void note(LiveEvent& event);
  // disconnected, once.
  void tell_end() {
    if (account) account->end();
    if (!std::exchange(told_end, true)) detail::tell_state(on_state, LiveState::disconnected);
  }
  // Why nothing can be sent; success: it can.
  Result<void> may_send() const;
  Result<void> may_respond(const FunctionResponse& response) const;
  void responded(const FunctionResponse& response);

  std::unique_ptr<detail::LiveLink> link;
  std::shared_ptr<detail::LiveAccount> account;  // null: nothing is limited
  Executor executor;
  std::string model;
  std::vector<Tool> tools;
  std::function<void(LiveState)> on_state;
  bool automatic = true;  // the service finds out where speech begins and ends
  Result<InterruptWay> interrupting;
  bool active = false;              // an activity was begun and not ended
  bool began_to_interrupt = false;  // by interrupt(), and begin_activity() did not come since
  bool calls_have_ids = true;       // older Vertex models call without
  bool vertex = false;
  bool calls_in_turn = false;  // Vertex AI: the turn that is under way has called functions
  bool closing = false, told_end = false;
  std::deque<LiveEvent> events;  // of messages that said several things
  std::vector<FunctionCall> open_calls;
  std::set<std::string, std::less<>> cancelled_calls;
  std::string handle;
  Usage usage;
};

}  // namespace parley::gemini
