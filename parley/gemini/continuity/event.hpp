#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "parley/base/error.hpp"
#include "parley/gemini/continuity/close_rules.hpp"
#include "parley/gemini/continuity/message.hpp"
#include "parley/gemini/live_event.hpp"

namespace parley::gemini {

// Why a connection is opened.
enum class LinkReason {
  first,     // the conversation begins, or goes on from a snapshot
  loss,      // the connection before it ended, or could not be opened
  go_away,   // the service announced its end
  lifetime,  // it is about to reach HandoverPolicy::lifetime
  overdue,   // its announced end has passed and it is still open
  change,    // Conversation::change(), request
  silence,   // SilencePolicy
};
std::string_view to_string(LinkReason reason);

// What a connection begins with.
enum class LinkStart {
  fresh,   // nothing
  handle,  // the service's state
  seeded,  // the history that the conversation kept
};
std::string_view to_string(LinkStart start);

// A connection is about to be opened. The first one counts: without a policy there is exactly one.
struct ConnectionAttempt {
  int number = 1;    // of all
  int in_a_row = 1;  // since one held for ReconnectPolicy::stable
  LinkReason why = LinkReason::first;
  LinkStart start = LinkStart::fresh;
  std::chrono::milliseconds delay{0};  // from now
  std::string service;                 // FailoverPolicy::services; empty: there is one only
};
// The connection has ended, or an attempt has failed, and what follows.
struct ConnectionLost {
  Error error{ErrorKind::disconnected, "the service closed the connection"};
  CloseAction action = CloseAction::stop;
  std::string advice;
};
// Another connection is being opened while this one goes on.
struct HandoverBegun {
  LinkReason why = LinkReason::go_away;
  bool forced = false;  // not at a turn boundary: the time is up
};
// What was said and asked goes over another connection from here on.
struct HandoverDone {
  LinkReason why = LinkReason::loss;
  LinkStart start = LinkStart::handle;
  // In which no connection took what was sent.
  std::chrono::milliseconds gap{0};
  std::string service;  // as ConnectionAttempt
};
// The hand-over was not made; the connection goes on until it ends.
struct HandoverFailed {
  LinkReason why = LinkReason::go_away;
  Error error{ErrorKind::cancelled, "the hand-over was given up"};
};
// The new connection was told this much of the conversation.
struct HistorySeeded {
  std::size_t turns = 0;         // that were told
  std::size_t forgotten = 0;     // older ones, for HistoryPolicy::bytes
  std::size_t without_text = 0;  // spoken ones of which there is no transcript: they are missing
};
// What the service had not taken over went out again, in its order.
struct MessagesReplayed {
  std::size_t messages = 0;
  std::size_t doubtful = 0;       // of them, or left out (ReplayPolicy::doubtful)
  std::size_t audio_bytes = 0;    // PCM, of them
  std::size_t dropped_audio = 0;  // PCM bytes that were over the bounds and are missing
};
// Behind its cause, ConnectionLost: the answer begins anew; forget what came of it (voided()).
struct AnswerVoided {
  std::size_t text_bytes = 0;
  std::size_t audio_bytes = 0;
};
// The user heard only the beginning of an answer (Continuity::heard()): the conversation's history
// has `text` where `said` stood, and a transcript is to have it too.
struct AnswerCut {
  AnswerCut() = default;
  std::uint64_t turn = 0;  // as audio::TurnCounter numbers them
  std::chrono::milliseconds heard{0};
  std::string said, text;
};
// These did not reach the service, and will not: at the end of the conversation, or answers of
// functions that nobody waits for any more.
struct MessagesLost {
  std::string why;
  std::vector<LiveMessage> messages;
};
// Nothing came for that long while an answer was owed.
struct SilenceNoticed {
  std::chrono::milliseconds since{0};
  enum class Then { told, nudged, resumed };
  Then then = Then::told;
};
// The model's context is nearly full; when it is full the service ends the session (1007).
struct ContextNearlyFull {
  std::int64_t used = 0, window = 0;  // tokens
  std::string advice;
};
// The announced end has passed, and the connection is open still; no policy says what to do.
struct DeadlinePassed {};
struct BudgetNotice {
  enum class Of { tokens, money, time };
  Of of = Of::tokens;
  double used = 0, limit = 0;  // tokens, the prices' currency, minutes
  bool reached = false;        // else the warning
  bool stopped = false;        // the conversation is being closed for it
};

// What a conversation tells: what its connections tell, and what becomes of them.
using ConversationEvent =
    std::variant<LiveEvent, ConnectionAttempt, ConnectionLost, HandoverBegun, HandoverDone,
                 HandoverFailed, HistorySeeded, MessagesReplayed, AnswerVoided, AnswerCut,
                 MessagesLost, SilenceNoticed, ContextNearlyFull, DeadlinePassed, BudgetNotice>;

// One line for logs, without what was said: "hand-over done: go_away, by handle, gap 12 ms".
std::string describe(const ConversationEvent& event);

}  // namespace parley::gemini
