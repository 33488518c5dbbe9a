#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/chat/detail/frames.hpp"
#include "parley/chat/detail/hub_state.hpp"

namespace parley::chat {

using detail::seconds_between;

void Hub::handle(Member& member, wire::ChatMessage& message, Now now) {
  stop_typing(member, now);
  const std::string wanted = message.session_id.value_or(member.session);
  if (!wanted.empty()) {
    auto* target = live_room(wanted);
    if (target == nullptr || (!target->durable && member.session != wanted))
      return send_error({member.info.id}, Complaint("session_not_found", "Session not found"), now,
                        wanted);
    if (member.session != wanted) enter(member, *target, now);
    return ask(member, *target, std::move(message.message), {}, false, now);
  }
  if (message.session_id)
    return send_error({member.info.id}, Complaint("session_not_found", "Session not found"), now);
  Room& fresh = open_room(options_.default_model, now);
  member.session = fresh.session.id;
  fresh.members.push_back(member.info.id);
  ask(member, fresh, std::move(message.message), {AddSession{fresh.session}}, true, now);
}

void Hub::ask(Member& member, Room& room, std::string text, Transaction first, bool announce,
              Now now) {
  if (room.queue.size() + room.pending >= options_.max_queue + (room.running ? 0 : 1)) {
    Complaint full(
        "queue_full",
        fmt::format("{} messages of this session wait for an answer already", options_.max_queue));
    full.retryable = true;
    full.retry_after_ms = 1000;
    return send_error({member.info.id}, full, now, room.session.id, member.info.id);
  }
  auto generation = std::make_shared<Generation>();
  generation->id = mint(now);
  generation->session = room.session.id;
  generation->model = room.session.model;
  generation->asker = member.info.id;
  generation->answer_id = mint(now);
  auto& question = generation->question;
  question.id = mint(now);
  question.session_id = room.session.id;
  question.author = member.info.id;
  question.content = std::move(text);
  question.generation_id = generation->id;
  question.created = now.wall;
  OpenGeneration row;
  row.id = generation->id;
  row.session_id = room.session.id;
  row.question_id = question.id;
  row.answer_id = generation->answer_id;
  row.model = generation->model;
  row.author = generation->asker;
  first.push_back(AddMessage{question});
  first.push_back(OpenAnswer{std::move(row)});
  ++room.pending;
  append(std::move(first), [this, generation, announce](const Result<void>& result, Now then) {
    auto* home = this->room(generation->session);
    if (home == nullptr) return;
    --home->pending;
    if (result) return question_committed(generation, announce, then);
    const Complaint lost = complaint_of(result.error());
    if (announce && !home->durable) {
      for (const auto& connection : home->members)
        if (auto* owner = this->member(connection)) owner->session.clear();
      rooms_.erase(generation->session);
    }
    send_error({generation->asker}, lost, then, generation->session, generation->asker);
  });
}

void Hub::question_committed(const std::shared_ptr<Generation>& generation, bool announce,
                             Now now) {
  auto& home = *room(generation->session);
  if (announce) {
    home.durable = true;
    ++counts_.sessions_created;
    send_room(home, detail::session_created(home.session, generation->asker, now.wall));
  }
  ++counts_.total;
  ++home.session.user_messages;
  home.session.last_activity = now.wall;
  generation->asked = now.mono;
  generations_[generation->id] = generation;
  if (home.running || !home.queue.empty()) {
    generation->queued_notice = true;
    send({generation->asker},
         detail::status("Waiting for the answer before this one...",
                        home.session.context_messages(), home.session.id, now.wall)
             .with_queue_position(static_cast<std::int64_t>(home.queue.size()) + 1));
  }
  home.queue.push_back(generation);
  message_added(home, generation->question, now);
  if (!home.running) start_next(home, now);
}

void Hub::message_added(Room& room, const Message& message, Now now) {
  send_room(room, detail::message_added(room.session, message, options_.preview, now.wall));
}

void Hub::start_next(Room& room, Now now) {
  if (room.queue.empty() || room.deleting) return;
  room.running = std::move(room.queue.front());
  room.queue.pop_front();
  auto& generation = *room.running;
  // Questions that still wait are in the log, but not in this one's context.
  const auto context =
      room.session.context_messages() - static_cast<std::int64_t>(room.queue.size());
  send({generation.asker},
       detail::status("Generating response...", context, room.session.id, now.wall));
  send_room(room, detail::response_start(room.session.id, generation.answer_id, generation.asker,
                                         now.wall));
  notice(Event("chat.generating")
             .with("connection", generation.asker)
             .with("session", room.session.id)
             .with("context", std::to_string(context))
             .with("model", generation.model));
  effects_.push_back(
      StartGeneration{generation.id, room.session.id, generation.question.id, generation.model});
}

void Hub::generation_text(const std::string& id, std::string_view text, bool last, Now now) {
  const auto found = generations_.find(id);
  if (found == generations_.end() || found->second->ending || text.empty()) return;
  const auto generation = found->second;
  generation->text += text;
  if (!generation->first_text) generation->first_text = now.mono;
  generation->held += text;
  if (last) return;  // shown with the end, unless the service goes on after all
  auto chunk = std::exchange(generation->held, {});
  append({AddChunk(id, generation->session, chunk, now.wall)},
         [this, generation, piece = std::move(chunk)](const Result<void>& result, Now then) {
           if (generation->over || generation->lost) return;
           if (!result) return chunk_lost(generation, result.error(), then);
           generation->shown += piece;
           ++generation->chunks;
           send_chunk(*room(generation->session), *generation, piece, false, then);
         });
}

// Nothing after a lost piece may be shown before it. An answer that has ended already shows the
// rest with its end; one that has not ends as failed, with all its text.
void Hub::chunk_lost(const std::shared_ptr<Generation>& generation, const Error& error, Now now) {
  generation->lost = true;
  if (generation->ending) return;
  effects_.push_back(CancelGeneration{generation->id});
  end_generation(generation, &error, now);
}

void Hub::send_chunk(Room& room, Generation& generation, std::string_view text, bool final,
                     Now now) {
  std::vector<std::string> exact;
  for (const auto& connection : room.members) {
    auto& reader = *member(connection);
    if (!reader.info.compat_v1) {
      exact.push_back(connection);
      continue;
    }
    if (std::exchange(reader.compat_generation, generation.id) != generation.id)
      reader.compat = CompatChunks();
    int number = reader.compat.count();
    for (const auto& chunk : reader.compat.feed(text, final))
      send({connection},
           detail::chunk(room.session.id, chunk.text, ++number, chunk.final, now.wall));
  }
  send(std::move(exact), detail::chunk(room.session.id, text, generation.chunks, final, now.wall)
                             .with_message_id(generation.answer_id));
  notice(Event("chat.chunk")
             .with("connection", generation.asker)
             .with("number", std::to_string(generation.chunks))
             .with("preview", std::string(first_scalars(text, 40))));
}

void Hub::generation_done(const std::string& id, Now now) {
  if (const auto found = generations_.find(id);
      found != generations_.end() && !found->second->ending)
    end_generation(std::shared_ptr(found->second), nullptr, now);
}

void Hub::generation_failed(const std::string& id, const Error& error, Now now) {
  if (const auto found = generations_.find(id);
      found != generations_.end() && !found->second->ending)
    end_generation(std::shared_ptr(found->second), &error, now);
}

void Hub::end_generation(const std::shared_ptr<Generation>& generation, const Error* error,
                         Now now) {
  generation->ending = true;
  Message answer;
  answer.id = generation->answer_id;
  answer.session_id = generation->session;
  answer.role = Role::model;
  answer.status = error == nullptr ? Status::ok : Status::failed;
  answer.author = generation->asker;
  answer.content = generation->text;
  answer.model = generation->model;
  answer.generation_id = generation->id;
  answer.created = now.wall;
  append({AddMessage{answer}, CloseAnswer{generation->id}},
         [this, generation, answer, failure = error ? std::optional(*error) : std::nullopt](
             const Result<void>& result, Now then) {
           if (generation->over) return;
           if (!result) return give_up(generation, result.error(), then);
           if (failure)
             failure_committed(generation, answer, *failure, then);
           else
             answer_committed(generation, answer, then);
         });
}

void Hub::answer_committed(const std::shared_ptr<Generation>& generation, const Message& answer,
                           Now now) {
  auto& home = *room(generation->session);
  generation->over = true;
  generations_.erase(generation->id);
  ++generation->chunks;
  const std::string rest = generation->text.substr(generation->shown.size());
  generation->shown = generation->text;
  send_chunk(home, *generation, rest, true, now);
  ++home.session.model_messages;
  home.session.last_activity = now.wall;
  const double seconds = seconds_between(generation->asked, now.mono);
  ++counts_.successful;
  response_seconds_ += seconds;
  const auto complete = [&](int chunks) {
    wire::ResponseComplete out;
    out.full_response = answer.content;
    out.total_chunks = chunks;
    out.total_length = static_cast<std::int64_t>(count_scalars(answer.content));
    out.processing_time = seconds;
    out.message_count = home.session.message_count();
    out.session_id = home.session.id;
    out.message_id = answer.id;
    out.request_connection_id = generation->asker;
    if (generation->first_text)
      out.ttft_ms = static_cast<std::int64_t>(
          seconds_between(generation->asked, *generation->first_text) * 1000);
    out.timestamp = to_iso8601(now.wall);
    return out;
  };
  std::vector<std::string> exact;
  for (const auto& connection : home.members) {
    auto& reader = *member(connection);
    if (reader.info.compat_v1)
      send({connection}, complete(reader.compat.count()));
    else
      exact.push_back(connection);
  }
  send(std::move(exact), complete(generation->chunks));
  message_added(home, answer, now);
  notice(Event("chat.complete")
             .with("connection", generation->asker)
             .with("session", home.session.id)
             .with("chunks", std::to_string(generation->chunks))
             .with("seconds", fmt::format("{:.3f}", seconds))
             .with("messages", std::to_string(home.session.message_count())));
  home.running.reset();
  start_next(home, now);
}

void Hub::failure_committed(const std::shared_ptr<Generation>& generation, const Message& answer,
                            const Error& error, Now now) {
  auto& home = *room(generation->session);
  generation->over = true;
  generations_.erase(generation->id);
  ++home.session.model_messages;
  ++home.session.failed_messages;
  home.session.last_activity = now.wall;
  ++counts_.failed;
  send_error(home.members, complaint_of(error), now, home.session.id, generation->asker);
  message_added(home, answer, now);
  notice(Event("chat.failed")
             .with("connection", generation->asker)
             .with("session", home.session.id)
             .with("error", error.message()));
  home.running.reset();
  start_next(home, now);
}

// The log could not take the end of the answer: what was not shown is not shown, and the turn ends.
void Hub::give_up(const std::shared_ptr<Generation>& generation, const Error& error, Now now) {
  generation->over = true;
  generations_.erase(generation->id);
  ++counts_.failed;
  auto* home = room(generation->session);
  if (home == nullptr) return;
  send_error(home->members, complaint_of(error), now, generation->session, generation->asker);
  if (home->running == generation) home->running.reset();
  if (!home->running) start_next(*home, now);
}

}  // namespace parley::chat
