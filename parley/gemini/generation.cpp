#include "parley/gemini/detail/generation.hpp"

#include <memory>
#include <utility>

#include "parley/gemini/detail/stream_source.hpp"

namespace parley::gemini::detail {
namespace {

class ToldSource final : public StreamSource {
 public:
  ToldSource(Stream stream, Generation generation)
      : stream_(std::move(stream)), generation_(std::move(generation)) {}

  Task<std::optional<GenerateContentResponse>> next() override {
    auto answer = co_await stream_.next();
    if (answer)
      generation_.received(*answer);
    else
      generation_.end(stream_.outcome());
    co_return answer;
  }
  Result<void> outcome() const override { return stream_.outcome(); }
  ServedBy served_by() const override { return stream_.served_by(); }
  const api::CallReport& report() const override { return stream_.report(); }

 private:
  Stream stream_;
  Generation generation_;
};

}  // namespace

Generation::Generation(const EventSink& sink, std::string_view model, std::string_view provider,
                       std::string_view method)
    : scope_(EventScope::begin(sink, "gemini.generate",
                               [&](Event& event) {
                                 event.with("model", std::string(model));
                                 event.with("provider", std::string(provider));
                                 event.with("method", std::string(method));
                               })),
      model_(scope_.open() ? model : ""),
      provider_(scope_.open() ? provider : ""),
      method_(scope_.open() ? method : "") {}

void Generation::received(const GenerateContentResponse& answer) {
  if (!scope_.open()) return;
  if (answer.usage_metadata) usage_ = answer.usage_metadata;
  if (auto finish = finish_reason_of(answer); !finish.empty()) finish_ = std::move(finish);
  if (auto block = block_reason_of(answer); !block.empty()) finish_ = std::move(block);
}

void Generation::end(const Result<void>& outcome) {
  const auto fill = [this](Event& event) { add_fields(event); };
  if (outcome)
    scope_.stop(fill);
  else
    scope_.fail_with(outcome.error(), fill);
}

void Generation::add_fields(Event& event) const {
  event.with("model", model_);
  event.with("provider", provider_);
  event.with("method", method_);
  if (!finish_.empty()) event.with("finish", finish_);
  if (!usage_) return;
  const std::pair<std::string_view, std::optional<std::int32_t>> counts[] = {
      {"prompt_tokens", usage_->prompt_token_count},
      {"cached_tokens", usage_->cached_content_token_count},
      {"answer_tokens", usage_->candidates_token_count},
      {"thought_tokens", usage_->thoughts_token_count},
      {"total_tokens", usage_->total_token_count}};
  for (const auto& [name, count] : counts)
    if (count) event.with(name, std::to_string(*count));
}

Stream told(Stream stream, Generation generation) {
  return Stream(std::make_unique<ToldSource>(std::move(stream), std::move(generation)));
}

}  // namespace parley::gemini::detail
