#include <fmt/format.h>

#include "parley/schematic/detail/import_common.hpp"

namespace parley::schematic::detail {
namespace {

class Servers {
 public:
  Servers(References& references, Definition& out)
      : references_(references),
        report_(references.report()),
        options_(references.options()),
        out_(out) {}

  bool is_socket(std::string_view protocol) {
    return protocol == "ws" || protocol == "wss" || protocol == "http" || protocol == "https" ||
           protocol == "websocket" || protocol == "websockets";
  }

  void read_server(const Node& server) {
    auto protocol = server.text("protocol");
    auto url = server.text("url");
    if (url.empty()) url = server.text("host") + server.text("pathname");
    if (const auto scheme = url.find("://"); scheme != std::string::npos) {
      protocol = url.substr(0, scheme);
      url = url.substr(scheme + 3);
    }
    if (!is_socket(protocol)) {
      other_protocol_ = protocol;
      other_at_ = server.tree->at;
      return;
    }
    for (const auto list = server.find("variables"); list && url.find('{') != std::string::npos;) {
      const auto open = url.find('{'), close = url.find('}', open);
      if (close == std::string::npos) break;
      const auto variable = references_.follow(list.find(url.substr(open + 1, close - open - 1)));
      auto value = variable.text("default");
      if (value.empty() && variable.find("enum") && !variable.find("enum").tree->items.empty())
        value = variable.find("enum").tree->items[0].text;
      if (value.empty()) value = "default";
      url.replace(open, close - open + 1, value);
    }
    const bool secure = protocol == "wss" || protocol == "https";
    const bool known = protocol == "http" || protocol == "https";
    if (known)
      report_.note(
          server.tree->at, "I0702",
          fmt::format("a server of protocol {} is taken as {}", protocol, secure ? "wss" : "ws"));
    if (out_.websocket->base_url.empty())
      out_.websocket->base_url = fmt::format("{}://{}", secure ? "wss" : "ws", url);
    if (const auto security = server.find("security"))
      for (const auto& item : security.tree->items) read_security({&item, security.file});
  }

  void read_security(Node item) {
    if (!detail::References::target_of(item).empty() || item.find("type")) {
      if (const auto scheme = references_.follow(item)) detail::add_security(scheme, out_, report_);
      return;
    }
    for (const auto& member : item.tree->members) {
      const auto scheme = references_.follow(
          references_.find("#/components/securitySchemes/" + member.key, item.tree->at));
      if (scheme) detail::add_security(scheme, out_, report_);
    }
  }

  void read_servers(const Node& root) {
    const auto servers = references_.follow(root.find("servers"));
    for (const auto& member : members_of(servers))
      if (const auto server = references_.follow({&member.value, servers.file}))
        read_server(server);
    auto& base = out_.websocket->base_url;
    if (!options_.base_url.empty()) base = options_.base_url;
    if (!base.empty()) return;
    if (!other_protocol_.empty()) {
      report_.error(
          other_at_, "E0706",
          fmt::format("the protocol {} is no WebSocket; give a base URL to take the channels "
                      "over one",
                      other_protocol_));
      return;
    }
    report_.warning(
        root.tree->at, "W0706",
        "the document names no server: base_url must be set before a client can connect");
    base = "wss://server.invalid";
  }

 private:
  References& references_;
  Diagnostics& report_;
  const ImportOptions& options_;
  Definition& out_;
  std::string other_protocol_;
  Location other_at_;
};

}  // namespace

void read_servers(References& references, Definition& out) {
  Servers(references, out).read_servers(references.root());
}

}  // namespace parley::schematic::detail
