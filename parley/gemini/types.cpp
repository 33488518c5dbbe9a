#include "parley/gemini/types.hpp"

namespace parley::gemini {
namespace {

Content content_of(std::string_view role, std::string_view text) {
  Content content;
  content.role = role;
  content.parts.emplace().push_back(text_part(text));
  return content;
}

template <class T>
const std::vector<T>& list_of(const std::optional<std::vector<T>>& list) {
  static const std::vector<T> none;
  return list ? *list : none;
}

}  // namespace

Part text_part(std::string_view text) {
  Part part;
  part.text = text;
  return part;
}

Content user_content(std::string_view text) {
  return content_of("user", text);
}
Content model_content(std::string_view text) {
  return content_of("model", text);
}

GenerateContentRequest prompt(std::string_view text) {
  GenerateContentRequest request;
  add_turn(request, user_content(text));
  return request;
}

bool is_declared(const std::optional<std::vector<Tool>>& tools, std::string_view function) {
  if (!tools) return false;
  for (const auto& tool : *tools) {
    if (!tool.function_declarations) continue;
    for (const auto& one : *tool.function_declarations)
      if (one.name == function) return true;
  }
  return false;
}

void declare_function(std::optional<std::vector<Tool>>& tools, FunctionDeclaration function) {
  if (!tools) tools.emplace();
  for (auto& tool : *tools)
    if (tool.function_declarations) {
      tool.function_declarations->push_back(std::move(function));
      return;
    }
  tools->emplace_back().function_declarations.emplace().push_back(std::move(function));
}

void add_turn(GenerateContentRequest& request, Content turn) {
  if (!request.contents) request.contents.emplace();
  request.contents->push_back(std::move(turn));
}

void set_system_instruction(GenerateContentRequest& request, std::string_view text) {
  request.system_instruction = user_content(text);
}

const std::vector<Part>& parts_of(const Content& content) {
  return list_of(content.parts);
}
const std::vector<Content>& contents_of(const GenerateContentRequest& request) {
  return list_of(request.contents);
}
const std::vector<Candidate>& candidates_of(const GenerateContentResponse& response) {
  return list_of(response.candidates);
}

std::string text_of(const GenerateContentResponse& response) {
  std::string all;
  const auto& candidates = candidates_of(response);
  if (candidates.empty() || !candidates.front().content) return all;
  for (const auto& part : parts_of(*candidates.front().content))
    if (part.text && !part.thought.value_or(false)) all += *part.text;
  return all;
}

std::string finish_reason_of(const GenerateContentResponse& response) {
  const auto& candidates = candidates_of(response);
  if (candidates.empty() || !candidates.front().finish_reason) return {};
  return std::string(candidates.front().finish_reason->wire());
}

const std::vector<CitationSource>& citations_of(const Candidate& candidate) {
  static const CitationMetadata none;
  const auto& metadata = candidate.citation_metadata ? *candidate.citation_metadata : none;
  return list_of(metadata.citation_sources ? metadata.citation_sources : metadata.citations);
}

std::string block_reason_of(const GenerateContentResponse& response) {
  const auto& feedback = response.prompt_feedback;
  return feedback && feedback->block_reason ? std::string(feedback->block_reason->wire())
                                            : std::string();
}

std::size_t approximate_size(const GenerateContentResponse& response) {
  std::size_t size = sizeof(GenerateContentResponse);
  for (const auto& candidate : candidates_of(response)) {
    size += sizeof(Candidate);
    if (!candidate.content) continue;
    for (const auto& part : parts_of(*candidate.content)) {
      size += sizeof(Part) + part.text.value_or("").size();
      if (part.inline_data && part.inline_data->data) size += part.inline_data->data->size();
    }
  }
  return size;
}

bool is_recognised(const GenerateContentResponse& response) {
  return response.candidates || response.prompt_feedback || response.usage_metadata ||
         response.model_version || response.response_id;
}

}  // namespace parley::gemini
