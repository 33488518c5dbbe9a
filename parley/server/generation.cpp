#include <fmt/format.h>

#include "parley/base/event_scope.hpp"
#include "parley/server/detail/server_state.hpp"

namespace parley::server::detail {
namespace {

constexpr std::size_t kMaxContext = 10'000;  // messages that are read for one answer

gemini::GenerateContentRequest request_for(const std::vector<chat::Message>& context) {
  gemini::GenerateContentRequest request;
  for (const auto& message : context) {
    if (message.content.empty()) continue;
    gemini::add_turn(request, message.role == chat::Role::user
                                  ? gemini::user_content(message.content)
                                  : gemini::model_content(message.content));
  }
  return request;
}

// Why an answer that ended in order has no text.
Error no_text(const std::string& finish, const std::string& blocked) {
  if (!blocked.empty())
    return Error(ErrorKind::service, fmt::format("the prompt was blocked ({})", blocked));
  return Error(ErrorKind::service,
               finish.empty() ? "the model gave no text"
                              : fmt::format("the model gave no text (finish reason {})", finish));
}

struct Measured {
  Measured() = default;
  std::optional<std::chrono::milliseconds> first_text;
  std::size_t chunks = 0;
};

// Streams the answer into the hub; returns why it failed.
Task<Result<void>> stream_answer(ServerState& server, const chat::StartGeneration& start,
                                 Measured& measured) {
  const auto begun = server.clock.now();
  auto messages = co_await server.read_messages(start.session_id, kMaxContext, store::kNewest);
  if (!messages) co_return fail(std::move(messages.error()));
  const auto context = chat::make_context(std::move(*messages), start.question_id);
  if (context.empty())
    co_return fail(ErrorKind::storage, "the question is not in the session's log");
  auto request = request_for(context);
  auto stream =
      co_await server.client.models().stream_generate_content(start.model, std::move(request));
  if (!stream) co_return fail(std::move(stream.error()));
  bool any = false;
  std::string finish, blocked;
  while (auto response = co_await stream->next()) {
    const std::string text = gemini::text_of(*response);
    any = any || !text.empty();
    measured.chunks += text.empty() ? 0 : 1;
    if (any && !measured.first_text)
      measured.first_text =
          std::chrono::duration_cast<std::chrono::milliseconds>(server.clock.now() - begun);
    const auto reason = gemini::finish_reason_of(*response);
    if (!reason.empty()) finish = reason;
    if (auto block = gemini::block_reason_of(*response); !block.empty()) blocked = std::move(block);
    server.hub.generation_text(start.generation_id, text, !reason.empty(), server.now());
    server.pump();
  }
  auto outcome = stream->outcome();
  if (outcome && !any) co_return fail(no_text(finish, blocked));
  co_return outcome;
}

}  // namespace

Task<void> ServerState::generate(std::shared_ptr<ServerState> self, chat::StartGeneration start) {
  auto scope = EventScope::begin(self->options.telemetry, "server.answer",
                                 [&](Event& event) { event.with("model", start.model); });
  Measured measured;
  auto outcome = co_await stream_answer(*self, start, measured);
  const auto fill = [&](Event& event) {
    event.with("model", start.model).with("chunks", std::to_string(measured.chunks));
    if (measured.first_text)
      event.with("first_text_ms", std::to_string(measured.first_text->count()));
  };
  if (outcome)
    scope.stop(fill);
  else
    scope.fail_with(outcome.error(), fill);
  if (outcome)
    self->hub.generation_done(start.generation_id, self->now());
  else
    self->hub.generation_failed(start.generation_id, outcome.error(), self->now());
  self->pump();
}

}  // namespace parley::server::detail
