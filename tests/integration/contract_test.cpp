#include <gtest/gtest.h>

#include "house.hpp"

namespace parley {
namespace {

using testing::Folder;
using testing::House;
using testing::HouseOptions;
using testing::in_house;
using testing::number_of;
using testing::Person;
using testing::text_of;

std::string new_session(const json::Object& made) {
  return text_of(made, "session_id");
}

TEST(ChatContract_1_5, ASessionIsMadeShownListedClearedAndDeletedOverRest) {
  in_house([](House& house) -> Task<void> {
    const auto made = co_await house.json("POST", "/sessions/new", "{}");
    const auto id = new_session(made);
    EXPECT_EQ(id.size(), 36u);
    EXPECT_EQ(text_of(made, "model"), "gemini-2.5-flash");
    EXPECT_TRUE(text_of(made, "timestamp").ends_with("Z"));

    Person person = co_await Person::join(house);
    co_await person.say(R"({"type":"join_session","session_id":")" + id + "\"}");
    co_await person.until("session_joined");
    co_await person.chat("Hello");
    const auto done = co_await person.until("response_complete");
    co_await person.until("message_added");

    auto shown = co_await house.json("GET", "/sessions/" + id);
    EXPECT_EQ(number_of(shown, "message_count"), 2);
    EXPECT_EQ(number_of(shown, "user_messages"), 1);
    EXPECT_EQ(number_of(shown, "model_messages"), 1);
    EXPECT_GE(shown.at("session_duration_seconds").to_number<double>(), 0);
    const auto& messages = shown.at("messages").as_array();
    EXPECT_EQ(messages.size(), 2u);
    EXPECT_EQ(messages[0].at("content").as_string(), "Hello");
    EXPECT_EQ(messages[1].at("content").as_string(), text_of(done, "full_response"));
    const auto bare = co_await house.json("GET", "/sessions/" + id + "?include=none");
    EXPECT_FALSE(bare.contains("messages"));

    const auto list = co_await house.json("GET", "/sessions");
    EXPECT_EQ(number_of(list, "active_sessions"), 1);
    const auto& row = list.at("sessions").as_array().at(0).as_object();
    for (const char* key : {"session_id", "model", "message_count", "duration_minutes",
                            "connected_clients", "created_at", "last_activity"})
      EXPECT_TRUE(row.contains(key)) << key;
    EXPECT_EQ(number_of(row, "connected_clients"), 1);

    const auto cleared = co_await house.json("POST", "/sessions/" + id + "/clear");
    EXPECT_EQ(text_of(cleared, "message"), "Session " + id + " cleared");
    co_await person.until("session_cleared");
    EXPECT_EQ(number_of(co_await house.json("GET", "/sessions/" + id), "message_count"), 0);

    const auto deleted = co_await house.json("DELETE", "/sessions/" + id);
    EXPECT_EQ(text_of(deleted, "message"), "Session " + id + " deleted");
    co_await person.until("session_deleted");
    for (const auto& [method, target] : {std::pair("GET", "/sessions/" + id),
                                         {"DELETE", "/sessions/" + id},
                                         {"POST", "/sessions/" + id + "/clear"}}) {
      const auto gone = co_await house.request(method, target);
      EXPECT_EQ(gone.status, 404) << method;
      EXPECT_EQ(gone.body, R"({"detail":"Session not found"})");
    }
  });
}

TEST(ChatContract_1_5, BodiesMethodsAndPathsThatDoNotFitAreRefusedInWords) {
  HouseOptions options;
  options.chat.hub.models = {"gemini-2.5-flash"};
  in_house(
      [](House& house) -> Task<void> {
        struct Case {
          const char *method, *target, *body;
          int status;
          const char* words;
        };
        const Case cases[] = {
            {"POST", "/sessions/new", "{", 400, "Invalid JSON format"},
            {"POST", "/sessions/new", "[]", 422, "JSON object"},
            {"POST", "/sessions/new", R"({"model_id":5})", 422, "model_id"},
            {"POST", "/sessions/new", R"({"model_id":"other"})", 400, "Unknown model: other"},
            {"PUT", "/sessions", "", 405, "Method Not Allowed"},
            {"POST", "/health", "", 405, "Method Not Allowed"},
            {"GET", "/nowhere", "", 404, "Not Found"},
            {"GET", "/demo/lite/../../etc/passwd", "", 404, "Not Found"},
            {"GET", "/ws", "", 426, "pgrade"},
        };
        for (const auto& bad : cases) {
          SCOPED_TRACE(bad.target);
          const auto response = co_await house.request(bad.method, bad.target, bad.body);
          EXPECT_EQ(response.status, bad.status) << response.body;
          EXPECT_NE(response.body.find(bad.words), std::string::npos) << response.body;
          if (bad.status == 405) {
            EXPECT_TRUE(response.headers.find("Allow"));
          }
        }
        EXPECT_EQ((co_await house.json("GET", "/sessions")).at("sessions").as_array().size(), 0u);
      },
      options);
}

TEST(ChatContract_1_5, HeadAndOptionsAreRight) {
  in_house([](House& house) -> Task<void> {
    const auto head = co_await house.request("HEAD", "/health");
    EXPECT_EQ(head.status, 200);
    EXPECT_TRUE(head.body.empty());
    const auto options = co_await house.request("OPTIONS", "/sessions/x");
    EXPECT_EQ(options.headers.find("Allow").value_or(""), "GET, HEAD, DELETE, OPTIONS");
  });
}

TEST(ChatContract_1_5, HealthStatsAndIndexTellTheState) {
  in_house([](House& house) -> Task<void> {
    Person person = co_await Person::join(house);
    co_await person.chat("Hello");
    co_await person.until("response_complete");
    const auto health = co_await house.json("GET", "/health");
    EXPECT_EQ(text_of(health, "status"), "healthy");
    EXPECT_EQ(number_of(health, "total_requests"), 1);
    EXPECT_EQ(number_of(health, "successful_requests"), 1);
    EXPECT_EQ(number_of(health, "failed_requests"), 0);
    EXPECT_EQ(number_of(health, "active_sessions"), 1);
    EXPECT_EQ(number_of(health, "websocket_connections"), 1);
    EXPECT_GE(health.at("uptime_seconds").to_number<double>(), 0);
    const auto stats = co_await house.json("GET", "/stats");
    EXPECT_EQ(number_of(stats, "total_sessions_created"), 1);
    EXPECT_TRUE(text_of(stats, "start_time").ends_with("Z"));
    EXPECT_TRUE(stats.contains("average_response_time"));
    const auto index = co_await house.json("GET", "/");
    EXPECT_EQ(index.at("endpoints").as_object().size(), 10u);
  });
}

TEST(ChatContract_1_5, PagesCarryTheirPolicyAndTheDocumentsAreJson) {
  in_house([](House& house) -> Task<void> {
    for (const char* page : {"/demo", "/demo/lite", "/docs"}) {
      const auto response = co_await house.request("GET", page);
      EXPECT_EQ(response.status, 200) << page;
      EXPECT_EQ(response.headers.find("Content-Type").value_or(""), "text/html; charset=utf-8");
      EXPECT_TRUE(response.headers.find("Content-Security-Policy"));
    }
    EXPECT_EQ(text_of(co_await house.json("GET", "/openapi.json"), "openapi").substr(0, 2), "3.");
    EXPECT_EQ(text_of(co_await house.json("GET", "/asyncapi.json"), "asyncapi").substr(0, 2), "3.");
  });
}

TEST(ChatContract_C36, ForeignOriginsAreRefusedBeforeTheUpgrade) {
  in_house([](House& house) -> Task<void> {
    const auto refused =
        co_await house.request("GET", "/sessions", "", "Origin", "https://evil.example");
    EXPECT_EQ(refused.status, 403);
    const auto host = co_await house.request("GET", "/sessions", "", "Host", "evil.example");
    EXPECT_EQ(host.status, 421);
  });
}

TEST(ChatContract_1_6, TwoPeopleSeeOneAnswerAndOneIsTyping) {
  in_house([](House& house) -> Task<void> {
    Person a = co_await Person::join(house);
    co_await a.say(R"({"type":"create_session"})");
    const auto id = new_session(co_await a.until("session_created"));
    Person b = co_await Person::join(house);
    co_await b.say(R"({"type":"join_session","session_id":")" + id + "\"}");
    EXPECT_EQ(text_of(co_await a.until("user_joined"), "connection_id"), b.id());
    co_await a.say(R"({"type":"typing_start"})");
    const auto typing = co_await b.until("user_typing");
    EXPECT_EQ(text_of(typing, "connection_id"), a.id());
    EXPECT_TRUE(typing.at("typing").as_bool());
    co_await a.chat("Tell us **something**");
    const auto of_a = co_await a.until("response_complete");
    const auto of_b = co_await b.until("response_complete");
    EXPECT_EQ(text_of(of_a, "full_response"), text_of(of_b, "full_response"));
    EXPECT_EQ(a.chunks(), text_of(of_a, "full_response"));
    EXPECT_EQ(b.chunks(), a.chunks());
    co_await b.say(R"({"type":"ping"})");
    EXPECT_EQ(text_of(co_await b.until("pong"), "connection_id"), b.id());
  });
}

