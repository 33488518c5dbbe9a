// One definition: its generated codecs against an independent reader, its generated sessions and
// calls against a mock of the same definition.
#include "parley/schematic/definition.hpp"

#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "parley/base/random.hpp"
#include "parley/emulator/mock_server.hpp"
#include "parley/schematic/conform.hpp"

#include "exercised.hpp"

namespace parley {
namespace {

std::shared_ptr<const schematic::Definition> load() {
  std::ifstream stream(exercised::definition_file, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  schematic::Diagnostics diagnostics;
  auto definition = schematic::read_definition_text(text.str(), diagnostics);
  if (definition) check(*definition, diagnostics);
  EXPECT_EQ(diagnostics.count(schematic::Severity::error), 0u)
      << diagnostics.text(exercised::definition_file);
  return std::make_shared<schematic::Definition>(std::move(*definition));
}

struct Loaded {
  Loaded() : definition(load()) {
    schematic::Diagnostics diagnostics;
    plan = *make_plan(*definition, diagnostics);
  }
  std::shared_ptr<const schematic::Definition> definition;
  schematic::Plan plan;
};

// Equal as JSON: numbers by their value, members in any order.
bool same(const json::Value& a, const json::Value& b) {
  if (a.is_number() && b.is_number()) {
    if (a.is_double() || b.is_double()) return a.to_number<double>() == b.to_number<double>();
    return a == b;
  }
  if (a.kind() != b.kind()) return false;
  if (a.is_array()) {
    const auto &x = a.get_array(), &y = b.get_array();
    if (x.size() != y.size()) return false;
    for (std::size_t i = 0; i < x.size(); ++i)
      if (!same(x[i], y[i])) return false;
    return true;
  }
  if (!a.is_object()) return a == b;
  if (a.get_object().size() != b.get_object().size()) return false;
  for (const auto& [key, value] : a.get_object()) {
    const auto* other = b.get_object().if_contains(key);
    if (!other || !same(value, *other)) return false;
  }
  return true;
}

// Examples by type: the types' own, those of messages, and a small value of each type.
std::vector<std::pair<std::string, json::Value>> examples_of(const Loaded& loaded) {
  std::vector<std::pair<std::string, json::Value>> out;
  for (const auto& type : loaded.plan.types) {
    for (const auto& example : type.definition->examples)
      out.emplace_back(type.definition->name, example);
    out.emplace_back(type.definition->name,
                     sample(loaded.plan, schematic::Type::named(type.definition->name)));
  }
  for (const auto& endpoint : loaded.plan.endpoints)
    for (const auto* list : {&endpoint.client, &endpoint.server})
      for (const auto& message : *list)
        for (const auto& example : message.message->examples)
          if (message.message->schema.kind == schematic::Type::Kind::named)
            out.emplace_back(message.message->schema.name, example);
  return out;
}

const api::CodecCase* codec_of(const std::vector<api::CodecCase>& all, std::string_view type) {
  for (const auto& one : all)
    if (one.type == type) return &one;
  return nullptr;
}

TEST(Definition, ExamplesFitAndComeBackEqual) {
  const Loaded loaded;
  const auto cases = exercised::codec_cases();
  for (const auto& [type, example] : examples_of(loaded)) {
    const auto* codec = codec_of(cases, type);
    if (!codec) continue;
    SCOPED_TRACE(type + " " + json::to_string(example));
    EXPECT_EQ(mismatch(loaded.plan, schematic::Type::named(type), example), std::nullopt);
    const auto back = codec->round_trip(json::to_string(example));
    ASSERT_TRUE(back) << back.error().describe();
    EXPECT_TRUE(same(json::parse(*back).value(), example)) << *back;
  }
}

json::Value any_value(Random& random) {
  switch (random.below(7)) {
    case 0:
      return nullptr;
    case 1:
      return random.below(2) == 0;
    case 2:
      return static_cast<std::int64_t>(random.below(1000)) - 500;
    case 3:
      return 2.5;
    case 4:
      return "a text \"with\" \u00fc \n signs";
    case 5:
      return json::Array{1, "two", nullptr};
    default:
      return json::Object{{"unknown", true}};
  }
}

// Changes one place somewhere inside.
void mutate(json::Value& value, Random& random) {
  if (value.is_object() && !value.get_object().empty() && random.below(4) != 0) {
    auto& object = value.get_object();
    auto at = object.begin() + static_cast<std::ptrdiff_t>(random.below(object.size()));
    const auto choice = random.below(6);
    if (choice == 0)
      object.erase(at->key());
    else if (choice == 1)
      object["not_in_the_definition"] = any_value(random);
    else if (choice == 2)
      at->value() = any_value(random);
    else
      mutate(at->value(), random);
  } else if (value.is_array() && !value.get_array().empty() && random.below(3) != 0) {
    mutate(value.get_array()[random.below(value.get_array().size())], random);
  } else {
    value = any_value(random);
  }
}

// The generated decoder (over simdjson) and the reader of conform.cpp (over Boost.JSON) are written
// apart; they agree on what is a message, and what is one comes back equal.
TEST(Definition, DecodersAgreeWithAnIndependentReader) {
  const Loaded loaded;
  const auto cases = exercised::codec_cases();
  SeededRandom random(4);
  int accepted = 0, refused = 0;
  for (const auto& [type, example] : examples_of(loaded)) {
    const auto* codec = codec_of(cases, type);
    if (!codec) continue;
    for (int round = 0; round < 40; ++round) {
      json::Value value = example;
      for (auto changes = 1 + random.below(2); changes > 0; --changes) mutate(value, random);
      const auto text = json::to_string(value);
      const auto wrong = mismatch(loaded.plan, schematic::Type::named(type), value);
      const auto back = codec->round_trip(text);
      ASSERT_EQ(back.has_value(), !wrong)
          << type << " " << text << "\nreader: " << wrong.value_or("fits")
          << "\ndecoder: " << (back ? *back : back.error().describe());
      ++(back ? accepted : refused);
      if (back) {
        ASSERT_TRUE(same(json::parse(*back).value(), value)) << type << " " << text << "\n"
                                                             << *back;
      }
    }
  }
  EXPECT_GT(accepted, 0);
  EXPECT_GT(refused, 0);
}

Task<void> exercise_all(const Loaded& loaded) {
  const auto executor = co_await boost::asio::this_coro::executor;
  emulator::MockServer server(executor, loaded.definition, loaded.plan, emulator::MockOptions());
  const auto port = server.start();
  EXPECT_TRUE(port);
  if (!port) co_return;
  for (const auto& one : exercised::endpoint_cases()) {
    const bool rest = std::ranges::any_of(loaded.plan.rest, [&](const auto& endpoint) {
      return endpoint.endpoint->id == one.endpoint;
    });
    auto url = (rest ? "http://127.0.0.1:" : "ws://127.0.0.1:") + std::to_string(*port);
    const auto failures = co_await one.exercise(std::move(url));
    for (const auto& failure : failures) ADD_FAILURE() << one.endpoint << ": " << failure;
  }
  co_await server.stop();
}

TEST(Definition, ClientsTalkToTheMockOfTheirDefinition) {
  const Loaded loaded;
  run(exercise_all(loaded));
}

TEST(Definition, IsReadBackFromWhatIsWritten) {
  const Loaded loaded;
  for (const auto& text :
       {to_yaml(*loaded.definition), json::to_string(json::Value(to_json(*loaded.definition)))}) {
    schematic::Diagnostics diagnostics;
    const auto again = schematic::read_definition_text(text, diagnostics);
    ASSERT_TRUE(again) << diagnostics.text("written") << text;
    EXPECT_TRUE(diagnostics.empty()) << diagnostics.text("written");
    EXPECT_TRUE(*again == *loaded.definition) << text;
  }
}

}  // namespace
}  // namespace parley
