#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "parley/json/value.hpp"
#include "parley/schematic/diagnostic.hpp"

// A definition of an API as C++ values: what a definition file says, one to one. docs/schematic.md
// explains each member; the file's names are the members' names.
namespace parley::schematic {

// A type expression: "string", "list<Word>", "Alignment?", "\"audio\"".
struct Type {
  enum class Kind {
    boolean,
    string,
    int32,
    uint32,
    int64,   // also read from a JSON string, as proto3 JSON sends it
    uint64,  // the same
    float64,
    decimal,  // a number kept as its text; written as a JSON string
    bytes,    // base64 on the wire
    raw,      // the bytes of a whole binary message
    json,     // anything
    object,   // any object
    named,    // a type of the definition
    list,
    map,  // an object with names of any kind; arguments[0] is the type of its values
    tuple,
    literal,
  };
  Type() = default;
  explicit Type(Kind of_kind) : kind(of_kind) {}
  static Type named(std::string type_name);
  static Type list(Type element);
  static Type map(Type element);
  static Type constant(json::Value value);

  Type or_null() &&;
  bool operator==(const Type& other) const = default;

  Kind kind = Kind::string;
  bool nullable = false;
  std::string name;             // of a named type
  json::Value literal;          // a string, a boolean or a whole number
  std::vector<Type> arguments;  // of list, map and tuple
  Location at;
};

// The expression's text, as parse_type reads it.
std::string to_string(const Type& type);
Result<Type> parse_type(std::string_view text);

struct Field {
  Field() = default;
  Field(std::string wire_name, Type of_type, bool is_optional = false)
      : wire(std::move(wire_name)), type(std::move(of_type)), optional(is_optional) {}
  bool operator==(const Field& other) const = default;

  std::string wire;  // the name on the wire, exactly
  std::string name;  // in C++, where another than the wire name's is wanted
  Type type;
  bool optional = false;
  std::string description;
  std::optional<json::Value> default_value;  // what the peer assumes; never sent by itself
  std::optional<double> min, max;
  std::vector<std::string> aliases;  // other wire names that are read as well
  bool secret = false;               // told in documents; a credential or the like
  bool deprecated = false;
  Location at;
};

struct EnumValue {
  EnumValue() = default;
  explicit EnumValue(std::string wire_value) : wire(std::move(wire_value)) {}
  bool operator==(const EnumValue& other) const = default;

  std::string wire;
  std::string name;  // in C++, where another than the wire value's is wanted
  std::string description;
  Location at;
};

// What a member must be for a rule to hold. Without `equals`: present and not null, or absent.
struct Condition {
  Condition() = default;
  bool operator==(const Condition& other) const = default;

  std::string path;  // wire names joined by '.'; empty: the value itself
  bool absent = false;
  std::optional<json::Value> equals;
  std::string kind;  // "string", "number", "boolean", "array", "object": of the value at `path`
  Location at;
};

struct Alternative {
  Alternative() = default;
  explicit Alternative(Type of_type) : type(std::move(of_type)) {}
  bool operator==(const Alternative& other) const = default;

  Type type;
  std::vector<Condition> match;  // empty: derived from the type
  Location at;
};

struct TypeDefinition {
  enum class Kind { structure, enumeration, alternatives, alias };
  TypeDefinition() = default;
  bool operator==(const TypeDefinition& other) const = default;

  std::string name;
  std::string description;
  Kind kind = Kind::structure;
  std::vector<std::string> includes;  // structure: types whose fields come first
  std::vector<Field> fields;          // structure
  std::vector<EnumValue> values;      // enumeration
  bool open = true;  // enumeration: other values are kept; alternatives: unknown ones are
  std::vector<Alternative> alternatives;
  Type target;  // alias
  std::vector<json::Value> examples;
  Location at;
};

enum class MessageDirection { client_to_server, server_to_client, bidirectional };
enum class Frame { text, binary };

struct MessageSchema {
  MessageSchema() = default;
  bool operator==(const MessageSchema& other) const = default;

  std::string id;
  std::string description;
  MessageDirection direction = MessageDirection::client_to_server;
  Type schema;                // a named type, or raw for a binary message without structure
  bool repeatable = true;     // initialize and close are never repeated
  Frame frame = Frame::text;  // of what the client sends; the server's: see binary_json
  std::vector<Condition> match;
  bool terminal = false;  // the server sends nothing more after it
  bool fatal = false;     // an error of the whole session
  std::vector<json::Value> examples;
  Location at;
};

// The id of a message that has none: its type's name without "Message".
std::string default_message_id(const Type& schema);

enum class ParamLocation { query, path, header };
enum class ListStyle { repeat, comma };

struct ConnectionParam {
  ConnectionParam() = default;
  bool operator==(const ConnectionParam& other) const = default;

  std::string name;  // on the wire, exactly
  Type param_type;
  bool required = false;
  std::optional<json::Value> default_value;  // the server's; an unset parameter is not sent
  std::string description;
  ParamLocation location = ParamLocation::query;
  ListStyle style = ListStyle::repeat;
  std::optional<double> min, max;
  bool secret = false;
  Location at;
};

struct ConnectionLifecycle {
  ConnectionLifecycle() = default;
  bool operator==(const ConnectionLifecycle& other) const = default;

