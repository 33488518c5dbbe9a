#include <gtest/gtest.h>

#include "parley/schematic/generate.hpp"
#include "parley/schematic/mock.hpp"
#include "parley/schematic/names.hpp"

namespace parley::schematic {
namespace {

// A small whole definition; `more` is put behind it.
std::string minimal(const std::string& endpoint = "", const std::string& types = "") {
  return R"(schematic: 1
name: Demo
websocket:
  base_url: wss://demo.example
  endpoints:
    - id: Talk
      path: /talk/{room}
      connection_params:
        - { name: room, in: path, type: string }
        - { name: limit, type: integer, default: 3 }
)" + endpoint +
         R"(
      lifecycle:
        initialize: { id: Start, schema: StartMessage }
        streaming_messages:
          - { id: Say, schema: SayMessage }
        close: { id: Stop, schema: StopMessage }
        server_messages:
          - { id: Heard, schema: HeardMessage }
          - { id: Done, schema: DoneMessage, terminal: true }
types:
  StartMessage: { fields: { type: '"start"' } }
  SayMessage: { fields: { type: '"say"', text: string } }
  StopMessage: { fields: { type: '"stop"' } }
  HeardMessage: { fields: { type: '"heard"', words: list<string> } }
  DoneMessage: { fields: { type: '"done"' } }
)" + types;
}

std::string findings(const std::string& text) {
  Diagnostics diagnostics;
  if (const auto definition = read_definition_text(text, diagnostics);
      definition && !diagnostics.has_errors())
    check(*definition, diagnostics);
  diagnostics.sort();
  return diagnostics.text("d.yaml");
}

struct BadCase {
  const char* name;
  std::string text;
  const char* expected;
};

class BadDefinition : public testing::TestWithParam<BadCase> {};

TEST_P(BadDefinition, IsToldWithItsPlace) {
  const auto found = findings(GetParam().text);
  EXPECT_NE(found.find(GetParam().expected), std::string::npos) << found;
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  const auto at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return text.replace(at, what.size(), by);
}

const BadCase bad_cases[] = {
    {"no_version", "name: X\n",
     "d.yaml:1:1: error: the file does not begin with \"schematic: 1\" [E0106]"},
    {"asyncapi", "asyncapi: 3.0.0\n", "this is an AsyncAPI document: import it first [E0106]"},
    {"bad_yaml", "schematic: 1\nname: [a\n", "[E0100]"},
    {"twice", "schematic: 1\nname: A\nname: B\n",
     "d.yaml:3:1: error: the name \"name\" stands twice in one map [E0100]"},
    {"unknown_key", minimal("      timeout: 3s\n"),
     "d.yaml:11:7: error: the endpoint has no member \"timeout\"; did you mean \"timeouts\"? "
     "[E0102]"},
    {"bad_duration", minimal("      timeouts: { connect: soon }\n"),
     "\"connect\" must be a time such as 15s, 500ms or 2m, found \"soon\" [E0105]"},
    {"unknown_type", minimal("", "  More: { fields: { a: strin } }\n"),
     "d.yaml:26:21: error: there is no type strin; did you mean string? [E0201]"},
    {"bad_type", minimal("", "  More: { fields: { a: \"list<string\" } }\n"),
     "in the type \"list<string\": a '>' is missing [E0104]"},
    {"type_twice", replaced(minimal(), "StopMessage: { fields", "SayMessage: { fields"),
     "stands twice in one map [E0100]"},
    {"path_without_param", replaced(minimal(), "/talk/{room}", "/talk/{room}/{seat}"),
     "d.yaml:6:7: error: \"{seat}\" in the path has no parameter with \"in: path\" [E0301]"},
    {"param_not_in_path", replaced(minimal(), "/talk/{room}", "/talk"),
     "d.yaml:9:11: error: the parameter \"room\" is not in the path \"/talk\" [E0302]"},
    {"wrong_direction",
     replaced(minimal(), "schema: SayMessage }",
              "schema: SayMessage, direction: server_to_client }"),
     "Say goes server_to_client, which does not fit its list [E0303]"},
    {"terminal_client",
     replaced(minimal(), "schema: SayMessage }", "schema: SayMessage, terminal: true }"),
     "only the server's messages are terminal or fatal [E0303]"},
    {"unknown_message", minimal("      keepalive: { message: Sai, every: 5s }\n"),
     "d.yaml:11:18: error: keepalive names the message \"Sai\", which is not there; did you mean "
     "\"Say\"? [E0304]"},
    {"bad_default", replaced(minimal(), "default: 3", "default: three"),
     "the default of \"limit\" must be a whole number, found \"three\" [E0307]"},
    {"ids_twice", replaced(minimal(), "id: Done, schema", "id: Heard, schema"),
     "two messages have the id \"Heard\" [E0204]"},
    {"ambiguous",
     replaced(minimal(), "{ type: '\"done\"' }", "{ type: '\"heard\"', \"words?\": list<string> }"),
     "d.yaml:19:13: error: Heard and Done cannot be told apart: Heard is { type: \"heard\", words: "
     "list<string> }, Done is { type: \"heard\", words?: list<string> }"},
    {"shadowed",
     replaced(replaced(minimal(), "schema: HeardMessage }",
                       "schema: HeardMessage, match: { words: present } }"),
              "terminal: true }", "match: { words: present, type: done } }"),
     "Done can never be chosen: every message that fits it fits Heard, which is tried before "
     "[E0402]"},
    {"two_binary",
     replaced(minimal(), "- { id: Heard, schema: HeardMessage }",
              "- { id: Heard, schema: raw }\n          - { id: Other, schema: raw }"),
     "Talk has 2 binary messages from the server"},
    {"alias_circle", minimal("", "  A: { alias: B }\n  B: { alias: A }\n"),
     "holds a value of itself"},
    {"include_missing", minimal("", "  A: { include: [Nothing], fields: {} }\n"),
     "A includes Nothing, which is no type with fields [E0201]"},
    {"field_twice", minimal("", "  A: { fields: { x: string, \"x?\": string } }\n"),
     "twice [E0203]"},
    {"enum_twice", minimal("", "  A: { enum: [x, x] }\n"), "A has the value \"x\" twice [E0204]"},
    {"no_kind", minimal("", "  A: { description: x }\n"),
     "needs one of fields, enum, union or alias [E0103]"},
    {"bad_url", replaced(minimal(), "wss://demo.example", "https://demo.example"),
     "d.yaml:4:13: error: base_url must begin with ws:// or wss://"},
    {"bad_close_code", minimal("      close_codes: { 99: { class: fatal } }\n"),
     "\"99\" is no close code (1000 to 4999) [E0105]"},
    {"binary_initialize",
     replaced(minimal(), "schema: StartMessage }", "schema: StartMessage, frame: binary }"),
     "an initialize message of JSON goes in a text frame [E0105]"},
    {"bad_auth", "auth: token\n" + minimal(), "auth \"token\" is not known"},
    {"nothing", "schematic: 1\nname: A\n", "there is nothing to generate"},
};
INSTANTIATE_TEST_SUITE_P(E28, BadDefinition, testing::ValuesIn(bad_cases),
                         [](const auto& one) { return std::string(one.param.name); });

