#include "parley/emulator/control/control.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "parley/emulator/server.hpp"

namespace parley::emulator {
namespace {

// A service and a clock that stands still, asked without sockets.
struct House {
  House() : clock(loop.get_executor(), true) {
    ServiceOptions options;
    options.now = [this] { return clock.wall_now(); };
    service.emplace(std::move(options));
  }
  json::Object ask(std::string method, std::string path, std::string body = "", int status = 200) {
    http::Request request(method, "/parley/" + path);
    request.body = std::move(body);
    Controlled controlled(*service, clock);
    controlled.director = director.get();
    controlled.set_script = [this](std::optional<Script> script) {
      director =
          script ? std::make_shared<Director>(std::move(*script), service->options().now) : nullptr;
      service->set_director(director);
    };
    const auto answer = control(request, *http::parse_target(request.target), controlled);
    EXPECT_EQ(answer.status, status) << answer.pieces.at(0);
    return json::parse(answer.pieces.at(0), json::trusted_limits())->as_object();
  }
  int generate() {
    http::Request request("POST", "/v1beta/models/gemini-2.5-flash:generateContent?key=canary-a");
    request.headers.set("Authorization", "Bearer canary-b");
    request.body = R"({"contents":[{"parts":[{"text":"repeat: hi"}]}]})";
    return service->handle(request, *http::parse_target(request.target)).status;
  }
  std::string message_of(const json::Object& answer) {
    return std::string(answer.at("error").at("message").as_string());
  }

  boost::asio::io_context loop;
  ServerClock clock;
  std::optional<Service> service;
  std::shared_ptr<Director> director;
};

TEST(Control_W23, TheJournalHasWhatWasAskedWithoutCredentials) {
  House house;
  EXPECT_EQ(house.generate(), 200);
  const auto journal = house.ask("GET", "journal");
  const auto& entries = journal.at("entries").as_array();
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].at("method"), "POST");
  EXPECT_NE(json::to_string(entries[0].at("body")).find("repeat: hi"), std::string::npos);
  EXPECT_EQ(json::to_string(journal).find("canary"), std::string::npos) << json::to_string(journal);
  house.ask("DELETE", "journal");
  EXPECT_TRUE(house.ask("GET", "journal").at("entries").as_array().empty());
}

TEST(Control_W23, FaultsWaitForTheNextRequests) {
  House house;
  const auto waiting =
      house.ask("POST", "faults", R"({"rest": ["status=503", "status=429"], "live": "cut"})");
  EXPECT_EQ(waiting.at("rest"), 2);
  EXPECT_EQ(waiting.at("live"), 1);
  EXPECT_EQ(house.generate(), 503);
  EXPECT_EQ(house.ask("DELETE", "faults").at("rest"), 0);
  EXPECT_EQ(house.generate(), 200);
  const auto refused = house.ask("POST", "faults", R"({"rest": ["status=503", "sleep=1"]})", 400);
  EXPECT_NE(house.message_of(refused).find("sleep"), std::string::npos);
  EXPECT_EQ(house.ask("GET", "state").at("faults").at("rest"), 0) << "nothing of a bad list counts";
}

TEST(Control_W23, AScriptIsTakenWholeOrNotAtAll) {
  House house;
  const auto taken = house.ask("POST", "script",
                               "version: 1\nrules:\n  - {name: busy, error: 503}\n"
                               "quotas: [{requests_per_minute: 5}]\n");
  EXPECT_EQ(taken.at("rules"), 1);
  EXPECT_EQ(house.generate(), 503);
  const auto state = house.ask("GET", "state");
  EXPECT_EQ(state.at("rules").at(0).at("name"), "busy");
  EXPECT_EQ(state.at("rules").at(0).at("matched"), 1);
  const auto refused = house.ask("POST", "script", "version: 1\nrulez: []\n", 400);
  EXPECT_NE(house.message_of(refused).find("script:2:1: error: "), std::string::npos);
  const auto& mistakes = refused.at("error").at("details").at(0).at("mistakes").as_array();
  EXPECT_EQ(mistakes.at(0).at("line"), 2);
  EXPECT_EQ(house.generate(), 503) << "the script that was there stays";
  house.ask("POST", "script", "version: 1\nrules: [{answer: [{audio: {wav: /etc/passwd}}]}]\n",
            400);
  house.ask("DELETE", "script");
  EXPECT_EQ(house.generate(), 200);
}

TEST(Control_W23, TheClockMovesForwardOnly) {
  House house;
  const auto before = house.clock.wall_now();
  EXPECT_EQ(house.ask("POST", "clock", R"({"advance": "90s"})").at("held"), true);
  EXPECT_EQ(house.clock.wall_now() - before, std::chrono::seconds(90));
  for (const char* bad : {R"({"advance": "-5s"})", R"({"advance": "soon"})", "{}", "[", "",
                          R"({"advance": "9000h"})", R"({"advanse": "5s", "advance": "1s"})"})
    house.ask("POST", "clock", bad, 400);
  EXPECT_EQ(house.clock.wall_now() - before, std::chrono::seconds(90));
}

TEST(Control_W23, OtherPathsAndMethodsAreRefused) {
  House house;
  house.ask("GET", "nothing", "", 404);
  EXPECT_NE(house.message_of(house.ask("PUT", "script", "", 405)).find("POST, DELETE"),
            std::string::npos);
}

TEST(Control_S1, OnlyThisMachineMayUseItUnlessTold) {
  const auto may = [](ControlAccess access, std::string_view peer, std::string host,
                      std::string origin = "") {
    http::Request request("GET", "/parley/state");
    request.headers.set("Host", std::move(host));
    if (!origin.empty()) request.headers.set("Origin", std::move(origin));
    return may_control(access, peer, request);
  };
  const auto loopback = ControlAccess::loopback;
  EXPECT_TRUE(may(loopback, "127.0.0.1", "127.0.0.1:8090"));
  EXPECT_TRUE(may(loopback, "::1", "[::1]:8090"));
  EXPECT_TRUE(may(loopback, "127.0.0.1", "localhost", "http://localhost:3000"));
  EXPECT_FALSE(may(loopback, "10.0.0.7", "127.0.0.1:8090"));
  EXPECT_FALSE(may(loopback, "127.0.0.1", "evil.example")) << "a name that was rebound";
  EXPECT_FALSE(may(loopback, "127.0.0.1", "127.0.0.1.evil.example"));
  EXPECT_FALSE(may(loopback, "127.0.0.1", "localhost", "https://evil.example"));
  EXPECT_FALSE(may(loopback, "127.0.0.1", "localhost", "null"));
  EXPECT_TRUE(may(ControlAccess::anyone, "10.0.0.7", "test.example"));
  EXPECT_FALSE(may(ControlAccess::nobody, "127.0.0.1", "127.0.0.1"));
}

}  // namespace
}  // namespace parley::emulator
