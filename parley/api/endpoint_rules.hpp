#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

// What a definition says about an API and its WebSocket endpoints, as constants of generated code.
// All views point to string literals.
namespace parley::api {

struct AuthRule {
  enum class Kind { none, bearer, header, query, basic, subprotocol, message };
  Kind kind = Kind::none;
  std::string_view name;    // of the header or parameter; bearer: "Authorization" where empty
  std::string_view prefix;  // before the key
};

struct HeaderRule {
  std::string_view name, value;
};

struct ApiRules {
  std::string_view name;
  std::string_view rest_url, websocket_url;
  std::span<const AuthRule> auth;  // the first that there are credentials for is used
  std::span<const char* const> env_auth;
  const char* env_username = nullptr;
  std::span<const HeaderRule> headers;
};

enum class MessageRole { initialize, streaming, close };

struct ClientMessageRule {
  std::string_view id;
  MessageRole role = MessageRole::streaming;
  bool repeatable = true;
};

struct ServerMessageRule {
  std::string_view id;
  bool repeatable = true;
  bool terminal = false;  // nothing follows
  bool fatal = false;     // an error of the whole session
};

enum class CloseClass { normal, auth, fatal, retryable, expired };
struct CloseRule {
  std::uint16_t code = 0;
  std::string_view name;
  CloseClass close_class = CloseClass::fatal;
};

struct EndpointRules {
  const ApiRules* api = nullptr;
  std::string_view id, path;
  std::span<const HeaderRule> headers;
  std::span<const std::string_view> subprotocols;
  bool subprotocol_required = false;
  bool binary_json = false;  // JSON of the server may come in binary frames
  bool compression = false;
  std::size_t max_message = 16 * 1024 * 1024;
  std::chrono::milliseconds connect_timeout{10'000}, greeting_timeout{10'000}, idle_timeout{0},
      close_timeout{5'000};
  std::span<const ClientMessageRule> client;
  std::span<const ServerMessageRule> server;
  int greeting = -1;           // index of a server message
  int ready_after = -1;        // index of a server message
  std::string_view keepalive;  // the encoded message
  std::chrono::milliseconds keepalive_every{0};
  std::span<const CloseRule> close_codes;
  std::chrono::milliseconds request_timeout{30'000};

  // Which server message a JSON text is; -1: unknown or no JSON.
  int (*classify)(std::string_view text) = nullptr;
  // The answer that a server message demands by the definition; empty: none.
  std::optional<std::string> (*auto_reply)(std::string_view text) = nullptr;
  // The id of the request that a server message answers; empty: none.
  std::string (*answered_request)(std::string_view text) = nullptr;
};

}  // namespace parley::api