TEST(Definition_E1, TheMinimalOneIsInOrder) {
  EXPECT_EQ(findings(minimal()), "");
}

TEST(Definition_E4, BothSpellingsOfALifecycleAreRead) {
  const auto other = replaced(
      replaced(minimal(), "initialize:", "open:"),
      "        streaming_messages:\n          - { id: Say, schema: SayMessage }\n",
      "        messages:\n          - { id: Say, schema: SayMessage, direction: bidirectional }\n");
  Diagnostics diagnostics;
  const auto definition = read_definition_text(other, diagnostics);
  ASSERT_TRUE(definition);
  EXPECT_EQ(diagnostics.text("d"), "");
  const auto& cycle = definition->websocket->endpoints[0].lifecycle;
  EXPECT_EQ(cycle.initialize->id, "Start");
  ASSERT_EQ(cycle.streaming_messages.size(), 1u);
  EXPECT_EQ(cycle.server_messages.back().id, "Say");
}

TEST(Definition_E7, JsonAndYamlAreTheSame) {
  Diagnostics diagnostics;
  const auto yaml = read_definition_text(minimal(), diagnostics);
  ASSERT_TRUE(yaml);
  const auto text = json::to_pretty_string(to_json(*yaml));
  const auto json = read_definition_text(text, diagnostics);
  ASSERT_TRUE(json) << diagnostics.text("d");
  EXPECT_TRUE(*yaml == *json) << text;
}

// Document E's example, as values.
TEST(Definition_E1, IsAlsoWrittenInCpp) {
  Definition made;
  made.name = "Demo";
  made.types.emplace_back().name = "Ping";
  made.types.back().fields.emplace_back("n", Type(Type::Kind::int64));
  WebSocketApi& api = made.websocket.emplace();
  api.base_url = "wss://demo.example";
  WebSocketEndpoint& endpoint = api.endpoints.emplace_back();
  endpoint.id = "Talk";
  endpoint.path = "/";
  MessageSchema& message = endpoint.lifecycle.server_messages.emplace_back();
  message.id = "Ping";
  message.direction = MessageDirection::server_to_client;
  message.schema = Type::named("Ping");
  Diagnostics diagnostics;
  const auto files = generate(made, GenerateOptions(), diagnostics);
  EXPECT_EQ(diagnostics.text("cpp"), "");
  ASSERT_TRUE(files);
  EXPECT_FALSE(files->empty());
}

TEST(Generate_E26, SameInputSameBytes) {
  Diagnostics diagnostics;
  const auto definition = read_definition_text(minimal(), diagnostics);
  const auto one = generate(*definition, GenerateOptions(), diagnostics);
  const auto two = generate(*definition, GenerateOptions(), diagnostics);
  ASSERT_TRUE(one && two);
  ASSERT_EQ(one->size(), two->size());
  for (std::size_t i = 0; i < one->size(); ++i) EXPECT_EQ((*one)[i].text, (*two)[i].text);
}

