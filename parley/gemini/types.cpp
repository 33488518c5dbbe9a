#include "parley/gemini/types.hpp"

namespace parley::gemini {
namespace {
Content content_of(std::string_view role, std::string_view text) {
  Content content;
  content.role = role;
  content.parts.push_back(Part::of_text(text));
  return content;
}
}  // namespace

Part Part::of_text(std::string_view text) {
  Part part;
  part.text = text;
  return part;
}

Content Content::user(std::string_view text) {
  return content_of("user", text);
}
Content Content::model(std::string_view text) {
  return content_of("model", text);
}

std::string GenerateContentResponse::text() const {
  std::string all;
  if (candidates.empty() || !candidates.front().content) return all;
  for (const auto& part : candidates.front().content->parts)
    if (part.text && !part.thought) all += *part.text;
  return all;
}

std::string GenerateContentResponse::finish_reason() const {
  return candidates.empty() ? std::string() : candidates.front().finish_reason;
}

bool GenerateContentResponse::recognised() const {
  return !candidates.empty() || prompt_feedback || usage_metadata || !model_version.empty() ||
         !response_id.empty();
}

GenerateContentRequest& GenerateContentRequest::add(Content content) {
  contents.push_back(std::move(content));
  return *this;
}

GenerateContentRequest& GenerateContentRequest::with_system_instruction(std::string_view text) {
  system_instruction = content_of("user", text);
  return *this;
}

GenerateContentRequest& GenerateContentRequest::with_config(GenerationConfig config) {
  generation_config = std::move(config);
  return *this;
}

}  // namespace parley::gemini
