#include "parley/chat/hub.hpp"

#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/chat/detail/frames.hpp"
#include "parley/chat/detail/hub_state.hpp"

namespace parley::chat {

namespace {

std::string type_name(const wire::ClientMessage& message) {
  constexpr std::string_view names[] = {"create_session", "join_session", "chat",
                                        "typing_start",   "typing_stop",  "ping"};
  return std::string(names[message.index()]);
}

std::string preview_of(std::string_view text) {
  std::string preview = strip_control(first_scalars(text, 40));
  std::ranges::replace(preview, '\n', ' ');
  return preview;
}

}  // namespace

Hub::Hub(HubOptions options, Random& random, Now now)
    : options_(std::move(options)), random_(random), started_(now.wall) {}
Hub::~Hub() = default;

void Hub::use_models(std::string default_model, std::vector<std::string> models) {
  options_.default_model = std::move(default_model);
  options_.models = std::move(models);
}

void Hub::restore(std::vector<Session> sessions, std::vector<OpenGeneration> open, Now now) {
  for (auto& session : sessions) {
    auto restored = std::make_unique<Room>();
    restored->session = std::move(session);
    restored->durable = true;
    rooms_[restored->session.id] = std::move(restored);
  }
  for (auto& row : open) {
    auto* home = room(row.session_id);
    if (home == nullptr) continue;
    auto generation = std::make_shared<Generation>();
    generation->id = row.id;
    generation->session = row.session_id;
    generation->model = row.model;
    generation->asker = row.author;
    generation->question.id = row.question_id;
    generation->answer_id = row.answer_id;
    generation->asked = now.mono;
    generation->text = generation->shown = row.text;
    generations_[generation->id] = generation;
    ++counts_.total;
    if (row.text.empty()) {
      home->queue.push_back(std::move(generation));
    } else {
      const Error stopped(ErrorKind::unavailable, "the server was stopped while it answered");
      home->running = generation;
      end_generation(generation, &stopped, now);
    }
  }
  for (auto& [id, home] : rooms_)
    if (!home->running) start_next(*home, now);
}

std::string Hub::mint(Now now) {
  return make_uuid_v7(now.wall, random_);
}

Hub::Member* Hub::member(const std::string& connection) {
  const auto found = members_.find(connection);
  return found == members_.end() ? nullptr : found->second.get();
}
Hub::Room* Hub::room(const std::string& id) {
  const auto found = rooms_.find(id);
  return found == rooms_.end() ? nullptr : found->second.get();
}
Hub::Room* Hub::live_room(const std::string& id) {
  auto* found = room(id);
  return found != nullptr && !found->deleting ? found : nullptr;
}

bool Hub::allows(const std::string& model) const {
  if (options_.models.empty())
    return !model.empty() && model.size() <= 200 &&
           model.find_first_of(" \t\r\n?#%") == std::string::npos;
  return std::ranges::find(options_.models, model) != options_.models.end();
}

void Hub::append(Transaction transaction, OnCommit then) {
  const auto ticket = next_ticket_++;
  waiting_.emplace(ticket, std::move(then));
  effects_.push_back(Append{ticket, std::move(transaction)});
}

void Hub::committed(std::uint64_t ticket, Result<void> result, Now now) {
  const auto found = waiting_.find(ticket);
  if (found == waiting_.end()) return;
  const auto then = std::move(found->second);
  waiting_.erase(found);
  then(result, now);
}

void Hub::send_text(std::vector<std::string> to, std::string frame, bool droppable) {
  effects_.push_back(
      Send{std::move(to), std::make_shared<const std::string>(std::move(frame)), droppable});
}

std::vector<std::string> Hub::members_of(const Room& room, const std::string& but) const {
  auto to = room.members;
  std::erase(to, but);
  return to;
}

void Hub::send_error(const std::vector<std::string>& to, const Complaint& complaint, Now now,
                     const std::string& session, const std::string& asker) {
  auto message = detail::error_message(complaint, mint(now), now.wall);
  if (!session.empty()) message.session_id = session;
  if (!asker.empty()) message.request_connection_id = asker;
  send(to, message);
}

void Hub::notice(Event event) {
  effects_.push_back(Notice{std::move(event)});
}

void Hub::connected(const ConnectionInfo& info, Now now) {
  auto fresh = std::make_unique<Member>();
  fresh->info = info;
  members_[info.id] = std::move(fresh);
  send({info.id}, detail::connected(info.id, options_.framework, options_.default_model, now.wall));
  notice(Event("chat.connected")
             .with("connection", info.id)
             .with("address", info.address)
             .with("active", std::to_string(members_.size())));
}

void Hub::received_text(const std::string& connection, std::string_view frame, Now now) {
  auto* sender = member(connection);
  if (sender == nullptr) return;
  ++counts_.messages_received;
  auto message = read_client_message(frame, options_.max_message);
  if (!message) return send_error({connection}, message.error(), now, sender->session);
  Event event("chat.message");
  event.with("connection", connection)
      .with("session", sender->session)
      .with("type", type_name(*message));
  if (const auto* chat = std::get_if<wire::ChatMessage>(&*message))
    event.with("preview", preview_of(chat->message));
  notice(std::move(event));
  std::visit(
      [&](auto& what) {
        if constexpr (!std::is_same_v<decltype(what), json::Unknown&>) handle(*sender, what, now);
      },
      *message);
}

void Hub::received_binary(const std::string& connection, Now now) {
  if (member(connection) == nullptr) return;
  ++counts_.messages_received;
  send_error({connection}, Complaint("bad_request", "Binary frames are not part of this protocol"),
             now);
  effects_.push_back(Close{connection, 1003, "binary frames are not part of this protocol"});
}

void Hub::disconnected(const std::string& connection, std::string_view why, Now now) {
  auto* gone = member(connection);
  if (gone == nullptr) return;
  leave(*gone, wire::UpdateType::user_disconnected, now);
  members_.erase(connection);
  notice(Event("chat.disconnected")
             .with("connection", connection)
             .with("reason", std::string(why))
             .with("active", std::to_string(members_.size())));
}

std::optional<Effect> Hub::poll_effect() {
  if (effects_.empty()) return std::nullopt;
  Effect effect = std::move(effects_.front());
  effects_.pop_front();
  return effect;
}

Statistics Hub::statistics(Now now) const {
  Statistics all = counts_;
  all.started = started_;
  all.under_way = all.total - all.successful - all.failed - all.cancelled;
  all.active_sessions = sessions(std::size_t(-1), "", now).size();
  all.connections = members_.size();
  all.average_response_time =
      all.successful == 0 ? 0 : response_seconds_ / static_cast<double>(all.successful);
  return all;
}

}  // namespace parley::chat