TEST(ChatContract_C29, ASlowModelDelaysNobodyElse) {
  HouseOptions options;
  options.emulator.service.pace = std::chrono::hours(1);
  in_house(
      [](House& house) -> Task<void> {
        Person waiting = co_await Person::join(house);
        Person other = co_await Person::join(house);
        co_await waiting.chat("write 100 words about patience");
        co_await waiting.until("chunk");
        co_await other.say(R"({"type":"ping"})");
        co_await other.until("pong");
        co_await other.say(R"({"type":"create_session","model_id":"recording-quick"})");
        co_await other.until("session_created");
        EXPECT_EQ(number_of(co_await house.json("GET", "/health"), "in_flight_requests"), 1);
        co_await waiting.say(R"({"type":"ping"})");
        co_await waiting.until("pong");
      },
      options);
}

TEST(ChatContract_1_7, SessionsSurviveARestart) {
  Folder folder;
  HouseOptions options;
  options.chat.data_folder = folder.path();
  in_house(
      [](House& house) -> Task<void> {
        std::string id, answer;
        {
          Person person = co_await Person::join(house);
          co_await person.chat("My name is Ada.");
          const auto done = co_await person.until("response_complete");
          id = text_of(done, "session_id");
          answer = text_of(done, "full_response");
          co_await person.until("message_added");
        }
        co_await house.restart();
        const auto shown = co_await house.json("GET", "/sessions/" + id);
        const auto& messages = shown.at("messages").as_array();
        EXPECT_EQ(messages.size(), 2u);
        EXPECT_EQ(messages[1].at("content").as_string(), answer);
        Person person = co_await Person::join(house);
        co_await person.say(R"({"type":"join_session","session_id":")" + id + "\"}");
        EXPECT_EQ(number_of(co_await person.until("session_joined"), "message_count"), 2);
        co_await person.chat("What did I tell you?");
        co_await person.until("response_complete");
        const auto& asked = house.emulator.service().journal().back();
        EXPECT_NE(asked.body.find("My name is Ada."), std::string::npos)
            << "the context goes along";
      },
      options);
}

TEST(ChatContract_C35, AStopTellsEveryConnection1001) {
  in_house([](House& house) -> Task<void> {
    Person person = co_await Person::join(house);
    co_await house.chat->stop(std::chrono::milliseconds(0));
    EXPECT_EQ(co_await person.until_closed(), 1001);
  });
}

}  // namespace
}  // namespace parley
