#include <algorithm>

#include <fmt/format.h>

#include "parley/chat/detail/frames.hpp"
#include "parley/chat/detail/hub_state.hpp"

namespace parley::chat {

namespace {
Complaint unknown_model(const std::string& model) {
  return Complaint("unknown_model", fmt::format("Unknown model: {}", model.substr(0, 100)));
}
Complaint not_found() {
  return Complaint("session_not_found", "Session not found");
}

Complaint not_stored(const Error& error) {
  Complaint complaint("not_durable", "Server error: " + error.message());
  complaint.retryable = true;
  return complaint;
}
}  // namespace

// The room exists at once, so that what the same client sends next finds it; nobody else knows its
// id.
Hub::Room& Hub::open_room(std::string model, Now now) {
  auto fresh = std::make_unique<Room>();
  fresh->session.id = mint(now);
  fresh->session.model = std::move(model);
  fresh->session.created = fresh->session.last_activity = now.wall;
  return *(rooms_[fresh->session.id] = std::move(fresh));
}

void Hub::handle(Member& member, wire::CreateSession& message, Now now) {
  const std::string model = message.model_id.value_or(options_.default_model);
  if (!allows(model)) return send_error({member.info.id}, unknown_model(model), now);
  Room& fresh = open_room(model, now);
  leave(member, wire::UpdateType::user_left, now);
  member.session = fresh.session.id;
  fresh.members.push_back(member.info.id);
  append({AddSession{fresh.session}}, [this, id = fresh.session.id, connection = member.info.id](
                                          const Result<void>& result, Now then) {
    auto* made = room(id);
    if (made == nullptr) return;
    if (!result) {
      if (auto* owner = this->member(connection); owner && owner->session == id)
        owner->session.clear();
      rooms_.erase(id);
      return send_error({connection}, not_stored(result.error()), then);
    }
    made->durable = true;
    ++counts_.sessions_created;
    if (this->member(connection) == nullptr) return;
    send({connection}, detail::session_created(made->session, connection, then.wall));
  });
}

void Hub::handle(Member& member, wire::JoinSession& message, Now now) {
  auto* target = live_room(message.session_id);
  if (target == nullptr || !target->durable) return send_error({member.info.id}, not_found(), now);
  enter(member, *target, now);
  send({member.info.id}, detail::session_joined(target->session, member.info.id, now.wall));
  show_running(member, *target, now);
}

void Hub::enter(Member& member, Room& room, Now now) {
  if (member.session == room.session.id) return;
  leave(member, wire::UpdateType::user_left, now);
  member.session = room.session.id;
  send_room(room,
            detail::session_update(wire::UpdateType::user_joined, room.session.id, now.wall)
                .with_connection_id(member.info.id),
            "", true);
  room.members.push_back(member.info.id);
}

void Hub::leave(Member& member, wire::UpdateType::Known update, Now now) {
  if (member.session.empty()) return;
  stop_typing(member, now);
  auto* left = room(member.session);
  member.session.clear();
  member.compat_generation.clear();
  if (left == nullptr) return;
  std::erase(left->members, member.info.id);
  send_room(
      *left,
      detail::session_update(update, left->session.id, now.wall).with_connection_id(member.info.id),
      "", true);
}

// A35: who joins while an answer runs gets what was shown of it as one chunk, then the live ones.
void Hub::show_running(Member& member, Room& room, Now now) {
  const auto& running = room.running;
  if (!running || running->over) return;
  send({member.info.id},
       detail::response_start(room.session.id, running->answer_id, running->asker, now.wall));
  if (running->chunks == 0) return;
  if (member.info.compat_v1) {
    member.compat_generation = running->id;
    member.compat = CompatChunks();
    for (const auto& chunk : member.compat.feed(running->shown, false))
      send({member.info.id},
           detail::chunk(room.session.id, chunk.text, member.compat.count(), false, now.wall));
    return;
  }
  send({member.info.id},
       detail::chunk(room.session.id, running->shown, running->chunks, false, now.wall)
           .with_merged(true)
           .with_message_id(running->answer_id));
}

Result<void> Hub::create_session(std::uint64_t token, std::optional<std::string> model, Now now) {
  const std::string chosen = model.value_or(options_.default_model);
  if (!allows(chosen)) return fail(ErrorKind::invalid_argument, unknown_model(chosen).message);
  Room& fresh = open_room(chosen, now);
  append({AddSession{fresh.session}}, [this, token, id = fresh.session.id](
                                          const Result<void>& result, Now) {
    if (auto* made = room(id); result && made != nullptr) {
      made->durable = true;
      ++counts_.sessions_created;
      effects_.push_back(Reply{token, id});
    } else {
      rooms_.erase(id);
      effects_.push_back(Reply{token, result ? Result<std::string>(id) : fail(result.error())});
    }
  });
  return {};
}

// Everything under way in the session ends now: A20, A21.
void Hub::forget_generations(Room& room, Now now, std::string_view why) {
  if (room.running) {
    room.running->over = true;
    effects_.push_back(CancelGeneration{room.running->id});
    generations_.erase(room.running->id);
    ++counts_.cancelled;
    room.running.reset();
  }
  for (const auto& waiting : std::exchange(room.queue, {})) {
    waiting->over = true;
    generations_.erase(waiting->id);
    ++counts_.cancelled;
    if (member(waiting->asker) != nullptr)
      send_error({waiting->asker},
                 Complaint("conflict", fmt::format("{} before your message was answered", why)),
                 now, room.session.id, waiting->asker);
  }
}

Result<void> Hub::delete_session(std::uint64_t token, const std::string& id, Now now) {
  auto* target = live_room(id);
  if (target == nullptr || !target->durable) return fail(ErrorKind::not_found, "Session not found");
  target->deleting = true;
  forget_generations(*target, now, "The session was deleted");
  append({DeleteSession{id}}, [this, token, id](const Result<void>& result, Now then) {
    auto* gone = room(id);
    if (gone == nullptr) return;
    if (!result) {
      gone->deleting = false;
      effects_.push_back(Reply{token, fail(result.error())});
      return;
    }
    forget_generations(*gone, then, "The session was deleted");
    send_room(*gone, detail::session_update(wire::UpdateType::session_deleted, id, then.wall));
    for (const auto& connection : gone->members)
      if (auto* left = member(connection)) {
        left->session.clear();
        left->typing = left->typing_shown = false;
        left->typing_until.reset();
      }
    rooms_.erase(id);
    effects_.push_back(Reply{token, id});
  });
  return {};
}

Result<void> Hub::clear_session(std::uint64_t token, const std::string& id, Now now) {
  auto* target = live_room(id);
  if (target == nullptr || !target->durable) return fail(ErrorKind::not_found, "Session not found");
  forget_generations(*target, now, "The session was cleared");
  append({ClearSession{id, now.wall}}, [this, token, id](const Result<void>& result, Now then) {
    auto* cleared = room(id);
    if (cleared == nullptr || !result) {
      effects_.push_back(Reply{
          token, result ? fail(ErrorKind::not_found, "Session not found") : fail(result.error())});
      return;
    }
    forget_generations(*cleared, then, "The session was cleared");
    auto& session = cleared->session;
    session.user_messages = session.model_messages = session.failed_messages = 0;
    session.last_activity = then.wall;
    send_room(*cleared, detail::session_update(wire::UpdateType::session_cleared, id, then.wall)
                            .with_message_count(0));
    effects_.push_back(Reply{token, id});
  });
  return {};
}

std::optional<SessionView> Hub::session(const std::string& id) const {
  const auto found = rooms_.find(id);
  if (found == rooms_.end() || found->second->deleting || !found->second->durable)
    return std::nullopt;
  SessionView view;
  view.session = found->second->session;
  view.connected_clients = found->second->members.size();
  return view;
}

std::vector<SessionView> Hub::sessions(std::size_t limit, const std::string& after, Now now) const {
  std::vector<SessionView> all;
  for (const auto& [id, home] : rooms_) {
    const bool recent = home->session.last_activity + options_.active_for > now.wall;
    if (!home->durable || home->deleting || (home->members.empty() && !recent)) continue;
    SessionView& view = all.emplace_back();
    view.session = home->session;
    view.connected_clients = home->members.size();
  }
  std::ranges::sort(all, [](const SessionView& a, const SessionView& b) {
    if (a.session.last_activity != b.session.last_activity)
      return a.session.last_activity > b.session.last_activity;
    return a.session.id > b.session.id;
  });
  if (!after.empty()) {
    const auto last = std::ranges::find(
        all, after, [](const SessionView& view) -> const std::string& { return view.session.id; });
    if (last != all.end()) all.erase(all.begin(), last + 1);
  }
  if (all.size() > limit) all.resize(limit);
  return all;
}

}  // namespace parley::chat
