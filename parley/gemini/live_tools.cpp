#include "parley/gemini/live_tools.hpp"

#include <algorithm>
#include <map>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <fmt/format.h>

#include "parley/gemini/continuity/detail/conversation_state.hpp"
#include "parley/gemini/detail/live_state.hpp"

namespace parley::gemini {

namespace asio = boost::asio;

std::string_view to_string(LiveScheduling scheduling) {
  switch (scheduling) {
    case LiveScheduling::interrupt:
      return "INTERRUPT";
    case LiveScheduling::when_idle:
      return "WHEN_IDLE";
    case LiveScheduling::silent:
      return "SILENT";
  }
  return "?";
}

struct LiveTools::Core {
  struct Running {
    Running(std::string call_id, std::string function)
        : id(std::move(call_id)), name(std::move(function)) {}
    std::string id, name;
    std::stop_source stop;
  };

  void tell(std::string_view event, const Running& call, std::string_view why = "") const {
    if (!events) return;
    Event out(event);
    out.with("name", call.name).with("id", call.id);
    if (!why.empty()) out.with("why", std::string(why));
    events(out);
  }
  FunctionResponse response_to(const Running& call, json::Members answer) const {
    FunctionResponse response(call.name);
    if (!call.id.empty()) response.id = call.id;
    response.response = std::move(answer);
    if (const auto when = scheduling.find(call.name); when != scheduling.end())
      response.scheduling = std::string(to_string(when->second));
    return response;
  }
  void forget(const std::shared_ptr<Running>& call) { std::erase(running, call); }

  // To the session, without keeping it.
  using Session = std::function<Task<Result<void>>(FunctionResponse)>;
  static Task<Result<void>> send_part(std::shared_ptr<Core> core, std::shared_ptr<Running> call,
                                      Session session, json::Members part);
  static Task<void> run(std::shared_ptr<Core> core, std::shared_ptr<Running> call, Session session,
                        FunctionCall wanted);
  void start(const std::shared_ptr<Core>& self, const Session& session, const Executor& executor,
             const FunctionCall& wanted);
  void cancel(const std::string& id);
  void handle(const std::shared_ptr<Core>& self, const Session& session, const Executor& executor,
              const LiveEvent& event);

