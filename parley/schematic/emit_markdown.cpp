#include <fmt/format.h>

#include "parley/schematic/detail/cpp_text.hpp"
#include "parley/schematic/emit.hpp"

namespace parley::schematic {

using detail::Code;

namespace {

std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

void emit_params(Code& code, const std::vector<PlannedParam>& params) {
  if (params.empty()) return;
  code.blank().line("| parameter | in | type | | |").line("| --- | --- | --- | --- | --- |");
  for (const auto& one : params) {
    const auto& param = *one.param;
    const auto facts = detail::facts(param.default_value, param.min, param.max);
    code.line("| `{}` | {} | `{}` | {}{}{} | {} |", param.name, to_string(param.location),
              cell(to_string(param.param_type)), param.required ? "required" : "",
              param.required && !facts.empty() ? "; " : "", cell(facts), cell(param.description));
  }
}

void emit_messages(Code& code, std::string_view title,
                   const std::vector<PlannedMessage>& messages) {
  if (messages.empty()) return;
  constexpr std::string_view roles[] = {"first", "", "last"};
  code.blank().line("| {} | type | | |", title).line("| --- | --- | --- | --- |");
  for (const auto& one : messages) {
    std::string notes(roles[static_cast<std::size_t>(one.role)]);
    const auto add = [&notes](std::string_view note) {
      notes += (notes.empty() ? "" : ", ") + std::string(note);
    };
    if (one.message->terminal) add("ends the stream");
    if (one.message->fatal) add("ends the session");
    if (!one.message->repeatable) add("once");
    if (one.message->frame == Frame::binary) add("binary");
    code.line("| {} | `{}` | {} | {} |", one.message->id, cell(to_string(one.message->schema)),
              notes, cell(one.message->description));
  }
}

// The lifecycle as a Mermaid sequence diagram.
void emit_sequence(Code& code, const PlannedEndpoint& endpoint) {
  const auto& cycle = endpoint.endpoint->lifecycle;
  code.blank().line("```mermaid").line("sequenceDiagram").line("  participant C as client");
  code.line("  participant S as server").line("  C->>S: connect {}", endpoint.endpoint->path);
  if (!cycle.greeting.empty()) code.line("  S->>C: {}", cycle.greeting);
  if (cycle.initialize) code.line("  C->>S: {}", cycle.initialize->id);
  if (!cycle.ready_after.empty()) code.line("  S->>C: {}", cycle.ready_after);
  code.line("  loop streaming");
  for (const auto& message : cycle.streaming_messages) code.line("    C->>S: {}", message.id);
  for (const auto& message : cycle.server_messages)
    if (!message.terminal && message.id != cycle.greeting && message.id != cycle.ready_after)
      code.line("    S->>C: {}", message.id);
  code.line("  end");
  if (cycle.close) code.line("  C->>S: {}", cycle.close->id);
  for (const auto& message : cycle.server_messages)
    if (message.terminal) code.line("  S->>C: {}", message.id);
  code.line("```");
}

void emit_type(Code& code, const PlannedType& type) {
  const auto& definition = *type.definition;
  code.blank().line("### {}", definition.name);
  if (!definition.description.empty()) code.blank().line("{}", definition.description);
  code.blank();
  switch (definition.kind) {
    case TypeDefinition::Kind::structure:
      if (type.fields.empty()) {
        code.line("No members.");
        break;
      }
      code.line("| member | type | | |").line("| --- | --- | --- | --- |");
      for (const auto& field : type.fields)
        code.line(
            "| `{}` | `{}` | {}{} | {} |", field.field->wire, cell(to_string(field.field->type)),
            field.field->optional ? "optional" : "required",
            [&] {
              const auto facts =
                  detail::facts(field.field->default_value, field.field->min, field.field->max);
              return facts.empty() ? std::string() : "; " + cell(facts);
            }(),
            cell(field.field->description));
      break;
    case TypeDefinition::Kind::enumeration:
      for (const auto& value : definition.values)
        code.line("- `{}`{}{}", value.wire, value.description.empty() ? "" : ": ",
                  value.description);
      if (definition.open) code.line("- or another text");
      break;
    case TypeDefinition::Kind::alternatives:
      for (const auto& one : definition.alternatives) code.line("- `{}`", to_string(one.type));
      break;
    case TypeDefinition::Kind::alias:
      code.line("`{}`", to_string(definition.target));
      break;
  }
}

}  // namespace

OutputFile emit_markdown(const Plan& plan) {
  const auto& definition = *plan.definition;
  Code code;
  code.line("# {}", definition.name).blank();
  if (!definition.description.empty()) code.line("{}", definition.description).blank();
  if (!definition.docs_url.empty()) code.line("<{}>", definition.docs_url).blank();
  if (!definition.env_auth.empty()) {
    std::string names;
    for (const auto& name : definition.env_auth)
      names += fmt::format("{}`{}`", names.empty() ? "" : ", then ", name);
    code.line("The key is taken from {}.", names);
  }
  for (const auto& endpoint : plan.endpoints) {
    code.blank().line("## {}", endpoint.endpoint->id).blank();
    code.line("`{}{}`", definition.websocket->base_url, endpoint.endpoint->path);
    if (!endpoint.endpoint->description.empty())
      code.blank().line("{}", endpoint.endpoint->description);
    emit_params(code, endpoint.params);
    emit_sequence(code, endpoint);
    emit_messages(code, "client sends", endpoint.client);
    emit_messages(code, "server sends", endpoint.server);
    if (endpoint.endpoint->close_codes.empty()) continue;
    code.blank().line("| close code | | |").line("| --- | --- | --- |");
    for (const auto& one : endpoint.endpoint->close_codes)
      code.line("| {} | {} | {} |", one.code, one.name, to_string(one.close_class));
  }
  for (const auto& rest : plan.rest) {
    code.blank().line("## {}", rest.endpoint->id).blank();
    code.line("`{} {}{}`", rest.endpoint->method, definition.rest->base_url, rest.endpoint->path);
    if (!rest.endpoint->description.empty()) code.blank().line("{}", rest.endpoint->description);
    emit_params(code, rest.params);
    if (rest.endpoint->request) code.blank().line("Body: `{}`", to_string(*rest.endpoint->request));
    for (const auto& response : rest.endpoint->responses)
      code.blank().line(
          "{}: {}{}", response.status == 0 ? std::string("Other") : std::to_string(response.status),
          response.schema ? fmt::format("`{}`", to_string(*response.schema)) : "no body",
          rest.endpoint->streaming == Streaming::sse ? ", as server-sent events" : "");
  }
  if (!plan.types.empty()) code.blank().line("## Types");
  for (const auto& type : plan.types) emit_type(code, type);
  return {"api.md", code.take()};
}

}  // namespace parley::schematic
