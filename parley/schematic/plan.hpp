#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/schematic/diagnostic.hpp"
#include "parley/schematic/model.hpp"

// What a definition means for code: names chosen, types in an order that compiles, unions with the
// rules that tell their alternatives apart. All emitters write from the plan.
namespace parley::schematic {

// How a member may be missing.
enum class Presence { required, nullable, optional, maybe };

struct PlannedField {
  PlannedField() = default;
  const Field* field = nullptr;
  std::string name;  // in C++
  Presence presence = Presence::required;
  bool constant = false;  // a literal that must be there: written and checked, not stored
  bool boxed = false;     // breaks a circle of types
};

// A test on a message. All tests of an alternative hold where it is meant.
struct Test {
  enum class Kind { equals, present, absent, json_kind };
  Test() = default;
  Test(Kind of_kind, std::string at_path) : kind(of_kind), path(std::move(at_path)) {}
  bool operator==(const Test& other) const = default;

  Kind kind = Kind::present;
  std::string path;                  // empty: the value itself
  std::vector<std::string> aliases;  // present: or one of these
  std::vector<json::Value> values;   // equals: one of these
  std::string json_kind;
};

struct PlannedAlternative {
  PlannedAlternative() = default;
  Type type;
  std::string label;        // in messages: a type's name or a message's id
  std::vector<Test> tests;  // none: it is taken where no other is
};

// Alternatives in the order of their declaration, and the order in which they are tried.
struct PlannedUnion {
  PlannedUnion() = default;
  std::vector<PlannedAlternative> alternatives;
  std::vector<std::size_t> order;
  bool open = true;
  // Where one member's text decides (at least between groups): its wire name.
  std::string tag;
};

struct PlannedType {
  PlannedType() = default;
  const TypeDefinition* definition = nullptr;
  std::string name;  // in C++
  std::vector<PlannedField> fields;
  std::vector<std::string> enumerators;
  PlannedUnion alternatives;
};

struct PlannedParam {
  PlannedParam() = default;
  const ConnectionParam* param = nullptr;
  std::string name;
};

enum class Role { initialize, streaming, close };

struct PlannedMessage {
  PlannedMessage() = default;
  const MessageSchema* message = nullptr;
  Role role = Role::streaming;
  std::string name;  // "send_text" without "send_" where it begins so: see the emitter
};

struct PlannedEndpoint {
  PlannedEndpoint() = default;
  const WebSocketEndpoint* endpoint = nullptr;
  std::string name;  // namespace and file: "stream_text_to_speech"
  std::vector<PlannedParam> params;
  std::vector<PlannedMessage> client;
  std::vector<PlannedMessage> server;
  PlannedUnion server_messages;
};

struct PlannedRest {
  PlannedRest() = default;
  const RestEndpoint* endpoint = nullptr;
  std::string name;
  std::vector<PlannedParam> params;
};

struct Plan {
  Plan() = default;
  const PlannedType* find(std::string_view type_name) const;
  // An alias followed to its end, with "null" kept from every step.
  Type resolve(const Type& type) const;

  const Definition* definition = nullptr;
  std::string cpp_namespace;       // "elevenlabs"
  std::string file_name;           // the same as one word
  std::vector<PlannedType> types;  // in the definition's order
  std::vector<std::size_t> order;  // in an order that compiles
  std::vector<PlannedEndpoint> endpoints;
  std::vector<PlannedRest> rest;
  std::map<std::string, std::size_t, std::less<>> index;  // by the definition's names
};

// Findings (errors: the plan is empty): unknown types, circles of aliases, messages that cannot be
// told apart. `definition` must outlive the plan.
std::optional<Plan> make_plan(const Definition& definition, Diagnostics& diagnostics);

}  // namespace parley::schematic
