#include "parley/emulator/live/detail/vertex_dialect.hpp"

#include <utility>

namespace parley::emulator::detail {
namespace {

constexpr std::string_view kSessionId = "6f1d9c4e-5b0a-4f6b-9a3e-2f6d1c7b8a90";

void rename(json::Object& object, std::string_view from, std::string_view to) {
  if (auto* value = object.if_contains(from)) {
    json::Value moved = std::move(*value);
    object.erase(from);
    object[to] = std::move(moved);
  }
}

json::Object* object_in(json::Object& object, std::string_view name) {
  auto* value = object.if_contains(name);
  return value ? value->if_object() : nullptr;
}

void change_usage(json::Object& usage) {
  rename(usage, "responseTokenCount", "candidatesTokenCount");
  rename(usage, "responseTokensDetails", "candidatesTokensDetails");
  usage["trafficType"] = "ON_DEMAND";
}

std::string content(std::string_view name, json::Value value) {
  json::Object inner;
  inner[name] = std::move(value);
  return json::to_string(json::Object{{"serverContent", std::move(inner)}});
}

}  // namespace

void VertexDialect::change_content(json::Object& content) {
  if (auto* turn = object_in(content, "modelTurn")) {
    (*turn)["role"] = "model";
    if (auto* parts = turn->if_contains("parts"); parts && parts->is_array())
      for (auto& part : parts->get_array())
        if (auto* blob = part.is_object() ? object_in(part.get_object(), "inlineData") : nullptr)
          if (const auto* type = blob->if_contains("mimeType");
              type && type->is_string() && type->get_string().starts_with("audio/pcm"))
            (*blob)["mimeType"] = "audio/pcm";
  }
  if (content.contains("turnComplete")) content["groundingMetadata"] = json::Object();
}

void VertexDialect::change(json::Object& message) {
  if (auto* complete = object_in(message, "setupComplete")) (*complete)["sessionId"] = kSessionId;
  if (auto* usage = object_in(message, "usageMetadata")) change_usage(*usage);
  if (auto* content = object_in(message, "serverContent")) change_content(*content);
}

std::vector<std::string> VertexDialect::say(std::string_view compact) {
  auto parsed = json::parse(compact, json::trusted_limits());
  if (!parsed || !parsed->is_object()) return {std::string(compact)};
  auto& message = parsed->get_object();
  change(message);
  std::vector<std::string> out;
  const json::Object* said = object_in(message, "serverContent");
  if (said && said->contains("outputTranscription") && !std::exchange(transcribing_, true))
    out.push_back(content("outputTranscription", json::Object()));
  const bool ends = said && (said->contains("generationComplete") ||
                             said->contains("interrupted") || said->contains("turnComplete"));
  if (ends && std::exchange(transcribing_, false))
    out.push_back(content("outputTranscription", json::Object{{"finished", true}}));
  out.push_back(json::to_string(*parsed));
  if (said && said->contains("inputTranscription"))
    out.push_back(content("inputTranscription", json::Object{{"finished", true}}));
  if (message.contains("toolCall")) {
    out.push_back(content("generationComplete", true));
    out.push_back(json::to_string(
        json::Object{{"serverContent",
                      json::Object{{"turnComplete", true}, {"groundingMetadata", json::Object()}}},
                     {"usageMetadata", json::Object{{"trafficType", "ON_DEMAND"}}}}));
  }
  return out;
}

}  // namespace parley::emulator::detail
