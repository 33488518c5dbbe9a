#include "parley/gemini/detail/live_turn.hpp"

#include <fmt/format.h>

namespace parley::gemini {

std::uint64_t LiveTurns::Session::begin_turn() {
  if (answering) ++stale;
  answering = true;
  return ++turn;
}

namespace detail {
namespace {

bool has(std::string_view text, std::string_view word) {
  return text.find(word) != std::string_view::npos;
}

// The finish reason that stands for a turnCompleteReason.
FinishReason reason_of(std::string_view reason) {
  if (reason.empty() || has(reason, "NEED_MORE_INPUT")) return FinishReason::stop;
  if (has(reason, "MALFORMED_FUNCTION_CALL")) return FinishReason::malformed_function_call;
  if (has(reason, "BLOCKLIST")) return FinishReason::blocklist;
  if (has(reason, "SAFETY") || has(reason, "UNSAFE")) return FinishReason::safety;
  if (has(reason, "PROHIBITED")) return FinishReason::prohibited_content;
  return FinishReason::other;
}

UsageMetadata metadata_of(const Usage& usage) {
  const auto count = [](std::int64_t number) -> std::optional<std::int32_t> {
    if (number == 0) return std::nullopt;
    return static_cast<std::int32_t>(number);
  };
  UsageMetadata out;
  out.prompt_token_count = static_cast<std::int32_t>(usage.prompt);
  out.candidates_token_count = static_cast<std::int32_t>(usage.answer);
  out.total_token_count = static_cast<std::int32_t>(usage.total);
  out.cached_content_token_count = count(usage.cached);
  out.thoughts_token_count = count(usage.thoughts);
  out.tool_use_prompt_token_count = count(usage.tool_use);
  return out;
}

Candidate& candidate_of(GenerateContentResponse& message) {
  return message.candidates->front();
}

void add_part(GenerateContentResponse& message, Part part) {
  auto& content = candidate_of(message).content;
  if (!content) {
    content.emplace();
    content->role = "model";
    content->parts.emplace();
  }
  content->parts->push_back(std::move(part));
}

}  // namespace

// Turns one event into a message; what says nothing to a reader of HTTP gives none.
struct LiveTurn::Reader {
  LiveTurn& turn;
  std::optional<GenerateContentResponse> out;

  GenerateContentResponse& message() {
    if (!out) out = turn.message();
    return *out;
  }
  void text(std::string words, bool thought) {
    Part part = text_part(words);
    if (thought) part.thought = true;
    add_part(message(), std::move(part));
  }
  bool speaks() const {
    const auto& settings = turn.session_->setup.generation_config;
    return settings->response_modalities->front() == Modality::audio;
  }
  void finish(FinishReason reason, std::string words = {}) {
    turn.finished_ = true;
    candidate_of(message()).finish_reason = reason;
    if (!words.empty()) candidate_of(message()).finish_message = std::move(words);
  }
  // Vertex AI closes the turn of the calls by itself, also behind their results; the answer is a
  // turn of its own.
  bool is_of_the_calls() const {
    const bool vertex = turn.session_->setup.model.find("publishers/") != std::string::npos;
    return vertex && turn.kind_ == TurnKind::after_calls && !turn.said_ && !out;
  }
  bool is_at_the_limit() const {
    const auto& most = turn.session_->setup.generation_config->max_output_tokens;
    return most && turn.usage_ && turn.usage_->answer + turn.usage_->thoughts >= *most;
  }

  void operator()(LiveText& said) { text(std::move(said.text), said.thought); }
  void operator()(LiveTranscript& said) {
    if (!said.of_user && !said.text.empty()) text(std::move(said.text), false);
  }
  void operator()(LiveAudio& audio) {
    Part part;
    auto& blob = part.inline_data.emplace();
    blob.mime_type = fmt::format("audio/pcm;rate={}", audio.rate);
    blob.data = std::move(audio.pcm);
    add_part(message(), std::move(part));
  }
  void operator()(LivePart& other) { add_part(message(), std::move(other.part)); }
  void operator()(LiveGrounding& grounding) {
    candidate_of(message()).grounding_metadata = std::move(grounding.metadata);
  }
  // The model waits for the results: this answer ends here.
  void operator()(LiveToolCalls& calls) {
    for (auto& call : calls.calls) {
      Part part;
      part.function_call = std::move(call);
      add_part(message(), std::move(part));
    }
    finish(FinishReason::stop);
    if (turn.usage_) message().usage_metadata = metadata_of(*turn.usage_);
    turn.end({});
  }
  void operator()(LiveUsage& usage) { turn.usage_ = usage.usage; }
  // The service holds the end of a spoken turn back until it thinks that it was heard.
  void operator()(LiveGenerationComplete&) {
    if (speaks() && !is_of_the_calls()) finish(FinishReason::stop);
  }
  void operator()(LiveInterrupted&) {
    turn.end(
        fail(Error(ErrorKind::cancelled, "the answer was interrupted").with_stage(Stage::receive)));
    turn.session_->answering = true;  // its turnComplete follows
  }
  void operator()(LiveTurnComplete& complete) {
    if (is_of_the_calls()) return;
    const auto reason = reason_of(complete.reason);
    if (is_at_the_limit())
      finish(FinishReason::max_tokens);
    else if (!turn.finished_ || !complete.reason.empty())
      finish(reason, complete.reason);
    if (turn.usage_) message().usage_metadata = metadata_of(*turn.usage_);
    turn.end({});
  }
  template <class Other>
  void operator()(Other&) {}
};

LiveTurn::LiveTurn(std::shared_ptr<LiveTurns::Session> session, TurnKind kind)
    : session_(std::move(session)), report_(session_->report), turn_(session_->turn), kind_(kind) {}

LiveTurn::~LiveTurn() = default;

GenerateContentResponse LiveTurn::message() const {
  GenerateContentResponse message;
  message.candidates.emplace().emplace_back().index = 0;
  const std::string_view model = session_->setup.model;
  message.model_version = std::string(model.substr(model.rfind('/') + 1));
  return message;
}

void LiveTurn::end(Result<void> outcome) {
  ended_ = true;
  outcome_ = std::move(outcome);
  session_->answering = false;
}

std::optional<GenerateContentResponse> LiveTurn::take(LiveEvent event) {
  Reader reader{*this, std::nullopt};
  std::visit(reader, event);
  said_ = said_ || reader.out;
  return std::move(reader.out);
}

Task<std::optional<GenerateContentResponse>> LiveTurn::next() {
  while (!ended_) {
    const auto session = session_;
    if (turn_ != session->turn) {
      ended_ = true;
      outcome_ = fail(ErrorKind::cancelled, "another turn was begun");
      break;
    }
    auto event = co_await session->live.next();
    if (!event) {
      const auto why = session->live.outcome();
      end(why ? Result<void>(fail(Error(ErrorKind::disconnected,
                                        "the session ended before the answer was finished")
                                      .with_stage(Stage::receive)))
              : why);
      break;
    }
    // Events of answers that were broken off come first.
    if (session->stale > 0) {
      if (std::holds_alternative<LiveTurnComplete>(*event)) --session->stale;
      continue;
    }
    auto message = take(std::move(*event));
    if (ended_ && kind_ == TurnKind::alone) (void)co_await session->live.close();
    if (message) co_return message;
  }
  co_return std::nullopt;
}

}  // namespace detail
}  // namespace parley::gemini
