#include "parley/chat/detail/frames.hpp"
#include "parley/chat/detail/hub_state.hpp"

namespace parley::chat {

void Hub::handle(Member& member, wire::TypingStart&, Now now) {
  auto* home = room(member.session);
  if (home == nullptr) return;
  member.typing = true;
  member.typing_until = now.mono + options_.typing_expiry;
  if (member.typing_shown) return;
  if (member.last_typing_relay && now.mono < *member.last_typing_relay + options_.typing_pause)
    return;
  member.last_typing_relay = now.mono;
  member.typing_shown = true;
  send_room(*home, detail::user_typing(member.session, member.info.id, true, now.wall),
            member.info.id, true);
}

void Hub::handle(Member& member, wire::TypingStop&, Now now) {
  stop_typing(member, now);
}

void Hub::stop_typing(Member& member, Now now) {
  member.typing = false;
  member.typing_until.reset();
  if (!std::exchange(member.typing_shown, false)) return;
  if (auto* home = room(member.session))
    send_room(*home, detail::user_typing(member.session, member.info.id, false, now.wall),
              member.info.id, true);
}

void Hub::handle(Member& member, wire::Ping&, Now now) {
  send({member.info.id}, detail::pong(member.info.id, now.wall));
}

std::optional<TimePoint> Hub::next_timeout() const {
  std::optional<TimePoint> next;
  for (const auto& [id, member] : members_)
    if (member->typing_until && (!next || *member->typing_until < *next))
      next = member->typing_until;
  return next;
}

void Hub::handle_timeout(Now now) {
  for (const auto& [id, member] : members_)
    if (member->typing_until && *member->typing_until <= now.mono) stop_typing(*member, now);
}

}  // namespace parley::chat