  Functions functions;
  std::map<std::string, LiveScheduling, std::less<>> scheduling;
  EventSink events;
  std::vector<std::shared_ptr<Running>> running;
};

namespace {

std::unexpected<Error> gone(std::string_view what) {
  return fail(
      Error(ErrorKind::disconnected, fmt::format("the {} is gone", what)).with_stage(Stage::send));
}

std::vector<FunctionResponse> alone(FunctionResponse response) {
  std::vector<FunctionResponse> responses;
  responses.push_back(std::move(response));
  return responses;
}

}  // namespace

Task<Result<void>> LiveTools::Core::send_part(std::shared_ptr<Core> core,
                                              std::shared_ptr<Running> call, Session session,
                                              json::Members part) {
  if (call->stop.stop_requested())
    co_return fail(ErrorKind::cancelled, fmt::format("the call {} was cancelled", call->id));
  auto response = core->response_to(*call, std::move(part));
  response.will_continue = true;
  co_return co_await session(std::move(response));
}

Task<void> LiveTools::Core::run(std::shared_ptr<Core> core, std::shared_ptr<Running> call,
                                Session session, FunctionCall wanted) {
  auto context = context_of(wanted, call->stop.get_token());
  context.progress = [core, call, session](json::Members part) {
    return send_part(core, call, session, std::move(part));
  };
  core->tell("gemini.tool_call", *call);
  auto result = co_await core->functions.call(std::move(context));
  core->forget(call);
  if (call->stop.stop_requested()) {
    core->tell("gemini.tool_dropped", *call, "the call was cancelled");
    co_return;
  }
  if (!result) core->tell("gemini.tool_failed", *call, result.error().message());
  const bool good = result.has_value();
  auto response = core->response_to(*call, response_of(std::move(result)));
  auto sent = co_await session(std::move(response));
  if (!sent)
    core->tell("gemini.tool_dropped", *call, sent.error().message());
  else if (good)
    core->tell("gemini.tool_done", *call);
}

void LiveTools::Core::start(const std::shared_ptr<Core>& self, const Session& session,
                            const Executor& executor, const FunctionCall& wanted) {
  auto call = std::make_shared<Running>(wanted.id.value_or(""), wanted.name);
  running.push_back(call);
  asio::co_spawn(executor, run(self, std::move(call), session, wanted), asio::detached);
}

void LiveTools::Core::cancel(const std::string& id) {
  for (const auto& call : running)
    if (call->id == id) call->stop.request_stop();
}

LiveTools::LiveTools(EventSink events) : core_(std::make_shared<Core>()) {
  core_->events = std::move(events);
}
LiveTools::~LiveTools() {
  stop_all();
}

void LiveTools::add(FunctionDeclaration declaration, Functions::Plain run) {
  core_->functions.add(std::move(declaration), std::move(run));
}
void LiveTools::add(FunctionDeclaration declaration, Functions::Async run) {
  core_->functions.add(std::move(declaration), std::move(run));
}
void LiveTools::schedule(std::string_view function, LiveScheduling when) {
  core_->scheduling[std::string(function)] = when;
}
void LiveTools::declare_in(LiveOptions& options) const {
  for (auto& declaration : core_->functions.declarations()) options.declare(std::move(declaration));
}
bool LiveTools::has(std::string_view function) const {
  return core_->functions.has(function);
}
std::size_t LiveTools::running() const {
  return core_->running.size();
}

void LiveTools::stop_all() {
  const auto all = core_->running;  // a function may end while it is asked to stop
  for (const auto& call : all) call->stop.request_stop();
}

Task<std::optional<LiveEvent>> LiveTools::next(Live& live) {
  auto event = co_await live.next();
  if (event)
    handle(live, *event);
  else
    stop_all();
  co_return event;
}

void LiveTools::Core::handle(const std::shared_ptr<Core>& self, const Session& session,
                             const Executor& executor, const LiveEvent& event) {
  if (const auto* wanted = std::get_if<LiveToolCalls>(&event))
    for (const auto& call : wanted->calls)
      if (functions.has(call.name)) start(self, session, executor, call);
  if (const auto* cancelled = std::get_if<LiveToolCallsCancelled>(&event))
    for (const auto& id : cancelled->ids) cancel(id);
}

Task<Result<void>> LiveTools::send_to_live(std::weak_ptr<Live::State> session,
                                           FunctionResponse response) {
  auto state = session.lock();
  if (!state) co_return gone("Live session");
  Live live(std::move(state));
  auto responses = alone(std::move(response));
  co_return co_await live.respond(std::move(responses));
}

// Beside the Conversation, whose last handle would close it.
Task<Result<void>> LiveTools::send_to_conversation(std::weak_ptr<Conversation::State> conversation,
                                                   FunctionResponse response) {
  const auto state = conversation.lock();
  if (!state || state->abandoned) co_return gone("conversation");
  auto responses = alone(std::move(response));
  co_return co_await Conversation::send_on(state, answers_message(std::move(responses)));
}

void LiveTools::handle(Live& live, const LiveEvent& event) {
  const std::weak_ptr<Live::State> session = live.state_;
  core_->handle(
      core_,
      [session](FunctionResponse response) { return send_to_live(session, std::move(response)); },
      live.state_->executor, event);
}

void LiveTools::handle(Conversation& conversation, const ConversationEvent& event) {
  const auto* live = std::get_if<LiveEvent>(&event);
  if (live == nullptr) return;
  const std::weak_ptr<Conversation::State> session = conversation.state_;
  core_->handle(
      core_,
      [session](FunctionResponse response) {
        return send_to_conversation(session, std::move(response));
      },
      conversation.state_->executor, *live);
}

Task<std::optional<ConversationEvent>> LiveTools::next(Conversation& conversation) {
  auto event = co_await conversation.next();
  if (event)
    handle(conversation, *event);
  else
    stop_all();
  co_return event;
}

}  // namespace parley::gemini
