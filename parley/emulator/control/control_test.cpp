#include "parley/emulator/control/control.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "parley/emulator/script/director.hpp"

namespace parley::emulator {
namespace {

struct Desk {
  Desk() : clock(loop.get_executor(), true), service(ServiceOptions()), parts(service, clock) {
    parts.set_script = [this](std::optional<Script> script) {
      service.set_director(script ? std::make_shared<Director>(std::move(*script)) : nullptr);
    };
  }
  Answer ask(std::string method, std::string target, std::string body = "") {
    http::Request request(std::move(method), std::move(target));
    request.headers.add("Host", "localhost:8090");
    request.body = std::move(body);
    return ask(request, "127.0.0.1");
  }
  Answer ask(const http::Request& request, std::string_view peer,
             ControlAccess access = ControlAccess::loopback) {
    auto answer = answer_control(request, *http::parse_target(request.target), access, peer, parts);
    Answer none;
    none.status = 0;
    return answer ? std::move(*answer) : none;
  }
  json::Object told(std::string method, std::string target, std::string body = "") {
    const auto answer = ask(std::move(method), std::move(target), std::move(body));
    EXPECT_EQ(answer.status, 200) << answer.pieces.at(0);
    return json::parse(answer.pieces.at(0), json::trusted_limits())->as_object();
  }
  Answer generate() {
    http::Request request("POST",
                          "/v1beta/models/gemini-2.5-flash:generateContent?key=canary-4711");
    request.body = R"({"contents":[{"role":"user","parts":[{"text":"Hello"}]}]})";
    return service.handle(request, *http::parse_target(request.target));
  }

  boost::asio::io_context loop;
  ServerClock clock;
  Service service;
  ControlParts parts;
};

TEST(Control_W23, TheJournalIsReadWithoutKeysAndForgotten) {
  Desk desk;
  EXPECT_EQ(desk.generate().status, 200);
  const auto read = desk.told("GET", "/parley/journal");
  const auto& requests = read.at("requests").as_array();
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_EQ(requests[0].as_object().at("method").as_string(), "POST");
  EXPECT_NE(json::to_string(read).find("Hello"), std::string::npos);
  EXPECT_EQ(json::to_string(read).find("canary-4711"), std::string::npos);
  EXPECT_EQ(desk.told("DELETE", "/parley/journal").at("requests").as_array().size(), 1u);
  EXPECT_EQ(desk.told("GET", "/parley/journal").at("requests").as_array().size(), 0u);
}

TEST(Control_W23, FaultsWaitForTheNextAnswers) {
  Desk desk;
  const auto waiting = desk.told("POST", "/parley/faults",
                                 R"({"rest":["status=503","cut=3"],"live":["close=1011"]})");
  EXPECT_EQ(waiting.at("rest").to_number<int>(), 2);
  EXPECT_EQ(waiting.at("live").to_number<int>(), 1);
  EXPECT_EQ(desk.generate().status, 503);
  EXPECT_EQ(desk.told("DELETE", "/parley/faults").at("rest").to_number<int>(), 0);
  EXPECT_EQ(desk.generate().status, 200);
  for (const char* wrong : {"", "[]", R"({"rset":[]})", R"({"rest":"cut=1"})", R"({"rest":[1]})",
                            R"({"rest":["cut=1"],"live":["cutt"]})"})
    EXPECT_EQ(desk.ask("POST", "/parley/faults", wrong).status, 400) << wrong;
  EXPECT_EQ(desk.service.waiting_faults(), 0u) << "a mistake changes nothing";
}

TEST(Control_W23, AScriptIsTakenOrItsMistakesAreTold) {
  Desk desk;
  const auto taken =
      desk.told("POST", "/parley/script", "version: 1\nrules: [ { name: busy, error: 503 } ]\n");
  EXPECT_EQ(taken.at("rules").as_array().at(0).as_object().at("name").as_string(), "busy");
  EXPECT_EQ(desk.generate().status, 503);
  const auto refused = desk.ask("POST", "/parley/script", "version: 1\nrulez: []\n");
  EXPECT_EQ(refused.status, 400);
  EXPECT_NE(refused.pieces.at(0).find("script:2:1: error: "), std::string::npos);
  EXPECT_EQ(desk.generate().status, 503) << "the one before stays";
  const auto state = desk.told("GET", "/parley/state");
  EXPECT_EQ(state.at("rules").as_array().at(0).as_object().at("matched").to_number<int>(), 2);
  EXPECT_EQ(desk.told("DELETE", "/parley/script").at("rules").as_array().size(), 0u);
  EXPECT_EQ(desk.generate().status, 200);
}

TEST(Control_W23, TimeGoesOnWhenItIsTold) {
  Desk desk;
  const auto before = desk.clock.wall_now();
  const auto told = desk.told("POST", "/parley/clock", R"({"advance":"90.5s"})");
  EXPECT_TRUE(told.at("held").as_bool());
  EXPECT_EQ(desk.clock.wall_now() - before, std::chrono::milliseconds(90'500));
  for (const char* wrong : {"{}", R"({"advance":90})", R"({"advance":"-1s"})",
                            R"({"advance":"99999999s"})", R"({"advance":"1s","by":1})"})
    EXPECT_EQ(desk.ask("POST", "/parley/clock", wrong).status, 400) << wrong;
}

TEST(Control_W23, OnlyThisMachineMaySteer) {
  Desk desk;
  const auto asked = [&desk](std::string_view peer, std::string_view host, std::string_view origin,
                             ControlAccess access = ControlAccess::loopback) {
    http::Request request("GET", "/parley/state");
    request.headers.add("Host", host);
    if (!origin.empty()) request.headers.add("Origin", origin);
    return desk.ask(request, peer, access).status;
  };
  EXPECT_EQ(asked("127.0.0.1", "127.0.0.1:8090", ""), 200);
  EXPECT_EQ(asked("::1", "[::1]:8090", "http://localhost:3000"), 200);
  EXPECT_EQ(asked("192.168.1.7", "127.0.0.1", ""), 403);
  EXPECT_EQ(asked("127.0.0.1", "evil.example", ""), 403);
  EXPECT_EQ(asked("127.0.0.1", "127.0.0.1.evil.example", ""), 403);
  EXPECT_EQ(asked("127.0.0.1", "localhost", "https://evil.example"), 403);
  EXPECT_EQ(asked("127.0.0.1", "localhost", "null"), 403);
  EXPECT_EQ(asked("192.168.1.7", "emulator", "", ControlAccess::anyone), 200);
  EXPECT_EQ(asked("127.0.0.1", "localhost", "", ControlAccess::nobody), 0);
}

TEST(Control_W23, OtherPathsAndMethodsAreTold) {
  Desk desk;
  EXPECT_EQ(desk.ask("GET", "/parley").status, 404);
  EXPECT_EQ(desk.ask("GET", "/parley/jurnal").status, 404);
  const auto refused = desk.ask("PUT", "/parley/script");
  EXPECT_EQ(refused.status, 405);
  EXPECT_EQ(refused.headers.find("Allow").value_or(""), "POST, DELETE");
  EXPECT_EQ(desk.ask("GET", "/v1beta/models").status, 0) << "none of its paths";
}

}  // namespace
}  // namespace parley::emulator
