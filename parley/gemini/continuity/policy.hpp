#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "parley/gemini/continuity/close_rules.hpp"
#include "parley/gemini/continuity/event.hpp"
#include "parley/gemini/continuity/prices.hpp"
#include "parley/net/reconnect_policy.hpp"

namespace parley::gemini {

// Moving to another connection before the service ends this one.
struct HandoverPolicy {
  HandoverPolicy() = default;
  bool enabled = false;
  // At the latest so long before the end that was announced: then also in the middle of an answer,
  // of speech or of calls.
  std::chrono::milliseconds margin{5'000};
  // Of a connection, where no goAway comes; zero: not known. The service gives about ten minutes.
  std::chrono::milliseconds lifetime{0};
  // How long before the end of `lifetime` a turn boundary is looked for.
  std::chrono::milliseconds notice{60'000};
  // The old connection ends before the next one opens, for services that hold one at a time; else
  // the next one is ready first.
  bool break_first = false;
  // At a turn's end the new handle is waited for, so long.
  std::chrono::milliseconds handle_wait{2'000};
};

// What the conversation remembers for connections that cannot be resumed, and for snapshots.
struct HistoryPolicy {
  HistoryPolicy() = default;
  bool enabled = false;
  // Beyond it the oldest turns are forgotten; JSON bytes.
  std::size_t bytes = 256 * 1024;
};

// What was sent, and may have to be sent again.
struct ReplayPolicy {
  ReplayPolicy() = default;
  // Of messages that the service may not have taken over; beyond it the oldest audio and images are
  // dropped and counted. Bytes on the wire.
  std::size_t bytes = 4 * 1024 * 1024;
  // Without transparent resumption the service does not tell what a handle contains. A message that
  // was on its way when the handle came is doubtful: sent again it may be there twice, left out it
  // may be missing. Either way MessagesReplayed counts it.
  enum class Doubtful { send_again, leave_out };
  Doubtful doubtful = Doubtful::send_again;
  // What was sent this long ago has reached the service.
  std::chrono::milliseconds flight{2'000};
  // Audio from before a handle that goes out again, as speech may have begun in it.
  std::chrono::milliseconds audio_overlap{1'000};
  // Older audio does not go out again without transparent resumption: at least so much of what the
  // user says is repeated when a connection ends in the middle of it.
  std::chrono::milliseconds audio_limit{15'000};
  // What becomes of an answer that its connection's end cut: asked for again (AnswerVoided tells
  // to forget what came), or kept as far as it came, as if it had been interrupted.
  enum class CutAnswer { ask_again, keep };
  CutAnswer cut_answer = CutAnswer::ask_again;
  // The number that the service gives to the first message behind the setup
  // (lastConsumedClientMessageIndex). Not told by the documents: the setup is taken to be 0.
  std::uint64_t first_index = 1;
};

// An answer that does not come.
struct SilencePolicy {
  SilencePolicy() = default;
  // Nothing from the service for that long while an answer is owed, playback of what came not
  // counted; zero: not watched.
  std::chrono::milliseconds limit{0};
  enum class Then { tell, nudge, resume };
  Then then = Then::tell;
  // Of nudges for one answer; behind them as resume, and at once where the model takes no turns
  // once the conversation has begun (3.1).
  int nudges = 1;
};

// How full the model's context is.
struct ContextPolicy {
  ContextPolicy() = default;
  // Tokens; 0: of the model's row (context_window()), and nothing is told where it has none.
  std::int64_t window = 0;
  double warn_at = 0.8;  // share of the window
};

// What a conversation may cost. Zero: no limit.
struct BudgetPolicy {
  BudgetPolicy() = default;
  std::int64_t tokens = 0;            // all that is billed, of all connections
  double money = 0;                   // by `prices`, in their currency
  std::chrono::milliseconds time{0};  // since the first connection opened
  double warn_at = 0.8;               // share
  enum class Then { warn, stop };
  Then then = Then::stop;  // at the limit: only told, or the conversation is closed
  // Per model; empty: live_prices().
  std::vector<TokenPrice> prices;
};

// A service that a conversation can be held with.
struct LiveServiceChoice {
  LiveServiceChoice() = default;
  LiveServiceChoice(std::string its_name, std::function<void(Setup&)> fit)
      : name(std::move(its_name)), adapt(std::move(fit)) {}
  std::string name;
  // Makes the conversation's setup one for this service: its model, a voice that it has. Must not
  // throw.
  std::function<void(Setup&)> adapt;
};

// Where a conversation goes on when its service cannot be used. The next one knows nothing of it
// but the history (HistoryPolicy) and what was not answered yet; both are told to it. Each move is
// a ConnectionAttempt with the service's name.
struct FailoverPolicy {
  FailoverPolicy() = default;
  // In order of preference; the conversation begins with the first. Fewer than two: no fail-over.
  std::vector<LiveServiceChoice> services;
  // After so many failures in a row the next one is tried, at once; before it `retry` decides when
  // the same one is tried again, and where `retry` is off the first failure counts. One whose end
  // says stop (a bad key, a spent quota, no such model) is left at once, and not tried again until
  // a connection has held for ReconnectPolicy::stable. When all have failed, `retry` decides
  // whether they are tried once more.
  int attempts = 2;
};

// What the program's hook may change about an attempt to connect.
struct AttemptPlan {
  AttemptPlan() = default;
  std::chrono::milliseconds delay{0};  // from now
  Setup setup;
  // No attempt is made: a hand-over is given up, and a lost conversation ends.
  bool stop = false;
};

// How a conversation survives. Everything is off by default: then there is one attempt to connect,
// no second connection, and the end of the connection is the end of the conversation.
struct ContinuityPolicy {
  ContinuityPolicy() = default;
  // All on: ten attempts in a row, hand-over, history, replay.
  static ContinuityPolicy durable();

  // After a loss, and where a connection cannot be opened: max_attempts 0 is off. may_retry is not
  // used: `rules` decide.
  net::ReconnectPolicy retry;
  std::vector<CloseRule> rules = close_rules();
  // The setup asks for handles (sessionResumption) where it does not say anything about them and a
  // second connection is possible.
  bool ask_for_handles = true;
  // A handle with which so many connections in a row ended before a turn was complete is given up:
  // what it stands for keeps failing.
  int resumes_per_handle = 2;
  HandoverPolicy hand_over;
  HistoryPolicy history;
  ReplayPolicy replay;
  FailoverPolicy failover;
  SilencePolicy silence;
  ContextPolicy context;
  BudgetPolicy budget;
  // Of messages that no connection has taken yet, bytes on the wire.
  std::size_t queue_bytes = 1024 * 1024;
  // Sees each attempt before it is made, on the conversation's thread; must not call it.
  std::function<void(const ConnectionAttempt&, AttemptPlan&)> on_attempt;
};

}  // namespace parley::gemini
