#include "parley/api/transport.hpp"

namespace parley::api {

struct EventStream::State {
  State(CallStream body, std::size_t max_event)
      : stream(std::move(body)), limit(max_event), decoder(max_event) {}
  CallStream stream;
  std::size_t limit;
  http::SseDecoder decoder;
  bool shown = false;  // an event was given: nothing begins again behind it
  bool ended = false;
  Result<void> outcome;

  // True: a new answer is read. Else the outcome says why not.
  Task<bool> begin_again(Error why) {
    auto begun = co_await stream.begin_again(std::move(why));
    if (begun) {
      decoder = http::SseDecoder(limit);
      outcome = {};
      ended = false;
    } else {
      outcome = fail(std::move(begun.error()));
    }
    co_return begun.has_value();
  }
};

EventStream::EventStream(CallStream stream, std::size_t max_event)
    : state_(std::make_unique<State>(std::move(stream), max_event)) {}
EventStream::EventStream(EventStream&&) noexcept = default;
EventStream& EventStream::operator=(EventStream&&) noexcept = default;
EventStream::~EventStream() = default;

const http::Response& EventStream::head() const {
  return state_->stream.head();
}
Result<void> EventStream::outcome() const {
  return state_->outcome;
}
const std::string& EventStream::foreign_text() const {
  return state_->decoder.foreign_text();
}

bool EventStream::delimited() const {
  const auto& headers = head().headers;
  return headers.find("Content-Length") || headers.find("Transfer-Encoding");
}

Task<std::optional<http::SseEvent>> EventStream::next() {
  auto& state = *state_;
  for (;;) {
    if (auto event = state.decoder.poll_event()) {
      state.stream.saw(event->data);
      auto wrong = state.shown ? std::nullopt : state.stream.error_in(event->data);
      // What is no content may be tried again; where it may not, the event tells it.
      bool again = false;
      if (wrong) again = co_await state.begin_again(std::move(*wrong));
      if (again) continue;
      state.shown = true;
      co_return event;
    }
    if (state.ended) co_return std::nullopt;
    auto piece = co_await state.stream.next();
    if (piece) {
      state.outcome = state.decoder.receive(*piece);
      state.ended = !state.outcome;
      continue;
    }
    state.outcome = state.stream.outcome();
    if (state.outcome) state.outcome = state.decoder.finish();
    state.ended = true;
    if (state.outcome || state.shown) continue;
    auto why = state.outcome.error();
    (void)co_await state.begin_again(std::move(why));
  }
}

Task<Result<std::string>> EventStream::read_all() {
  return state_->stream.read_all();
}

const CallReport& EventStream::report() const {
  return state_->stream.report();
}

}  // namespace parley::api
