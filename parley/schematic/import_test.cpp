#include "parley/schematic/import.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "parley/schematic/conform.hpp"
#include "parley/schematic/generate.hpp"

namespace parley::schematic {
namespace {

namespace fs = std::filesystem;

const fs::path kDocuments = fs::path(PARLEY_SOURCE_DIR) / "../shared/data/api-documents";

std::string read(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

ImportOptions options_for(const fs::path& file, std::optional<Perspective> perspective) {
  ImportOptions options;
  options.perspective = perspective;
  options.load = [folder = file.parent_path()](const std::string& name) {
    return parse_document(read(folder / name));
  };
  return options;
}

std::optional<Definition> import_file(const fs::path& file, Perspective perspective,
                                      Diagnostics& report) {
  const auto tree = parse_document(read(file));
  if (!tree) {
    report.error(location_of(tree.error()), "E0100", message_of(tree.error()));
    return std::nullopt;
  }
  const auto options = options_for(file, perspective);
  return file.string().find("asyncapi") != std::string::npos
             ? import_asyncapi(*tree, options, report)
             : import_openapi(*tree, options, report);
}

std::vector<fs::path> documents(const std::string& folder) {
  std::vector<fs::path> out;
  for (const auto& entry : fs::recursive_directory_iterator(kDocuments / folder))
    if (entry.is_regular_file()) out.push_back(entry.path());
  std::ranges::sort(out);
  return out;
}

// Every document becomes a definition that generates, or ends in a diagnostic with its place.
TEST(Import_E30, EveryDocumentIsTakenOrToldWhyNot) {
  if (!fs::exists(kDocuments)) GTEST_SKIP() << "the shared documents are not here";
  int taken = 0, told = 0;
  for (const auto* folder : {"asyncapi", "openapi"})
    for (const auto& file : documents(folder))
      for (const auto perspective : {Perspective::server, Perspective::client}) {
        SCOPED_TRACE(file.string());
        Diagnostics report;
        const auto definition = import_file(file, perspective, report);
        if (!definition) {
          ASSERT_TRUE(report.has_errors());
          for (const auto& one : report.all()) {
            EXPECT_GT(one.at.line, 0) << one.text("");
            EXPECT_FALSE(one.message.empty());
          }
          ++told;
          continue;
        }
        Diagnostics findings;
        EXPECT_TRUE(generate(*definition, GenerateOptions(), findings)) << findings.text("");
        // What is written is read back the same.
        Diagnostics reading;
        const auto again = read_definition_text(to_yaml(*definition), reading);
        ASSERT_TRUE(again) << reading.text("");
        EXPECT_TRUE(*again == *definition) << to_yaml(*definition);
        ++taken;
      }
  EXPECT_GT(taken, 40);
  EXPECT_GT(told, 0);
}

TEST(Import_E30, PerspectiveIsNeverGuessed) {
  const auto tree = parse_document("asyncapi: 3.0.0\ninfo: { title: X, version: '1' }\n");
  Diagnostics report;
  EXPECT_FALSE(import_asyncapi(*tree, ImportOptions(), report));
  EXPECT_NE(report.text("a").find("a:1:1: error: say whose view the document is written from"),
            std::string::npos);
}

std::vector<std::string> wires(const Definition& definition, const MessageSchema& message) {
  std::vector<std::string> out;
  const auto* type = definition.find_type(message.schema.name);
  for (const auto& field : type ? type->fields : std::vector<Field>())
    out.push_back(field.wire == "xi-api-key" ? "xi_api_key" : field.wire);
  std::ranges::sort(out);
  return out;
}

// The vendor's own file and the definition made by hand give the same client.
TEST(Import_E37, TheVendorsFileHasTheSurfaceOfTheHandMadeDefinition) {
  if (!fs::exists(kDocuments)) GTEST_SKIP() << "the shared documents are not here";
  Diagnostics report;
  const auto vendor =
      import_file(kDocuments / "asyncapi/elevenlabs-tts.yml", Perspective::server, report);
  ASSERT_TRUE(vendor) << report.text("");
  const auto ours = read_definition_text(
      read(fs::path(PARLEY_SOURCE_DIR) / "definitions/elevenlabs.yaml"), report);
  ASSERT_TRUE(ours);
  for (std::size_t i = 0; i < 2; ++i) {
    const auto &a = vendor->websocket->endpoints[i], &b = ours->websocket->endpoints[i];
    EXPECT_EQ(a.path, b.path);
    ASSERT_EQ(a.connection_params.size(), b.connection_params.size());
    for (std::size_t k = 0; k < a.connection_params.size(); ++k) {
      const auto &x = a.connection_params[k], &y = b.connection_params[k];
      EXPECT_EQ(x.name, y.name);
      EXPECT_EQ(x.param_type.kind, y.param_type.kind) << x.name;
      EXPECT_EQ(x.location, y.location) << x.name;
      EXPECT_EQ(x.required, y.required) << x.name;
      // The file's default is outside its own enumeration; the vendor's prose says mp3_44100_128.
      if (x.name != "output_format") {
        EXPECT_EQ(x.default_value, y.default_value) << x.name;
      }
    }
    EXPECT_EQ(wires(*vendor, *a.lifecycle.initialize), wires(*ours, *b.lifecycle.initialize));
    EXPECT_EQ(wires(*vendor, *a.lifecycle.close), wires(*ours, *b.lifecycle.close));
    ASSERT_EQ(a.lifecycle.streaming_messages.size(), b.lifecycle.streaming_messages.size());
    for (std::size_t k = 0; k < a.lifecycle.streaming_messages.size(); ++k)
      EXPECT_EQ(wires(*vendor, a.lifecycle.streaming_messages[k]),
                wires(*ours, b.lifecycle.streaming_messages[k]));
    // Each server message of the file is one of ours, with at least its members.
    for (const auto& message : a.lifecycle.server_messages) {
      const auto wanted = wires(*vendor, message);
      EXPECT_TRUE(std::ranges::any_of(b.lifecycle.server_messages, [&](const MessageSchema& other) {
        return std::ranges::includes(wires(*ours, other), wanted);
      })) << message.id;
    }
  }
}

TEST(Export_E30, AsyncApiIsReadBackWithItsRolesAndRules) {
  Diagnostics report;
  const auto ours = read_definition_text(
      read(fs::path(PARLEY_SOURCE_DIR) / "definitions/elevenlabs.yaml"), report);
  const auto plan = make_plan(*ours, report);
  ASSERT_TRUE(plan);
  const auto tree = parse_document(emit_asyncapi(*plan).text);
  ASSERT_TRUE(tree);
  ImportOptions options;
  options.perspective = Perspective::client;
  const auto again = import_asyncapi(*tree, options, report);
  ASSERT_TRUE(again) << report.text("");
  ASSERT_EQ(again->websocket->endpoints.size(), ours->websocket->endpoints.size());
  for (std::size_t i = 0; i < ours->websocket->endpoints.size(); ++i) {
    const auto &a = again->websocket->endpoints[i].lifecycle,
               &b = ours->websocket->endpoints[i].lifecycle;
    EXPECT_EQ(a.initialize.has_value(), b.initialize.has_value());
    EXPECT_EQ(a.close.has_value(), b.close.has_value());
    ASSERT_EQ(a.server_messages.size(), b.server_messages.size());
    for (std::size_t k = 0; k < a.server_messages.size(); ++k) {
      EXPECT_EQ(a.server_messages[k].id, b.server_messages[k].id);
      EXPECT_TRUE(a.server_messages[k].match == b.server_messages[k].match);
      EXPECT_EQ(a.server_messages[k].terminal, b.server_messages[k].terminal);
    }
  }
}

TEST(Import, OverridesAreMergedAndChecked) {
  const auto base = read_definition_text(R"(schematic: 1
name: Demo
websocket:
  base_url: wss://server.invalid
  endpoints:
    - { id: A, path: /a, lifecycle: { server_messages: [Thing] } }
types:
  Thing: { fields: { n: int64 } }
)",
                                         *std::make_unique<Diagnostics>());
  Diagnostics report;
  const auto changes = parse_document(R"(
env_auth: [KEY]
websocket:
  base_url: wss://real.example
  endpoints: [{ id: A, keepalive: null, compression: true }]
types: { Thing: { description: A thing. } }
)");
  const auto merged = apply_overrides(*base, *changes, report);
  ASSERT_TRUE(merged) << report.text("");
  EXPECT_EQ(merged->websocket->base_url, "wss://real.example");
  EXPECT_TRUE(merged->websocket->endpoints[0].compression);
  EXPECT_EQ(merged->types[0].description, "A thing.");
  const auto wrong = parse_document("sockets: {}\n");
  EXPECT_FALSE(apply_overrides(*base, *wrong, report));
}

bool has_note(const Diagnostics& report) {
  return report.count(Severity::note) > 0;
}

// Each valid instance of the JSON Schema Test Suite is of the imported type, but where the import
// said that it takes the schema for something narrower.
TEST(Import, ValidInstancesOfTheJsonSchemaTestSuiteFit) {
  const auto folder = kDocuments / "json-schema-test-suite";
  if (!fs::exists(folder)) GTEST_SKIP() << "the shared documents are not here";
  int fit = 0, refused = 0, groups = 0;
  for (const auto& file : documents("json-schema-test-suite")) {
    const auto suite = parse_document(read(file));
    ASSERT_TRUE(suite) << file;
    Diagnostics whole;
    EXPECT_FALSE(
        import_json_schema(*suite, ImportOptions(), whole));  // a list of groups is no schema
    EXPECT_TRUE(whole.has_errors());
    for (const auto& group : suite->items) {
      SCOPED_TRACE(file.filename().string() + ": " + group.find("description")->text);
      Diagnostics report;
      const auto definition = import_json_schema(*group.find("schema"), ImportOptions(), report);
      if (!definition) {
        EXPECT_TRUE(report.has_errors());
        continue;
      }
      ++groups;
      Diagnostics findings;
      const auto plan = make_plan(*definition, findings);
      ASSERT_TRUE(plan) << findings.text("");
      for (const auto& test : group.find("tests")->items) {
        const bool valid = test.find("valid")->text == "true";
        const auto wrong = mismatch(*plan, Type::named("Root"), test.find("data")->value());
        if (valid && has_note(report)) continue;
        if (valid) {
          EXPECT_EQ(wrong, std::nullopt) << test.find("description")->text;
          ++fit;
        } else if (wrong) {
          ++refused;
        }
      }
    }
  }
  EXPECT_GT(groups, 100);
  EXPECT_GT(fit, 80);
  EXPECT_GT(refused, 50);
}

}  // namespace
}  // namespace parley::schematic
