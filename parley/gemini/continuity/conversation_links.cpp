#include <algorithm>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "parley/gemini/continuity/detail/conversation_state.hpp"
#include "parley/gemini/detail/live_state.hpp"
#include "parley/net/system.hpp"

// The connections of a conversation: each has a reader, and a writer while there is something to
// write. What they find out goes to the rules, and the rules say what follows.
namespace parley::gemini {

namespace asio = boost::asio;

namespace {

std::size_t weight_of(const ConversationEvent& event) {
  constexpr std::size_t own = sizeof(ConversationEvent);
  const auto* live = std::get_if<LiveEvent>(&event);
  if (live == nullptr) return own;
  if (const auto* audio = std::get_if<LiveAudio>(live)) return own + audio->pcm.size();
  if (const auto* text = std::get_if<LiveText>(live)) return own + text->text.size();
  return own;
}

}  // namespace

Conversation::State::State(Executor its_executor, ConversationOptions options, Continuity rules)
    : executor(std::move(its_executor)),
      live(std::move(options.live)),
      fallbacks(std::move(options.fallbacks)),
      prepare(std::move(options.prepare)),
      core(std::move(rules)),
      tick(executor),
      arrived(executor, TimePoint::max()),
      room(executor, TimePoint::max()),
      sent(executor, TimePoint::max()),
      queue_bytes(options.policy.queue_bytes) {}

Task<void> Conversation::State::something_comes(TimePoint until) {
  arrived.expires_at(until);
  co_await wait(arrived);
}

Task<void> Conversation::State::wait(asio::steady_timer& timer) {
  boost::system::error_code ignored;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

void Conversation::State::settle() {
  while (auto effect = core.poll_effect()) obey(std::move(*effect));
  while (auto event = core.poll_event()) {
    if (const auto* live_event = std::get_if<LiveEvent>(&*event); account && live_event)
      account->note(*live_event);
    if (const auto* lost = std::get_if<ConnectionLost>(&*event); account && lost)
      account->refused(lost->error);
    if (abandoned) continue;
    event_bytes += weight_of(*event);
    events.push_back(std::move(*event));
  }
  if (account && core.is_over()) account->end();
  arrived.cancel();
  sent.cancel();
  arm();
}

ConversationEvent Conversation::State::take() {
  ConversationEvent event(std::move(events.front()));
  events.pop_front();
  event_bytes -= std::min(event_bytes, weight_of(event));
  room.cancel();
  return event;
}

void Conversation::State::arm() {
  const auto at = abandoned ? std::nullopt : core.next_timeout();
  if (at == armed) return;
  armed = at;
  tick.cancel();
  if (!at) return;
  tick.expires_at(*at);
  tick.async_wait([weak = weak_from_this(), at](boost::system::error_code cancelled) {
    const auto self = weak.lock();
    if (cancelled || !self || self->armed != at) return;
    self->armed.reset();
    self->core.handle_timeout(net::now());
    self->settle();
  });
}

void Conversation::State::obey(ContinuityEffect effect) {
  if (auto* open = std::get_if<OpenLink>(&effect)) {
    auto link = std::make_shared<Link>(open->link);
    links[link->id] = link;
    LiveOptions to(open->service == 0 ? live : fallbacks[open->service - 1].live);
    to.setup = std::move(open->setup);
    to.limits.reset();  // the conversation has paid
    if (!to.events) to.events = live.events;
    asio::co_spawn(executor, run_link(shared_from_this(), link, std::move(to)),
                   asio::bind_cancellation_slot(link->opening.slot(), asio::detached));
    return;
  }
  if (const auto* close = std::get_if<CloseLink>(&effect)) return close_link(close->link);
  auto& send = std::get<SendOnLink>(effect);
  const auto found = links.find(send.link);
  if (found == links.end() || found->second->dropped) return;
  const auto link = found->second;
  link->queue.push_back(std::move(send));
  if (!std::exchange(link->writing, true))
    asio::co_spawn(executor, write_link(shared_from_this(), link), asio::detached);
}

// Only where the program closes the conversation does what waits go out first: another connection
// gets it else.
void Conversation::State::close_link(LinkId id) {
  const auto found = links.find(id);
  if (found == links.end()) return;
  const auto link = found->second;
  link->dropped = true;
  if (!link->live) links.erase(found);
  if (!closing) link->queue.clear();
  if (!closing || !link->writing) asio::co_spawn(executor, end_link(link), asio::detached);
}

void Conversation::State::abandon() {
  abandoned = true;
  if (account) account->end();
  closing = false;
  tick.cancel();
  room.cancel();
  const auto open = links;
  for (const auto& [id, link] : open) {
    link->queue.clear();
    link->dropped = true;
    asio::co_spawn(executor, end_link(link), asio::detached);
  }
}

Task<void> Conversation::State::end_link(LinkPtr link) {
  if (link->live)
    (void)co_await link->live->close();
  else
    link->opening.emit(asio::cancellation_type::terminal);
}

Task<bool> Conversation::State::is_cancelled() {
  const auto state = co_await asio::this_coro::cancellation_state;
  co_return state.cancelled() != asio::cancellation_type::none;
}

Task<void> Conversation::State::run_link(std::shared_ptr<State> self, LinkPtr link,
                                         LiveOptions options) {
  if (self->prepare) self->prepare(link->id, options);
  co_await asio::this_coro::throw_if_cancelled(false);
  auto live = co_await Live::connect(std::move(options));
  if (link->dropped || self->abandoned) {
    self->links.erase(link->id);
    co_return;
  }
  if (!live) {
    self->links.erase(link->id);
    self->core.failed(link->id, std::move(live.error()), net::now());
    self->settle();
    co_return;
  }
  link->live.emplace(std::move(*live));
  self->core.opened(link->id, net::now());
  self->settle();
  co_await read_link(self, link);
}

Task<void> Conversation::State::read_link(std::shared_ptr<State> self, LinkPtr link) {
  for (;;) {
    while (self->event_bytes >= self->live.inbox_bytes && !self->abandoned)
      co_await wait(self->room);
    auto event = co_await link->live->next();
    if (!event) break;
    self->core.received(link->id, std::move(*event), net::now());
    self->settle();
  }
  self->links.erase(link->id);
  self->core.ended(link->id, link->live->outcome(), net::now());
  self->settle();
}

Task<void> Conversation::State::write_link(std::shared_ptr<State> self, LinkPtr link) {
  while (!link->queue.empty()) {
    SendOnLink next(std::move(link->queue.front()));
    link->queue.pop_front();
    auto& socket = *link->live->state_->link;
    auto sending = std::visit([&](auto& one) { return socket.send(std::move(one)); }, next.message);
    auto done = co_await std::move(sending);
    if (done) {
      self->core.written(link->id, next.stamp, net::now());
      self->settle();
      continue;
    }
    // The reader tells the end of a connection, and before it what still came over it.
    const bool is_read = self->event_bytes < self->live.inbox_bytes;
    if (!socket.ended() && (done.error().close_code() == 0 || !is_read)) {
      self->core.ended(link->id, std::move(done), net::now());
      self->settle();
      link->dropped = true;
    }
    link->queue.clear();
  }
  link->writing = false;
  if (link->dropped) co_await end_link(link);
}

}  // namespace parley::gemini
