#include "parley/chat/detail/frame.hpp"
#include "parley/chat/detail/hub_state.hpp"

namespace parley::chat {

using detail::Frame;

namespace {
std::string typing_frame(const std::string& session, const std::string& connection, bool typing,
                         Now now) {
  return Frame("session_update")
      .with("update_type", "user_typing")
      .with("typing", typing)
      .with("session_id", session)
      .with("connection_id", connection)
      .at(now.wall);
}
}  // namespace

void Hub::handle(Member& member, TypingStart&, Now now) {
  auto* home = room(member.session);
  if (home == nullptr) return;
  member.typing = true;
  member.typing_until = now.mono + options_.typing_expiry;
  if (member.typing_shown) return;
  if (member.last_typing_relay && now.mono < *member.last_typing_relay + options_.typing_pause)
    return;
  member.last_typing_relay = now.mono;
  member.typing_shown = true;
  send_room(*home, typing_frame(member.session, member.info.id, true, now), member.info.id, true);
}

void Hub::handle(Member& member, TypingStop&, Now now) {
  stop_typing(member, now);
}

void Hub::stop_typing(Member& member, Now now) {
  member.typing = false;
  member.typing_until.reset();
  if (!std::exchange(member.typing_shown, false)) return;
  if (auto* home = room(member.session))
    send_room(*home, typing_frame(member.session, member.info.id, false, now), member.info.id,
              true);
}

void Hub::handle(Member& member, Ping&, Now now) {
  send({member.info.id}, Frame("pong").with("connection_id", member.info.id).at(now.wall));
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
