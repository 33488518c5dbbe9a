#include "parley/schematic/model.hpp"

#include <algorithm>

namespace parley::schematic {

const TypeDefinition* Definition::find_type(std::string_view type_name) const {
  const auto found = std::ranges::find(types, type_name, &TypeDefinition::name);
  return found == types.end() ? nullptr : &*found;
}

std::string default_message_id(const Type& schema) {
  constexpr std::string_view ending = "Message";
  std::string id = schema.name;
  if (id.size() > ending.size() && id.ends_with(ending)) id.resize(id.size() - ending.size());
  return id;
}

std::string_view to_string(MessageDirection direction) {
  constexpr std::string_view names[] = {"client_to_server", "server_to_client", "bidirectional"};
  return names[static_cast<std::size_t>(direction)];
}
std::string_view to_string(CloseClass close_class) {
  constexpr std::string_view names[] = {"normal", "auth", "fatal", "retryable", "expired"};
  return names[static_cast<std::size_t>(close_class)];
}
std::string_view to_string(AuthStrategy::Kind kind) {
  constexpr std::string_view names[] = {"none",  "bearer",      "header", "query",
                                        "basic", "subprotocol", "message"};
  return names[static_cast<std::size_t>(kind)];
}
std::string_view to_string(ParamLocation location) {
  constexpr std::string_view names[] = {"query", "path", "header"};
  return names[static_cast<std::size_t>(location)];
}

}  // namespace parley::schematic
