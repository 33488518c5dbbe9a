#include <utility>

#include "parley/gemini/chat.hpp"
#include "parley/gemini/turn.hpp"

namespace parley::gemini {

struct ChatStream::State {
  explicit State(Chat& of) : chat(&of) {}

  void end(Result<void> with) {
    ended = true;
    outcome = std::move(with);
    stream.reset();
  }

  Chat* chat;
  std::vector<Content> said;  // the history with what was said since
  TurnJoiner turn;            // of the answer that is coming
  std::optional<Stream> stream;
  int round = 0;
  bool ended = false;
  Result<void> outcome;
};

ChatStream::ChatStream(std::unique_ptr<State> state) : state_(std::move(state)) {}
ChatStream::ChatStream(ChatStream&&) noexcept = default;
ChatStream& ChatStream::operator=(ChatStream&&) noexcept = default;
ChatStream::~ChatStream() = default;

ChatStream Chat::stream(Content turn) {
  auto state = std::make_unique<ChatStream::State>(*this);
  state->said = history_;
  state->said.push_back(std::move(turn));
  return ChatStream(std::move(state));
}

Task<std::optional<GenerateContentResponse>> ChatStream::next() {
  auto& state = *state_;
  while (!state.ended) {
    auto& chat = *state.chat;
    if (!state.stream) {
      GenerateContentRequest request = chat.settings_;
      request.contents = state.said;
      auto opened = co_await chat.provider_->stream(chat.model_, std::move(request));
      if (!opened) {
        state.end(fail(std::move(opened.error())));
        break;
      }
      state.stream.emplace(std::move(*opened));
    }
    if (auto piece = co_await state.stream->next()) {
      state.turn.add(*piece);
      co_return piece;
    }
    if (auto outcome = state.stream->outcome(); !outcome || state.turn.empty()) {
      state.end(std::move(outcome));  // nothing is kept of a prompt that was blocked
      break;
    }
    state.stream.reset();
    state.said.push_back(std::exchange(state.turn, TurnJoiner()).turn());
    if (!chat.can_run(state.said.back()) || chat.max_rounds_ == 0) {
      chat.history_ = std::move(state.said);
      state.end({});
    } else if (state.round++ == chat.max_rounds_) {
      state.end(fail(chat.too_many_rounds()));
    } else {
      auto results = co_await chat.run_calls(state.said.back());
      state.said.push_back(std::move(results));
    }
  }
  co_return std::nullopt;
}

Result<void> ChatStream::outcome() const {
  return state_->outcome;
}

}  // namespace parley::gemini
