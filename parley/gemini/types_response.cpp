// Messages that the service sends.
#include "parley/gemini/detail/fields.hpp"
#include "parley/gemini/types.hpp"

namespace parley::gemini {

using detail::is;
using detail::read_set;
using detail::write_set;

void decode(json::Cursor in, SafetyRating& out) {
  in.each_field([&out](std::string_view key, json::Cursor value) {
    if (is(key, "category"))
      read_set(value, out.category);
    else if (is(key, "probability"))
      read_set(value, out.probability);
    else if (is(key, "blocked"))
      read_set(value, out.blocked);
    else
      value.read(out.extra[key]);
  });
}

void decode(json::Cursor in, Candidate& out) {
  in.each_field([&out](std::string_view key, json::Cursor value) {
    if (is(key, "content"))
      value.read(out.content);
    else if (is(key, "finishReason"))
      read_set(value, out.finish_reason);
    else if (is(key, "finishMessage"))
      read_set(value, out.finish_message);
    else if (is(key, "index"))
      read_set(value, out.index);
    else if (is(key, "safetyRatings"))
      read_set(value, out.safety_ratings);
    else
      value.read(out.extra[key]);
  });
}

void decode(json::Cursor in, PromptFeedback& out) {
  in.each_field([&out](std::string_view key, json::Cursor value) {
    if (is(key, "blockReason"))
      read_set(value, out.block_reason);
    else if (is(key, "blockReasonMessage"))
      read_set(value, out.block_reason_message);
    else if (is(key, "safetyRatings"))
      read_set(value, out.safety_ratings);
    else
      value.read(out.extra[key]);
  });
}

void decode(json::Cursor in, UsageMetadata& out) {
  in.each_field([&out](std::string_view key, json::Cursor value) {
    if (is(key, "promptTokenCount"))
      read_set(value, out.prompt_token_count);
    else if (is(key, "candidatesTokenCount"))
      read_set(value, out.candidates_token_count);
    else if (is(key, "thoughtsTokenCount"))
      read_set(value, out.thoughts_token_count);
    else if (is(key, "cachedContentTokenCount"))
      read_set(value, out.cached_content_token_count);
    else if (is(key, "totalTokenCount"))
      read_set(value, out.total_token_count);
    else
      value.read(out.extra[key]);
  });
}

void decode(json::Cursor in, GenerateContentResponse& out) {
  in.each_field([&out](std::string_view key, json::Cursor value) {
    if (is(key, "candidates"))
      read_set(value, out.candidates);
    else if (is(key, "promptFeedback"))
      value.read(out.prompt_feedback);
    else if (is(key, "usageMetadata"))
      value.read(out.usage_metadata);
    else if (is(key, "modelVersion"))
      read_set(value, out.model_version);
    else if (is(key, "responseId"))
      read_set(value, out.response_id);
    else
      value.read(out.extra[key]);
  });
}

void decode(json::Cursor in, CountTokensResponse& out) {
  in.each_field([&out](std::string_view key, json::Cursor value) {
    if (is(key, "totalTokens"))
      read_set(value, out.total_tokens);
    else if (is(key, "cachedContentTokenCount"))
      read_set(value, out.cached_content_token_count);
    else
      value.read(out.extra[key]);
  });
}

void decode(json::Cursor in, Model& out) {
  in.each_field([&out](std::string_view key, json::Cursor value) {
    if (is(key, "name"))
      read_set(value, out.name);
    else if (is(key, "version"))
      read_set(value, out.version);
    else if (is(key, "displayName"))
      read_set(value, out.display_name);
    else if (is(key, "description"))
      read_set(value, out.description);
    else if (is(key, "inputTokenLimit"))
      read_set(value, out.input_token_limit);
    else if (is(key, "outputTokenLimit"))
      read_set(value, out.output_token_limit);
    else if (is(key, "supportedGenerationMethods"))
      read_set(value, out.supported_generation_methods);
    else
      value.read(out.extra[key]);
  });
}

void decode(json::Cursor in, ListModelsResponse& out) {
  in.each_field([&out](std::string_view key, json::Cursor value) {
    if (is(key, "models"))
      read_set(value, out.models);
    else if (is(key, "nextPageToken"))
      read_set(value, out.next_page_token);
    else
      value.read(out.extra[key]);
  });
}

void encode(json::Writer& out, const SafetyRating& message) {
  out.begin_object();
  write_set(out, "category", message.category);
  write_set(out, "probability", message.probability);
  write_set(out, "blocked", message.blocked);
  out.fields(message.extra).end_object();
}

void encode(json::Writer& out, const Candidate& message) {
  out.begin_object();
  out.field("content", message.content);
  write_set(out, "finishReason", message.finish_reason);
  write_set(out, "finishMessage", message.finish_message);
  out.field("index", message.index);
  write_set(out, "safetyRatings", message.safety_ratings);
  out.fields(message.extra).end_object();
}

void encode(json::Writer& out, const PromptFeedback& message) {
  out.begin_object();
  write_set(out, "blockReason", message.block_reason);
  write_set(out, "blockReasonMessage", message.block_reason_message);
  write_set(out, "safetyRatings", message.safety_ratings);
  out.fields(message.extra).end_object();
}

void encode(json::Writer& out, const UsageMetadata& message) {
  out.begin_object();
  write_set(out, "promptTokenCount", message.prompt_token_count);
  write_set(out, "candidatesTokenCount", message.candidates_token_count);
  write_set(out, "thoughtsTokenCount", message.thoughts_token_count);
  write_set(out, "cachedContentTokenCount", message.cached_content_token_count);
  write_set(out, "totalTokenCount", message.total_token_count);
  out.fields(message.extra).end_object();
}

void encode(json::Writer& out, const GenerateContentResponse& message) {
  out.begin_object();
  write_set(out, "candidates", message.candidates);
  out.field("promptFeedback", message.prompt_feedback);
  out.field("usageMetadata", message.usage_metadata);
  write_set(out, "modelVersion", message.model_version);
  write_set(out, "responseId", message.response_id);
  out.fields(message.extra).end_object();
}

void encode(json::Writer& out, const CountTokensResponse& message) {
  out.begin_object();
  write_set(out, "totalTokens", message.total_tokens);
  write_set(out, "cachedContentTokenCount", message.cached_content_token_count);
  out.fields(message.extra).end_object();
}

void encode(json::Writer& out, const Model& message) {
  out.begin_object();
  write_set(out, "name", message.name);
  write_set(out, "version", message.version);
  write_set(out, "displayName", message.display_name);
  write_set(out, "description", message.description);
  write_set(out, "inputTokenLimit", message.input_token_limit);
  write_set(out, "outputTokenLimit", message.output_token_limit);
  write_set(out, "supportedGenerationMethods", message.supported_generation_methods);
  out.fields(message.extra).end_object();
}

void encode(json::Writer& out, const ListModelsResponse& message) {
  out.begin_object();
  write_set(out, "models", message.models);
  write_set(out, "nextPageToken", message.next_page_token);
  out.fields(message.extra).end_object();
}

}  // namespace parley::gemini
