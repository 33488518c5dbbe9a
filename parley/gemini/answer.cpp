#include "parley/gemini/answer.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace parley::gemini {
namespace {

template <class T>
const std::vector<T>& list_of(const std::optional<std::vector<T>>& list) {
  static const std::vector<T> none;
  return list ? *list : none;
}

const Candidate* first_of(const GenerateContentResponse& response) {
  const auto& candidates = candidates_of(response);
  return candidates.empty() ? nullptr : &candidates.front();
}

}  // namespace

const std::vector<SafetyRating>& safety_ratings_of(const GenerateContentResponse& response) {
  if (response.prompt_feedback && response.prompt_feedback->safety_ratings &&
      response.prompt_feedback->block_reason)
    return *response.prompt_feedback->safety_ratings;
  const auto* first = first_of(response);
  static const std::vector<SafetyRating> none;
  return first ? list_of(first->safety_ratings) : none;
}

const std::vector<CitationSource>& citations_of(const GenerateContentResponse& response) {
  static const std::vector<CitationSource> none;
  const auto* first = first_of(response);
  if (!first || !first->citation_metadata) return none;
  const auto& metadata = *first->citation_metadata;
  return metadata.citation_sources ? *metadata.citation_sources : list_of(metadata.citations);
}

const GroundingMetadata* grounding_of(const GenerateContentResponse& response) {
  const auto* first = first_of(response);
  return first && first->grounding_metadata ? &*first->grounding_metadata : nullptr;
}

std::vector<GroundingSource> sources_of(const GroundingMetadata& grounding) {
  std::vector<GroundingSource> sources;
  for (const auto& chunk : list_of(grounding.grounding_chunks)) {
    const auto* source = chunk.web                 ? &*chunk.web
                         : chunk.retrieved_context ? &*chunk.retrieved_context
                         : chunk.maps              ? &*chunk.maps
                         : chunk.image             ? &*chunk.image
                                                   : nullptr;
    sources.push_back(source ? *source : GroundingSource());  // the indices stay right
  }
  return sources;
}

std::string text_with_sources(const GenerateContentResponse& response) {
  auto text = text_of(response);
  const auto* grounding = grounding_of(response);
  if (!grounding) return text;
  std::vector<const GroundingSupport*> supports;
  for (const auto& support : list_of(grounding->grounding_supports))
    if (support.segment && support.grounding_chunk_indices) supports.push_back(&support);
  // From the end, so that the places before stay right.
  std::ranges::stable_sort(supports, std::greater<>(), [](const GroundingSupport* support) {
    return support->segment->end_index.value_or(0);
  });
  for (const auto* support : supports) {
    const auto end = static_cast<std::size_t>(std::max(support->segment->end_index.value_or(0), 0));
    const bool inside_a_character =
        end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80;
    if (end > text.size() || inside_a_character) continue;
    std::string marks;
    for (const int index : *support->grounding_chunk_indices)
      marks += fmt::format("[{}]", std::int64_t{index} + 1);
    text.insert(end, marks);
  }
  return text;
}

std::vector<FunctionCall> calls_of(const Content& content) {
  std::vector<FunctionCall> calls;
  for (const auto& part : parts_of(content))
    if (part.function_call) calls.push_back(*part.function_call);
  return calls;
}

std::vector<FunctionCall> calls_of(const GenerateContentResponse& response) {
  const auto* first = first_of(response);
  return first && first->content ? calls_of(*first->content) : std::vector<FunctionCall>();
}

std::optional<Error> problem_of(const GenerateContentResponse& response) {
  const auto tell = [](std::string message, std::string name, std::string reason,
                       const std::optional<std::string>& words) {
    if (words && !words->empty()) message += ": " + *words;
    return Error(ErrorKind::service, std::move(message))
        .with_detail(std::move(name), std::move(reason));
  };
  if (auto reason = block_reason_of(response); !reason.empty())
    return tell(fmt::format("the prompt was blocked ({})", reason), "block_reason", reason,
                response.prompt_feedback->block_reason_message);
  const auto* first = first_of(response);
  if (!first)
    return Error(ErrorKind::invalid_response, "the service gave no answer")
        .with_stage(Stage::receive);
  const auto reason = finish_reason_of(response);
  if (reason.empty() || reason == "STOP" || reason == "MAX_TOKENS") return std::nullopt;
  return tell(fmt::format("the answer was stopped ({})", reason), "finish_reason", reason,
              first->finish_message);
}

}  // namespace parley::gemini
