#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/base/error.hpp"
#include "parley/gemini/types.hpp"

// What an answer says about itself: why it ended, how safe it is, what it is based on. All of it is
// about the first candidate.
namespace parley::gemini {

// Of the prompt where it was blocked, else of the answer; empty where the service rated nothing
// (it does so seldom since 2.0).
const std::vector<SafetyRating>& safety_ratings_of(const GenerateContentResponse& response);
// Texts that the answer repeats, under either name: citationSources (Developer API), citations
// (Vertex AI). Places are bytes of UTF-8; a missing startIndex is 0.
const std::vector<CitationSource>& citations_of(const GenerateContentResponse& response);
// What a search found and where the answer uses it; null: nothing was looked up.
const GroundingMetadata* grounding_of(const GenerateContentResponse& response);
// The pages, places and documents of the grounding, in their order; GroundingSupport refers to
// them by their index.
std::vector<GroundingSource> sources_of(const GroundingMetadata& grounding);
// The answer's text with "[1]" behind each part that a source supports, sources counted from 1.
std::string text_with_sources(const GenerateContentResponse& response);

// The function calls of the answer, in their order.
std::vector<FunctionCall> calls_of(const GenerateContentResponse& response);
std::vector<FunctionCall> calls_of(const Content& content);

// Why there is nothing to use, or less than was asked for: the prompt was blocked, the answer was
// stopped (any finish reason but STOP and MAX_TOKENS), there is no answer. Empty: all is well. Kind
// `service`, with details "block_reason" or "finish_reason" and the service's words.
std::optional<Error> problem_of(const GenerateContentResponse& response);

}  // namespace parley::gemini