  std::string greeting;  // id of the server message that comes first of all
  std::optional<MessageSchema> initialize;
  std::string ready_after;  // id of the server message that answers initialize
  std::vector<MessageSchema> streaming_messages;
  std::optional<MessageSchema> close;
  std::vector<MessageSchema> server_messages;
};

// A message that keeps a quiet connection alive.
struct Keepalive {
  Keepalive() = default;
  bool operator==(const Keepalive& other) const = default;

  std::string message;  // id of a client message that is sent …
  json::Object fields;  // … with these members
  std::chrono::milliseconds every{0};
  Location at;
};

// A message of the server that is answered at once.
struct AutoReply {
  AutoReply() = default;
  bool operator==(const AutoReply& other) const = default;

  std::string on;                                         // id of a server message
  std::string reply;                                      // id of a client message
  std::vector<std::pair<std::string, std::string>> copy;  // reply's member ← path in the message
  Location at;
};

enum class CloseClass { normal, auth, fatal, retryable, expired };

struct CloseCode {
  CloseCode() = default;
  bool operator==(const CloseCode& other) const = default;

  int code = 0;
  std::string name;
  CloseClass close_class = CloseClass::fatal;
};

// Many conversations over one connection, told apart by a member.
struct Context {
  Context() = default;
  bool operator==(const Context& other) const = default;

  std::string client_field, server_field;  // wire names
  int max_open = 0;                        // 0: no limit
};

// Requests and their answers, told together by a member.
struct Correlation {
  Correlation() = default;
  bool operator==(const Correlation& other) const = default;

  std::string request_field, response_field;  // wire names
  std::chrono::milliseconds timeout{30'000};
};

struct Timeouts {
  Timeouts() = default;
  bool operator==(const Timeouts& other) const = default;

  std::chrono::milliseconds connect{10'000};   // to the upgrade's answer, all steps together
  std::chrono::milliseconds greeting{10'000};  // greeting, and the answer to initialize
  std::chrono::milliseconds idle{0};           // nothing received, pongs included; 0: never
  std::chrono::milliseconds close{5'000};      // for the close handshake
};

struct WebSocketEndpoint {
  WebSocketEndpoint() = default;
  bool operator==(const WebSocketEndpoint& other) const = default;

  std::string id;
  std::string path;
  std::string description;
  std::vector<ConnectionParam> connection_params;
  std::vector<std::pair<std::string, std::string>> headers;
  std::vector<std::string> subprotocols;
  bool subprotocol_required = false;
  bool binary_json = false;  // JSON messages of the server may come in binary frames
  bool compression = false;  // permessage-deflate is offered
  std::size_t max_message_bytes = 16 * 1024 * 1024;
  Timeouts timeouts;
  std::optional<Keepalive> keepalive;
  std::vector<AutoReply> auto_replies;
  std::vector<CloseCode> close_codes;
  std::optional<Context> context;
  std::optional<Correlation> correlation;
  ConnectionLifecycle lifecycle;
  Location at;
};

struct WebSocketApi {
  WebSocketApi() = default;
  bool operator==(const WebSocketApi& other) const = default;

  std::string base_url;  // ws or wss
  Location at;
  std::vector<WebSocketEndpoint> endpoints;
};

enum class Streaming { none, sse };

struct RestResponse {
  RestResponse() = default;
  bool operator==(const RestResponse& other) const = default;

  int status = 200;            // 0: every other
  std::optional<Type> schema;  // none: the body is not read
  std::string description;
};

struct RestEndpoint {
  RestEndpoint() = default;
  bool operator==(const RestEndpoint& other) const = default;

  std::string id;
  std::string method = "GET";
  std::string path;
  std::string description;
  std::vector<ConnectionParam> params;
  std::vector<std::pair<std::string, std::string>> headers;
  std::optional<Type> request;
  std::string request_content_type = "application/json";
  std::vector<RestResponse> responses;
  Streaming streaming = Streaming::none;
  std::string sentinel;  // sse: data that ends the stream, as "[DONE]"
  Location at;
};

struct RestApi {
  RestApi() = default;
  bool operator==(const RestApi& other) const = default;

  std::string base_url;  // http or https
  Location at;
  std::vector<RestEndpoint> endpoints;
};

// How a client shows who it is; the first that the caller has credentials for is used.
struct AuthStrategy {
  enum class Kind { none, bearer, header, query, basic, subprotocol, message };
  AuthStrategy() = default;
  bool operator==(const AuthStrategy& other) const = default;

  Kind kind = Kind::none;
  std::string name;    // of the header, parameter, or member of the first message
  std::string prefix;  // before the key: "Token ", or a subprotocol's "openai-insecure-api-key."
};

struct Definition {
  Definition() = default;
  bool operator==(const Definition& other) const = default;

  const TypeDefinition* find_type(std::string_view type_name) const;

  std::string name;
  std::string version;
  std::string description;
  std::string docs_url;
  std::string cpp_namespace;  // empty: made from the name
  std::vector<AuthStrategy> auth;
  std::vector<std::string> env_auth;  // variables for the key, tried in this order
  std::string env_username;           // for basic
  std::vector<std::pair<std::string, std::string>> headers;
  std::optional<RestApi> rest;
  std::optional<WebSocketApi> websocket;
  std::vector<TypeDefinition> types;
};

std::string_view to_string(MessageDirection direction);
std::string_view to_string(CloseClass close_class);
std::string_view to_string(AuthStrategy::Kind kind);
std::string_view to_string(ParamLocation location);

}  // namespace parley::schematic
