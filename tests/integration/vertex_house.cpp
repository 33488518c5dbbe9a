#include "vertex_house.hpp"

#include "parley/base/text.hpp"

namespace parley::testing {
namespace {

emulator::ServerOptions options_of(const std::shared_ptr<HandClock>& clock,
                                   const emulator::ServiceAccountFile& account) {
  emulator::ServerOptions options;
  options.service.pace = options.live.pace = std::chrono::milliseconds(0);
  options.live.playback = 0;
  options.service.now = [clock] { return clock->wall; };
  auto& auth = options.service.auth;
  auth.accounts.push_back(account.account);
  auto& user = auth.users.emplace_back();
  user.client_id = "client-1";
  user.client_secret = Secret("canary-client-secret");
  user.refresh_token = Secret("canary-refresh-token");
  auth.subject_tokens.emplace_back("canary-subject-token");
  auth.metadata_project = "machine-project";
  auth.only_own_tokens = true;
  auth.forbidden_projects = {"forbidden"};
  return options;
}

}  // namespace

VertexHouse::VertexHouse(Executor executor)
    : account(emulator::make_service_account("parley-test", "@/token").value()) {
  server = std::make_unique<emulator::Server>(std::move(executor), options_of(clock, account));
  EXPECT_TRUE(server->start());
}

std::string VertexHouse::file(const std::string& name, std::string text) const {
  for (auto at = text.find("@/"); at != std::string::npos; at = text.find("@/", at + 1))
    text.replace(at, 1, server->base_url());
  const auto path = folder.path() + "/" + name;
  std::ofstream(path) << text;
  return path;
}

api::GoogleTokenOptions VertexHouse::token_options() {
  api::GoogleTokenOptions options;
  options.policy.clock = clock;
  options.policy.events = [this](const Event& event) { events.push_back(event); };
  return options;
}

gemini::ClientOptions VertexHouse::options(std::shared_ptr<api::TokenSource> tokens) const {
  gemini::ClientOptions options;
  options.base_url = server->base_url();
  options.access.service = gemini::Service::vertex;
  options.access.project = "parley-test";
  options.access.location = "us-central1";
  options.access.tokens = std::move(tokens);
  return options;
}

std::shared_ptr<api::TokenSource> VertexHouse::tokens_of_slow_clock() {
  const auto slow = std::make_shared<HandClock>(*clock);
  slow->wall += std::chrono::seconds(200);
  auto options = token_options();
  options.policy.clock = slow;
  return api::tokens_of_file(service_account(), std::move(options)).value();
}

std::size_t VertexHouse::asked(std::string_view part) const {
  std::size_t count = 0;
  for (const auto& entry : server->service().journal())
    count += entry.target.find(part) != std::string::npos ? 1 : 0;
  return count;
}

std::string VertexHouse::all_told() const {
  std::string all;
  for (const auto& event : events)
    for (const auto& [key, value] : event.fields) all += key + "=" + value + "\n";
  for (const auto& entry : server->service().journal()) {
    all += entry.target + "\n" + entry.body + "\n";
    for (const auto& header : entry.headers.all()) all += header.name + ": " + header.value + "\n";
  }
  return all;
}

namespace {

Task<void> start_and_run(std::function<Task<void>(VertexHouse&)>& body) {
  VertexHouse house(co_await boost::asio::this_coro::executor);
  co_await body(house);
}

}  // namespace

void in_vertex(std::function<Task<void>(VertexHouse&)> body) {
  run(start_and_run(body));
}

}  // namespace parley::testing
