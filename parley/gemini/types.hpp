#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/json/cursor.hpp"
#include "parley/json/writer.hpp"

namespace parley::gemini {

// Messages of the Gemini API (generativelanguage v1beta). Members that are not spelled out here are
// kept in `extra` and written back; enumerations are open: the service's own word is kept.

struct Blob {
  Blob() = default;
  std::string mime_type;
  std::string data;  // base64
  json::Object extra;
};
struct FileData {
  FileData() = default;
  std::string mime_type;
  std::string file_uri;
  json::Object extra;
};
struct FunctionCall {
  FunctionCall() = default;
  std::string id;  // empty where the model gives none
  std::string name;
  json::Object args;
  json::Object extra;
};
struct FunctionResponse {
  FunctionResponse() = default;
  std::string id;
  std::string name;
  json::Object response;
  json::Object extra;
};

// One piece of a turn; one of the first five is set, the rest describes it.
struct Part {
  Part() = default;
  static Part of_text(std::string_view text);

  std::optional<std::string> text;
  std::optional<Blob> inline_data;
  std::optional<FileData> file_data;
  std::optional<FunctionCall> function_call;
  std::optional<FunctionResponse> function_response;
  bool thought = false;  // a summary of the model's thoughts, not its answer
  std::optional<std::string> thought_signature;  // base64; goes back unchanged with the part
  json::Object extra;
};

struct Content {
  Content() = default;
  static Content user(std::string_view text);
  static Content model(std::string_view text);

  std::string role;  // "user" or "model"; may be empty
  std::vector<Part> parts;
  json::Object extra;
};

struct SafetyRating {
  SafetyRating() = default;
  std::string category;
  std::string probability;
  bool blocked = false;
  json::Object extra;
};

struct Candidate {
  Candidate() = default;
  std::optional<Content> content;  // may be missing or empty
  std::string finish_reason;       // "STOP", "MAX_TOKENS", "SAFETY" …; empty: not finished
  std::string finish_message;
  int index = 0;
  std::vector<SafetyRating> safety_ratings;
  json::Object extra;
};

struct PromptFeedback {
  PromptFeedback() = default;
  std::string block_reason;  // empty: the prompt was not blocked
  std::string block_reason_message;
  std::vector<SafetyRating> safety_ratings;
  json::Object extra;
};

// Token counts; in a stream the last message's are authoritative.
struct UsageMetadata {
  UsageMetadata() = default;
  int prompt_token_count = 0;      // with the cached ones
  int candidates_token_count = 0;  // without thoughts
  int thoughts_token_count = 0;
  int cached_content_token_count = 0;
  int total_token_count = 0;
  json::Object extra;
};

struct GenerateContentResponse {
  GenerateContentResponse() = default;

  // The answer's text: all text parts of the first candidate that are no thoughts.
  std::string text() const;
  // The first candidate's finish reason; empty where it has none yet.
  std::string finish_reason() const;
  bool blocked() const { return prompt_feedback && !prompt_feedback->block_reason.empty(); }
  // True where it has any member that an answer of the service has.
  bool recognised() const;

  std::vector<Candidate> candidates;
  std::optional<PromptFeedback> prompt_feedback;
  std::optional<UsageMetadata> usage_metadata;
  std::string model_version;
  std::string response_id;
  json::Object extra;
};

struct GenerationConfig {
  GenerationConfig() = default;
  std::optional<double> temperature;
  std::optional<double> top_p;
  std::optional<double> top_k;
  std::optional<int> candidate_count;
  std::optional<int> max_output_tokens;
  std::vector<std::string> stop_sequences;
  std::optional<std::string> response_mime_type;
  std::optional<json::Value> response_schema;
  std::optional<int> seed;
  json::Object extra;
};

struct GenerateContentRequest {
  GenerateContentRequest() = default;
  // One turn of the user.
  explicit GenerateContentRequest(std::string_view prompt) {
    contents.push_back(Content::user(prompt));
  }

  GenerateContentRequest& add(Content content);
  GenerateContentRequest& with_system_instruction(std::string_view text);
  GenerateContentRequest& with_config(GenerationConfig config);

  std::vector<Content> contents;
  std::optional<Content> system_instruction;
  std::optional<GenerationConfig> generation_config;
  json::Array tools;
  json::Array safety_settings;
  json::Object extra;
};

struct CountTokensResponse {
  CountTokensResponse() = default;
  int total_tokens = 0;
  int cached_content_token_count = 0;
  json::Object extra;
};

struct Model {
  Model() = default;
  std::string name;  // "models/gemini-2.5-flash"
  std::string display_name;
  std::string description;
  std::string version;
  int input_token_limit = 0;
  int output_token_limit = 0;
  std::vector<std::string> supported_generation_methods;
  json::Object extra;
};

struct ListModelsResponse {
  ListModelsResponse() = default;
  std::vector<Model> models;
  std::string next_page_token;  // empty: this was the last page
  json::Object extra;
};

void decode(json::Cursor in, Blob& out);
void decode(json::Cursor in, FileData& out);
void decode(json::Cursor in, FunctionCall& out);
void decode(json::Cursor in, FunctionResponse& out);
void decode(json::Cursor in, Part& out);
void decode(json::Cursor in, Content& out);
void decode(json::Cursor in, SafetyRating& out);
void decode(json::Cursor in, Candidate& out);
void decode(json::Cursor in, PromptFeedback& out);
void decode(json::Cursor in, UsageMetadata& out);
void decode(json::Cursor in, GenerateContentResponse& out);
void decode(json::Cursor in, GenerationConfig& out);
void decode(json::Cursor in, GenerateContentRequest& out);
void decode(json::Cursor in, CountTokensResponse& out);
void decode(json::Cursor in, Model& out);
void decode(json::Cursor in, ListModelsResponse& out);

void encode(json::Writer& out, const Blob& message);
void encode(json::Writer& out, const FileData& message);
void encode(json::Writer& out, const FunctionCall& message);
void encode(json::Writer& out, const FunctionResponse& message);
void encode(json::Writer& out, const Part& message);
void encode(json::Writer& out, const Content& message);
void encode(json::Writer& out, const SafetyRating& message);
void encode(json::Writer& out, const Candidate& message);
void encode(json::Writer& out, const PromptFeedback& message);
void encode(json::Writer& out, const UsageMetadata& message);
void encode(json::Writer& out, const GenerateContentResponse& message);
void encode(json::Writer& out, const GenerationConfig& message);
void encode(json::Writer& out, const GenerateContentRequest& message);
void encode(json::Writer& out, const CountTokensResponse& message);
void encode(json::Writer& out, const Model& message);
void encode(json::Writer& out, const ListModelsResponse& message);

}  // namespace parley::gemini
