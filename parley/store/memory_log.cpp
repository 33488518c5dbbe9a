#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "parley/store/session_log.hpp"

namespace parley::store {
namespace {

// One session with all that belongs to it.
struct Shelf {
  chat::Session session;
  std::int64_t next_seq = 1;
  std::vector<chat::Message> messages;
  std::map<std::string, chat::OpenGeneration> open;
};
using Shelves = std::map<std::string, Shelf>;

class Writer {
 public:
  explicit Writer(Shelves& shelves) : shelves_(shelves) {}

  Result<void> operator()(const chat::AddSession& add) {
    Shelf shelf;
    shelf.session = add.session;
    if (!shelves_.emplace(add.session.id, std::move(shelf)).second)
      return fail(ErrorKind::storage, "the session is there already");
    return {};
  }
  Result<void> operator()(const chat::AddMessage& add) {
    auto* shelf = find(add.message.session_id);
    if (shelf == nullptr) return no_session();
    chat::Message message = add.message;
    message.seq = shelf->next_seq++;
    auto& session = shelf->session;
    ++(message.role == chat::Role::user ? session.user_messages : session.model_messages);
    if (message.status == chat::Status::failed) ++session.failed_messages;
    session.last_activity = message.created;
    shelf->messages.push_back(std::move(message));
    return {};
  }
  Result<void> operator()(const chat::OpenAnswer& open) {
    auto* shelf = find(open.generation.session_id);
    if (shelf == nullptr) return no_session();
    shelf->open[open.generation.id] = open.generation;
    return {};
  }
  Result<void> operator()(const chat::AddChunk& add) {
    auto* shelf = find(add.session_id);
    if (shelf == nullptr || !shelf->open.contains(add.generation_id)) return no_session();
    shelf->open[add.generation_id].text += add.text;
    ++shelf->next_seq;
    return {};
  }
  Result<void> operator()(const chat::CloseAnswer& close) {
    for (auto& [id, shelf] : shelves_) shelf.open.erase(close.generation_id);
    return {};
  }
  Result<void> operator()(const chat::ClearSession& clear) {
    auto* shelf = find(clear.session_id);
    if (shelf == nullptr) return no_session();
    shelf->messages.clear();
    shelf->open.clear();
    auto& session = shelf->session;
    session.user_messages = session.model_messages = session.failed_messages = 0;
    session.last_activity = clear.at;
    return {};
  }
  Result<void> operator()(const chat::DeleteSession& remove) {
    if (shelves_.erase(remove.session_id) == 0) return no_session();
    return {};
  }

 private:
  Shelf* find(const std::string& id) {
    const auto found = shelves_.find(id);
    return found == shelves_.end() ? nullptr : &found->second;
  }
  static std::unexpected<Error> no_session() {
    return fail(ErrorKind::storage, "the session or its answer is gone");
  }
  Shelves& shelves_;
};

const std::string& session_of(const chat::Operation& operation) {
  struct Visitor {
    const std::string& operator()(const chat::AddSession& add) { return add.session.id; }
    const std::string& operator()(const chat::AddMessage& add) { return add.message.session_id; }
    const std::string& operator()(const chat::OpenAnswer& open) {
      return open.generation.session_id;
    }
    const std::string& operator()(const chat::AddChunk& add) { return add.session_id; }
    const std::string& operator()(const chat::CloseAnswer&) {
      static const std::string none;
      return none;
    }
    const std::string& operator()(const chat::ClearSession& clear) { return clear.session_id; }
    const std::string& operator()(const chat::DeleteSession& remove) { return remove.session_id; }
  };
  return std::visit(Visitor(), operation);
}

class MemoryLog final : public SessionLog {
 public:
  explicit MemoryLog(Post post) : post_(std::move(post)) {}

  Result<Contents> contents() override {
    Contents all;
    for (const auto& [id, shelf] : shelves_) {
      all.sessions.push_back(shelf.session);
      for (const auto& [generation, open] : shelf.open) all.open.push_back(open);
    }
    return all;
  }

  void append(chat::Transaction transaction, Done done) override {
    // Nothing is undone in place: the sessions that it touches are put back where it fails.
    Shelves before;
    std::vector<std::string> touched;
    for (const auto& operation : transaction)
      if (const auto& id = session_of(operation); !id.empty() && !std::ranges::count(touched, id)) {
        touched.push_back(id);
        if (transaction.size() > 1)
          if (const auto found = shelves_.find(id); found != shelves_.end()) before.insert(*found);
      }
    Result<void> result;
    Writer writer(shelves_);
    for (const auto& operation : transaction)
      if (result = std::visit(writer, operation); !result) break;
    if (!result && transaction.size() > 1)
      for (const auto& id : touched) {
        shelves_.erase(id);
        if (auto node = before.extract(id)) shelves_.insert(std::move(node));
      }
    defer([done = std::move(done), result = std::move(result)] { done(result); });
  }

  void read(std::string session_id, std::size_t limit, std::int64_t before, Read then) override {
    std::vector<chat::Message> messages;
    if (const auto found = shelves_.find(session_id); found != shelves_.end())
      std::ranges::copy_if(found->second.messages, std::back_inserter(messages),
                           [before](const chat::Message& message) { return message.seq < before; });
    if (messages.size() > limit)
      messages.erase(messages.begin(), messages.end() - static_cast<std::ptrdiff_t>(limit));
    defer([then = std::move(then), messages = std::move(messages)] { then(messages); });
  }

 private:
  void defer(std::function<void()> call) {
    post_([alive = std::weak_ptr<int>(alive_), call = std::move(call)] {
      if (!alive.expired()) call();
    });
  }
  Post post_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
  Shelves shelves_;
};

}  // namespace

std::unique_ptr<SessionLog> open_memory_log(Post post) {
  return std::make_unique<MemoryLog>(std::move(post));
}

}  // namespace parley::store
