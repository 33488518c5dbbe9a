#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>

#include "parley/gemini/continuity/conversation.hpp"
#include "parley/gemini/detail/live_account.hpp"

namespace parley::gemini {

// Shared by the conversation and the coroutines of its connections.
struct Conversation::State : std::enable_shared_from_this<Conversation::State> {
  struct Link {
    explicit Link(LinkId its_id) : id(its_id) {}
    LinkId id;
    std::optional<Live> live;  // once it is set up
    std::deque<SendOnLink> queue;
    bool writing = false;
    bool dropped = false;                      // not wanted any more
    boost::asio::cancellation_signal opening;  // ends the attempt, before `live` is there
  };
  using LinkPtr = std::shared_ptr<Link>;

  State(Executor executor, ConversationOptions options, Continuity rules);

  // To be called after everything that was told to `core`: its effects are done, its events kept.
  void settle();
  void obey(ContinuityEffect effect);
  void close_link(LinkId id);
  void arm();
  void abandon();
  // Until somebody cancels the timer, or its time is there.
  static Task<void> wait(boost::asio::steady_timer& timer);
  // For the one who reads.
  Task<void> something_comes(TimePoint until = TimePoint::max());
  static Task<void> run_link(std::shared_ptr<State> self, LinkPtr link, LiveOptions options);
  static Task<void> read_link(std::shared_ptr<State> self, LinkPtr link);
  static Task<void> write_link(std::shared_ptr<State> self, LinkPtr link);
  static Task<void> end_link(LinkPtr link);
  // The task that asks has been cancelled.
  static Task<bool> is_cancelled();
  ConversationEvent take();

  Executor executor;
  LiveOptions live;
  std::vector<LiveFallback> fallbacks;
  std::shared_ptr<detail::LiveAccount> account;  // null: nothing is limited
  std::function<void(LinkId, LiveOptions&)> prepare;
  Continuity core;
  std::map<LinkId, LinkPtr> links;
  boost::asio::steady_timer tick, arrived, room, sent;
  std::optional<TimePoint> armed;
  std::deque<ConversationEvent> events;
  std::size_t event_bytes = 0;
  std::size_t queue_bytes = 0;
  bool closing = false;    // by the program: what was sent goes out first
  bool abandoned = false;  // nobody is there who would read
};

}  // namespace parley::gemini
