#include <fmt/format.h>

#include "parley/schematic/definition.hpp"
#include "parley/schematic/detail/map_reader.hpp"
#include "parley/schematic/names.hpp"

namespace parley::schematic {

namespace {

AuthStrategy read_auth(const Tree& tree, Diagnostics& diagnostics) {
  using Kind = AuthStrategy::Kind;
  AuthStrategy auth;
  if (tree.is_scalar()) {
    if (tree.text == "bearer")
      auth.kind = Kind::bearer;
    else if (tree.text == "basic")
      auth.kind = Kind::basic;
    else if (tree.text != "none")
      diagnostics.error(tree.at, "E0105",
                        fmt::format("auth \"{}\" is not known; it is none, bearer, basic, or a map "
                                    "with header, query, subprotocol or message",
                                    tree.text));
    return auth;
  }
  MapReader in(tree, "auth", diagnostics);
  constexpr std::pair<std::string_view, Kind> kinds[] = {{"bearer", Kind::bearer},
                                                         {"header", Kind::header},
                                                         {"query", Kind::query},
                                                         {"subprotocol", Kind::subprotocol},
                                                         {"message", Kind::message}};
  int found = 0;
  for (const auto& [key, kind] : kinds)
    if (in.text(key, auth.name)) auth.kind = kind, ++found;
  if (found != 1 && in.ok())
    diagnostics.error(tree.at, "E0103",
                      "auth needs one of bearer, header, query, subprotocol or message");
  in.text("prefix", auth.prefix);
  in.finish();
  return auth;
}

void read_common(MapReader& in, Definition& out, Diagnostics& diagnostics) {
  in.require_text("name", out.name);
  in.text("version", out.version);
  in.text("description", out.description);
  in.text("docs_url", out.docs_url);
  in.text("namespace", out.cpp_namespace);
  if (const Tree* auth = in.take("auth")) {
    if (auth->is_list())
      for (const auto& item : auth->items) out.auth.push_back(read_auth(item, diagnostics));
    else
      out.auth.push_back(read_auth(*auth, diagnostics));
  }
  in.texts("env_auth", out.env_auth);
  in.text("env_username", out.env_username);
  in.pairs("headers", out.headers);
}

}  // namespace

std::optional<Definition> read_definition(const Tree& document, Diagnostics& diagnostics) {
  MapReader in(document, "the definition", diagnostics);
  if (!in.ok()) return std::nullopt;
  Definition out;
  if (const Tree* format = in.take("schematic"); !format) {
    std::string hint;
    if (document.find("asyncapi")) hint = "; this is an AsyncAPI document: import it first";
    if (document.find("openapi")) hint = "; this is an OpenAPI document: import it first";
    diagnostics.error(document.at, "E0106", "the file does not begin with \"schematic: 1\"" + hint);
    return std::nullopt;
  } else if (format->text != "1") {
    diagnostics.error(format->at, "E0106",
                      fmt::format("format {} is not known, only 1 is", format->text));
    return std::nullopt;
  }
  read_common(in, out, diagnostics);
  if (const Tree* rest = in.take("rest")) detail::read_rest(*rest, out.rest.emplace(), diagnostics);
  if (const Tree* socket = in.take("websocket"))
    detail::read_websocket(*socket, out.websocket.emplace(), diagnostics);
  if (const Tree* types = in.take("types")) detail::read_types(*types, out, diagnostics);
  bool both_spellings = false;
  in.flag("snake_case_aliases", both_spellings);
  if (both_spellings)
    for (auto& type : out.types)
      for (auto& field : type.fields)
        if (auto other = snake_name(field.wire); other != field.wire && field.aliases.empty())
          field.aliases.push_back(std::move(other));
  in.finish();
  return out;
}

std::optional<Definition> read_definition_text(std::string_view text, Diagnostics& diagnostics) {
  const auto tree = parse_document(text);
  if (!tree) {
    diagnostics.error(location_of(tree.error()), "E0100", message_of(tree.error()));
    return std::nullopt;
  }
  return read_definition(*tree, diagnostics);
}

}  // namespace parley::schematic
