#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "parley/base/event_scope.hpp"
#include "parley/gemini/client.hpp"

namespace parley::gemini::detail {

// One answer, told by "gemini.generate_start" {model, provider, method} and its end:
// "gemini.generate_stop" {model, provider, method, finish, prompt_tokens, cached_tokens,
// answer_tokens, thought_tokens, total_tokens, as far as the service tells them}, or
// "gemini.generate_exception" with the same counts of what came before. Silent without a sink.
class Generation {
 public:
  Generation() = default;
  Generation(const EventSink& sink, std::string_view model, std::string_view provider,
             std::string_view method);
  void received(const GenerateContentResponse& answer);
  void end(const Result<void>& outcome);

 private:
  void add_fields(Event& event) const;

  EventScope scope_;
  std::string model_, provider_, method_, finish_;
  std::optional<UsageMetadata> usage_;
};

// The stream, told to its end; one that is dropped before is an exception of the kind cancelled.
Stream told(Stream stream, Generation generation);

}  // namespace parley::gemini::detail
