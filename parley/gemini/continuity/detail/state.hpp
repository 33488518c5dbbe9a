#pragma once

#include <deque>
#include <map>

#include "parley/gemini/continuity/continuity.hpp"
#include "parley/gemini/continuity/detail/answers.hpp"
#include "parley/gemini/continuity/detail/calls.hpp"
#include "parley/gemini/continuity/detail/history.hpp"
#include "parley/gemini/continuity/detail/ledger.hpp"
#include "parley/gemini/continuity/detail/outbox.hpp"
#include "parley/gemini/continuity/detail/turn.hpp"

namespace parley::gemini {

struct Continuity::State {
  using Phase = detail::TurnState::Phase;

  struct Link {
    Link() = default;
    LinkId id = 0;
    LinkReason why = LinkReason::first;
    LinkStart start = LinkStart::fresh;
    TimePoint opened_at{};
    std::uint64_t messages = 0;         // that went out on it, the setup not counted
    std::optional<TimePoint> deadline;  // of its announced end, or of HandoverPolicy::lifetime
    bool announced = false;
    bool overdue_told = false;
    bool completed_turn = false;
    bool seeds_first = false;  // its setup says that the history comes first
    bool given_up = false;     // a hand-over from it failed; a handle makes it worth another try
  };
  // An attempt that is to be made.
  struct Planned {
    Planned() = default;
    TimePoint at{};
    LinkReason why = LinkReason::first;
    LinkStart start = LinkStart::fresh;
    Setup setup;
  };
  // A hand-over that is wanted.
  struct Wanted {
    Wanted() = default;
    LinkReason why = LinkReason::go_away;
    std::optional<TimePoint> latest;  // then it is made wherever the conversation stands
    bool forced = false;
    bool breaking = false;  // the old connection is being closed first
  };

  State(Setup first_setup, ContinuityPolicy its_policy, Random& random);

  // attempts.cpp: connections are planned, opened, lost.
  LinkStart start_of_next() const;
  bool may_go_on() const;
  Setup setup_for(LinkStart start) const;
  bool plan(LinkReason why, std::chrono::milliseconds delay, TimePoint now);
  void open_planned(TimePoint now);
  void opened(LinkId link, TimePoint now);
  void failed(LinkId link, Error why, TimePoint now);
  void ended(LinkId link, Result<void> outcome, TimePoint now);
  CloseAction action_for(const LinkEnd& end, std::string& advice);
  void lost(LinkEnd end, TimePoint now);
  void tell_loss(ConnectionLost told);
  void tell_end_of_answer();
  bool gives_up_handle(const Error& why, CloseAction action);
  void recover(const Error& why, CloseAction action, std::string advice, LinkReason reason,
               TimePoint now);
  void finish(Result<void> why);

  // failover.cpp: another service takes over.
  std::optional<std::chrono::milliseconds> delay_of_next(const Error& why, CloseAction action,
                                                         TimePoint now);
  bool use_another_service(bool for_good);
  std::string service_name() const;
  // A second connection is possible.
  bool may_have_another() const;
  // Messages are kept until the service has them for good.
  bool keeps_messages() const { return may_have_another() || history.keeps(); }

  // handover.cpp: one connection takes over from another.
  void want_handover(LinkReason why, std::optional<TimePoint> latest, TimePoint now);
  bool is_quiet() const;
  bool is_boundary(TimePoint now) const;
  void consider_handover(TimePoint now);
  void begin_handover(bool forced, TimePoint now);
  void give_up_handover(Error why);
  bool knows_too_little(const Link& link) const;
  void take_over(TimePoint now);
  void end_answer_of_old(TimePoint now);
  void seed();
  void replay(TimePoint now);
  bool stays_behind(const detail::Outgoing& entry, bool with_handle, TimePoint now) const;
  void flush(TimePoint now);
  void send_own(LiveMessage message);

