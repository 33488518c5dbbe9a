#pragma once

#include <deque>
#include <memory>

#include "parley/base/error.hpp"
#include "parley/base/time.hpp"
#include "parley/gemini/live_event.hpp"
#include "parley/gemini/live_limits.hpp"
#include "parley/limit/estimate.hpp"
#include "parley/limit/lease.hpp"
#include "parley/net/task.hpp"

namespace parley::gemini::detail {

// What a message means for the turns that are paid for.
enum class TurnBegins {
  no,
  if_none,  // sound, pictures and answers of functions, where no turn is under way
  anew,     // a question
};
TurnBegins turn_of(const ClientContentMessage& message);
TurnBegins turn_of(const RealtimeInputMessage& message);
TurnBegins turn_of(const ToolResponseMessage& message);
TurnBegins turn_of(const ContextUpdateMessage& message);

// What a session holds and owes of its limits. Belongs to the session's thread.
class LiveAccount {
 public:
  // With the place of the session. Errors: those of Limiter::acquire().
  static Task<Result<std::shared_ptr<LiveAccount>>> open(LiveLimits limits);
  LiveAccount(LiveLimits limits, limit::Lease place);
  LiveAccount(const LiveAccount&) = delete;
  LiveAccount& operator=(const LiveAccount&) = delete;
  ~LiveAccount() { end(); }

  // Waits for what the message costs; false: nothing. Errors: those of Limiter::acquire(); nothing
  // is booked then.
  static Task<Result<bool>> pay(std::shared_ptr<LiveAccount> self, TurnBegins begins);
  // What pay() booked last was not sent.
  void unsent();
  void note(const LiveEvent& event);
  // Why a connection was not opened, or ended. Where it is a quota's, or the service is too busy,
  // the limiter learns; else, and behind end(), it changes nothing.
  void refused(const Error& why);
  // The session is over; calling it again changes nothing.
  void end();

 private:
  struct Turn {
    Turn(limit::Lease of, bool sound, TimePoint since)
        : lease(std::move(of)), by_sound(sound), at(since) {}
    limit::Lease lease;
    bool by_sound;         // it is not sure that there is one
    bool noticed = false;  // by the service
    TimePoint at;
  };
  bool needs_turn(TurnBegins begins);
  void note_usage(const Usage& usage);
  void note_sign();
  void close_turns();
  static void give_up(Turn& turn);

  LiveLimits limits_;
  limit::Lease place_;
  std::deque<Turn> turns_;  // paid for and not settled, the first is being answered
  limit::UsageMeter meter_;
  limit::Usage used_;  // of the first turn, as far as it is told
  bool told_ = false, complete_ = false, interrupted_ = false;
  bool ended_ = false;
};

}  // namespace parley::gemini::detail
