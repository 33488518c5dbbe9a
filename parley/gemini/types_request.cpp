// Messages that a client sends (contents are also in answers).
#include "parley/gemini/detail/fields.hpp"
#include "parley/gemini/types.hpp"

namespace parley::gemini {

using detail::is;
using detail::read_list;
using detail::read_set;
using detail::write_set;

void decode(json::Cursor in, Blob& out) {
  in.each_field([&out](std::string_view key, json::Cursor value) {
    if (is(key, "mimeType"))
      read_set(value, out.mime_type);
    else if (is(key, "data"))
      read_set(value, out.data);
    else
      value.read(out.extra[key]);
  });
}

void decode(json::Cursor in, FileData& out) {
  in.each_field([&out](std::string_view key, json::Cursor value) {
    if (is(key, "mimeType"))
      read_set(value, out.mime_type);
    else if (is(key, "fileUri"))
      read_set(value, out.file_uri);
    else
      value.read(out.extra[key]);
  });
}

void decode(json::Cursor in, FunctionCall& out) {
  in.each_field([&out](std::string_view key, json::Cursor value) {
    if (is(key, "id"))
      read_set(value, out.id);
    else if (is(key, "name"))
      read_set(value, out.name);
    else if (is(key, "args"))
      read_set(value, out.args);
    else
      value.read(out.extra[key]);
  });
}

void decode(json::Cursor in, FunctionResponse& out) {
  in.each_field([&out](std::string_view key, json::Cursor value) {
    if (is(key, "id"))
      read_set(value, out.id);
    else if (is(key, "name"))
      read_set(value, out.name);
    else if (is(key, "response"))
      read_set(value, out.response);
    else
      value.read(out.extra[key]);
  });
}

void decode(json::Cursor in, Part& out) {
  in.each_field([&out](std::string_view key, json::Cursor value) {
    if (is(key, "text"))
      value.read(out.text);
    else if (is(key, "inlineData"))
      value.read(out.inline_data);
    else if (is(key, "fileData"))
      value.read(out.file_data);
    else if (is(key, "functionCall"))
      value.read(out.function_call);
    else if (is(key, "functionResponse"))
      value.read(out.function_response);
    else if (is(key, "thought"))
      read_set(value, out.thought);
    else if (is(key, "thoughtSignature"))
      value.read(out.thought_signature);
    else
      value.read(out.extra[key]);
  });
}

void decode(json::Cursor in, Content& out) {
  in.each_field([&out](std::string_view key, json::Cursor value) {
    if (is(key, "parts"))
      read_set(value, out.parts);
    else if (is(key, "role"))
      read_set(value, out.role);
    else
      value.read(out.extra[key]);
  });
}

void decode(json::Cursor in, GenerationConfig& out) {
  in.each_field([&out](std::string_view key, json::Cursor value) {
    if (is(key, "temperature"))
      value.read(out.temperature);
    else if (is(key, "topP"))
      value.read(out.top_p);
    else if (is(key, "topK"))
      value.read(out.top_k);
    else if (is(key, "candidateCount"))
      value.read(out.candidate_count);
    else if (is(key, "maxOutputTokens"))
      value.read(out.max_output_tokens);
    else if (is(key, "stopSequences"))
      read_set(value, out.stop_sequences);
    else if (is(key, "responseMimeType"))
      value.read(out.response_mime_type);
    else if (is(key, "responseSchema"))
      value.read(out.response_schema);
    else if (is(key, "seed"))
      value.read(out.seed);
    else
      value.read(out.extra[key]);
  });
}

void decode(json::Cursor in, GenerateContentRequest& out) {
  in.each_field([&out](std::string_view key, json::Cursor value) {
    if (is(key, "contents"))
      read_set(value, out.contents);
    else if (is(key, "systemInstruction"))
      value.read(out.system_instruction);
    else if (is(key, "tools"))
      read_list(value, out.tools);
    else if (is(key, "safetySettings"))
      read_list(value, out.safety_settings);
    else if (is(key, "generationConfig"))
      value.read(out.generation_config);
    else
      value.read(out.extra[key]);
  });
}

void encode(json::Writer& out, const Blob& message) {
  out.begin_object();
  write_set(out, "mimeType", message.mime_type);
  write_set(out, "data", message.data);
  out.fields(message.extra).end_object();
}

void encode(json::Writer& out, const FileData& message) {
  out.begin_object();
  write_set(out, "mimeType", message.mime_type);
  write_set(out, "fileUri", message.file_uri);
  out.fields(message.extra).end_object();
}

void encode(json::Writer& out, const FunctionCall& message) {
  out.begin_object();
  write_set(out, "id", message.id);
  write_set(out, "name", message.name);
  write_set(out, "args", message.args);
  out.fields(message.extra).end_object();
}

void encode(json::Writer& out, const FunctionResponse& message) {
  out.begin_object();
  write_set(out, "id", message.id);
  write_set(out, "name", message.name);
  write_set(out, "response", message.response);
  out.fields(message.extra).end_object();
}

void encode(json::Writer& out, const Part& message) {
  out.begin_object();
  out.field("text", message.text);
  out.field("inlineData", message.inline_data);
  out.field("fileData", message.file_data);
  out.field("functionCall", message.function_call);
  out.field("functionResponse", message.function_response);
  write_set(out, "thought", message.thought);
  out.field("thoughtSignature", message.thought_signature);
  out.fields(message.extra).end_object();
}

void encode(json::Writer& out, const Content& message) {
  out.begin_object();
  write_set(out, "parts", message.parts);
  write_set(out, "role", message.role);
  out.fields(message.extra).end_object();
}

void encode(json::Writer& out, const GenerationConfig& message) {
  out.begin_object();
  out.field("temperature", message.temperature);
  out.field("topP", message.top_p);
  out.field("topK", message.top_k);
  out.field("candidateCount", message.candidate_count);
  out.field("maxOutputTokens", message.max_output_tokens);
  write_set(out, "stopSequences", message.stop_sequences);
  out.field("responseMimeType", message.response_mime_type);
  out.field("responseSchema", message.response_schema);
  out.field("seed", message.seed);
  out.fields(message.extra).end_object();
}

void encode(json::Writer& out, const GenerateContentRequest& message) {
  out.begin_object();
  write_set(out, "contents", message.contents);
  out.field("systemInstruction", message.system_instruction);
  write_set(out, "tools", message.tools);
  write_set(out, "safetySettings", message.safety_settings);
  out.field("generationConfig", message.generation_config);
  out.fields(message.extra).end_object();
}

}  // namespace parley::gemini