  // turns.cpp: what the present connection tells.
  void received(LiveEvent event, TimePoint now);
  void take_words(const LiveEvent& event, TimePoint now);
  void sign(TimePoint now);
  void handle_came(const LiveResumption& update, TimePoint now);
  void calls_came(LiveToolCalls& calls, TimePoint now);
  void turn_completed(TimePoint now);
  void commit_turn(TimePoint now);
  void drop_merged(TimePoint now);
  void remember(detail::Outgoing& entry);
  void void_answer();
  void drop_heard(TimePoint now);
  bool is_answered(const detail::Outgoing& entry) const;
  void heard(std::uint64_t of_turn, Duration sound);
  void tell_cuts();

  // program.cpp: what the program wants.
  Result<void> send(LiveMessage message, TimePoint now);
  Result<void> interrupt(TimePoint now);
  bool mark_activity(LiveMessageKind kind);
  bool is_silent() const;
  Result<void> check(const LiveMessage& message, LiveMessageKind kind) const;
  Result<bool> take_answers(ToolResponseMessage& message);
  void note_handed_out(const detail::Outgoing& entry, TimePoint now);

  // watch.cpp: time, silence, budget, context.
  void handle_timeout(TimePoint now);
  std::optional<TimePoint> next_timeout() const;
  std::optional<TimePoint> silent_at() const;
  void watch_silence(TimePoint now);
  void watch_deadline(TimePoint now);
  void check_context();
  void check_budget(TimePoint now);
  void note_budget(BudgetNotice::Of of, double used, double limit, TimePoint now);
  void close(TimePoint now);

  bool transparent() const {
    return setup.session_resumption && setup.session_resumption->transparent.value_or(false);
  }
  void tell(ConversationEvent event) { events.push_back(std::move(event)); }
  void effect(ContinuityEffect one) { effects.push_back(std::move(one)); }

  Setup setup;
  ContinuityPolicy policy;
  net::Reconnector reconnector;
  detail::Outbox outbox;
  detail::History history;
  detail::Calls calls;
  detail::TokenLedger ledger;
  detail::TurnState turn;
  detail::Answers answers_told;
  std::map<std::size_t, int> rule_uses;  // in a row, by row

  std::optional<Link> active;  // takes what is sent
  std::optional<Link> next;    // is being opened
  std::optional<Planned> planned;
  std::optional<Wanted> wanted;
  LinkId links = 0;
  int in_a_row = 0;
  Setup own;                  // as the program wants it, for all services
  std::size_t service = 0;    // FailoverPolicy::services
  int failures_here = 0;      // in a row
  std::size_t moves = 0;      // from service to service, until a connection holds
  std::vector<bool> refused;  // services that are not worth another try

  std::string handle;
  TimePoint handle_at{};
  std::optional<WallTime> handle_expires;  // of a handle that came with a snapshot
  bool setup_is_newer = false;             // than that of the connection that is being opened
  bool handle_is_fresh = false;            // it came after the last turn
  // It came in the middle of speech (transparent resumption) that has been answered since: with it
  // the service would answer again.
  bool handle_holds_speech = false;
  int handle_failures = 0;             // connections in a row that it did not carry to a turn
  std::optional<TimePoint> gap_since;  // no connection takes what is sent
  std::optional<TimePoint> first_opened;
  TimePoint last_message{};
  int nudges = 0;
  bool activity_open = false;       // the program, or interrupt(), has begun one
  bool began_to_interrupt = false;  // by interrupt(); the program's own mark has not come since
  bool silence_told = false, context_told = false, changed = false;
  std::map<BudgetNotice::Of, int> budget_told;  // 1: the warning, 2: the limit
  bool started = false, closing = false, over = false;
  std::optional<Error> stop_reason;  // why it is being closed, where that was not asked for
  Result<void> result;
  ConversationCounters counters;
  std::deque<ContinuityEffect> effects;
  std::deque<ConversationEvent> events;
  // What became of the answer of a connection that was lost: told behind the loss.
  std::deque<ConversationEvent> end_of_answer;
};

}  // namespace parley::gemini