TEST(Generate_E8, RestIsNotChangedByASocketBesideIt) {
  const std::string rest = R"(schematic: 1
name: Demo
rest:
  base_url: https://demo.example
  endpoints:
    - { id: Look, method: GET, path: /things, responses: { 200: Thing } }
types:
  Thing: { fields: { n: int64 } }
)";
  const auto rest_files = [](const std::string& text) {
    Diagnostics diagnostics;
    const auto definition = read_definition_text(text, diagnostics);
    const auto files = generate(*definition, GenerateOptions(), diagnostics);
    std::string out;
    for (const auto& file : *files)
      if (file.name.find("rest") != std::string::npos) out += file.text;
    return out;
  };
  const auto both = replaced(rest, "types:\n", R"(websocket:
  base_url: wss://demo.example
  endpoints:
    - { id: Watch, path: /watch, lifecycle: { server_messages: [Thing] } }
types:
)");
  auto without = rest_files(rest), with = rest_files(both);
  const std::string socket_url = "  rules.websocket_url = \"wss://demo.example\";\n";
  with = replaced(with, socket_url, "");
  EXPECT_EQ(without, with);
  EXPECT_NE(without.find("look()"), std::string::npos);
}

TEST(Names_E29, AreStableValidAndKeepTheirWords) {
  EXPECT_EQ(snake_name("normalizedAlignment"), "normalized_alignment");
  EXPECT_EQ(snake_name("xi-api-key"), "xi_api_key");
  EXPECT_EQ(snake_name("HTTPServer"), "http_server");
  EXPECT_EQ(snake_name("mp3_44100_128"), "mp3_44100_128");
  EXPECT_EQ(snake_name("1inchusd"), "n1inchusd");
  EXPECT_EQ(snake_name("audio/pcm"), "audio_pcm");
  EXPECT_EQ(snake_name("\xc3\xbc"
                       "ber"),
            "u00fcber");
  EXPECT_EQ(snake_name(""), "empty");
  EXPECT_EQ(pascal_name("conversation.item.created"), "ConversationItemCreated");
  NameScope scope;
  EXPECT_EQ(scope.take("continue"), "continue_");
  EXPECT_EQ(scope.take("a"), "a");
  EXPECT_EQ(scope.take("a"), "a_2");
  EXPECT_EQ(scope.take("errno"), "errno_");
}

TEST(TypeExpression, IsReadAndWritten) {
  for (const char* text :
       {"string", "list<string?>?", "map<list<int64>>", "tuple<decimal, Side, bool>",
        "\"a \\\"b\\\"\"", "true", "42", "Alignment?"}) {
    const auto type = parse_type(text);
    ASSERT_TRUE(type) << text;
    EXPECT_EQ(to_string(*type), text);
  }
  for (const char* text : {"", "list", "list<", "list<a,b>", "\"a", "a b", "tuple<>", "?"})
    EXPECT_FALSE(parse_type(text)) << text;
}

TEST(Tree, FollowsAnchorsWithinItsLimits) {
  EXPECT_TRUE(parse_yaml("a: &x [1, 2]\nb: *x\n"));
  TreeLimits limits;
  limits.max_nodes = 100;
  const auto bomb =
      parse_yaml("a: &a [1,1,1,1,1]\nb: &b [*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b]\n", limits);
  ASSERT_FALSE(bomb);
  EXPECT_NE(bomb.error().message().find("more than 100 nodes"), std::string::npos);
  EXPECT_FALSE(parse_yaml(std::string(100'000, '[')));
  EXPECT_FALSE(parse_yaml("a: !python/object x\n"));
  EXPECT_EQ(parse_yaml("a: yes\nb: 0x10\nc: 1.5\n")->value(),
            json::parse(R"({"a":"yes","b":"0x10","c":1.5})").value());
}

TEST(Mock, PlaysTheLifecycle) {
  Diagnostics diagnostics;
  const auto definition = read_definition_text(minimal(), diagnostics);
  const auto plan = make_plan(*definition, diagnostics);
  MockSession session(*plan, plan->endpoints[0]);
  EXPECT_TRUE(session.open().frames.empty());
  auto early = MockSession(*plan, plan->endpoints[0]);
  early.open();
  EXPECT_EQ(early.receive(false, R"({"type":"say","text":"x"})").close_code, 1008);
  EXPECT_EQ(session.receive(false, R"({"type":"start"})").close_code, 0);
  const auto answer = session.receive(false, R"({"type":"say","text":"x"})");
  ASSERT_EQ(answer.frames.size(), 1u);
  EXPECT_EQ(answer.frames[0].data, R"({"type":"heard","words":[]})");
  EXPECT_EQ(session.receive(false, R"({"type":"say"})").close_reason,
            "Say: $: the member \"text\" is missing");
  const auto last = session.receive(false, R"({"type":"stop"})");
  EXPECT_EQ(last.close_code, 1000);
  EXPECT_EQ(last.frames[0].data, R"({"type":"done"})");
}

}  // namespace
}  // namespace parley::schematic
