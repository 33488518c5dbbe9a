#include "parley/emulator/server.hpp"

#include <algorithm>
#include <functional>

#include <fmt/format.h>

#include "parley/emulator/detail/wire.hpp"
#include "parley/emulator/fault/detail/shape.hpp"
#include "parley/emulator/live/detail/server.hpp"
#include "parley/emulator/openai/session.hpp"
#include "parley/emulator/record/player.hpp"
#include "parley/emulator/script/detail/settings.hpp"
#include "parley/emulator/script/director.hpp"

namespace parley::emulator {
namespace {

net::HttpServerOptions server_options(const ServerOptions& options) {
  net::HttpServerOptions server;
  server.address = options.address;
  server.port = options.port;
  server.tls = options.tls;
  server.limits.max_body = 32 * 1024 * 1024;  // the service takes 20 MB
  return server;
}

// OpenAI's Realtime API, beside Gemini's.
bool is_realtime(const http::Target& target) {
  return target.segments.size() == 2 && target.segments[0] == "v1" &&
         target.segments[1] == "realtime";
}

class Counted {
 public:
  explicit Counted(int& count) : count_(count) { ++count_; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  ~Counted() { --count_; }

 private:
  int& count_;
};

}  // namespace

struct Server::Core {
  Core(const Executor& executor, const ServerOptions& options)
      : clock(std::make_shared<ServerClock>(executor, options.hold_clock)),
        service(timed(options.service, clock)),
        own_live(options.live),
        live(options.live),
        music(options.music),
        memory(options.live.seed),
        quotas(options.quotas),
        own_faults(options.service.faults),
        access(options.control) {
    if (!options.replay.empty()) player.emplace(options.replay, options.replay_in_time);
    set_script(options.script);
  }
  static ServiceOptions timed(ServiceOptions options, std::shared_ptr<ServerClock> clock);
  void set_script(std::optional<Script> script);
  std::unique_ptr<LiveVoice> live_session(net::Exchange& exchange);
  Answer control_answer(net::Exchange& exchange);
  Answer refuse_realtime(const http::Request& request) const;
  static Task<void> answer(std::shared_ptr<Core> self, net::Exchange& exchange);

  std::shared_ptr<ServerClock> clock;
  Service service;
  LiveOptions own_live, live;  // without and with what the script says of sessions
  MusicOptions music;
  LiveMemory memory;
  std::vector<QuotaLimit> quotas;  // without a script's
  FaultRate own_faults;
  ControlAccess access;
  std::optional<Player> player;
  int streaming = 0, sessions = 0;
};

namespace {
Task<void> send(net::Exchange& exchange, Answer answer, std::shared_ptr<ServerClock> clock);
}

ServiceOptions Server::Core::timed(ServiceOptions options, std::shared_ptr<ServerClock> clock) {
  if (!options.now) options.now = [clock = std::move(clock)] { return clock->wall_now(); };
  return options;
}

void Server::Core::set_script(std::optional<Script> script) {
  live = own_live;
  service.set_fault_rate(script && script->faults ? *script->faults : own_faults);
  std::shared_ptr<Director> director;
  if (script || !quotas.empty()) {
    Script all = script ? std::move(*script) : Script();
    detail::apply(all.live, live);
    all.quotas.insert(all.quotas.end(), quotas.begin(), quotas.end());
    director = std::make_shared<Director>(std::move(all), service.options().now);
  }
  live.director = director;
  service.set_director(std::move(director));
}

Server::Server(Executor executor, ServerOptions options)
    : options_(std::move(options)),
      core_(std::make_shared<Core>(executor, options_)),
      server_(std::move(executor), server_options(options_),
              std::bind_front(&Core::answer, core_)) {}

Result<std::uint16_t> Server::start() {
  auto port = server_.listen();
  if (port) port_ = *port;
  return port;
}

Task<void> Server::stop() {
  return server_.stop(std::chrono::milliseconds(0));
}
Service& Server::service() {
  return core_->service;
}
void Server::set_script(std::optional<Script> script) {
  core_->set_script(std::move(script));
}
ServerClock& Server::clock() {
  return *core_->clock;
}
int Server::streaming() const {
  return core_->streaming;
}
std::string Server::base_url() const {
  return fmt::format("{}://{}:{}", options_.tls ? "https" : "http", options_.address, port_);
}

// Live, as far as the path is one of its: what was recorded, or the service's own session.
std::unique_ptr<LiveVoice> Server::Core::live_session(net::Exchange& exchange) {
  const auto now = clock->now();
  if (player) return player->session(exchange.request().target, now);
  if (is_realtime(exchange.target()))
    return std::make_unique<RealtimeSession>(
        live, std::string(exchange.target().parameter("model").value_or("gpt-realtime")), now,
        clock->wall_now());
  auto door = service.live_door(exchange.request(), exchange.target());
  if (!door) return nullptr;
  if (door->music) return std::make_unique<MusicSession>(music, std::move(*door), now);
  return std::make_unique<LiveSession>(live, memory, std::move(*door), now);
}

Answer Server::Core::control_answer(net::Exchange& exchange) {
  if (!may_control(access, exchange.peer_address(), exchange.request()))
    return detail::error_answer(403, "PERMISSION_DENIED",
                                "The paths below /parley are for this machine alone.");
  Controlled controlled(service, *clock);
  controlled.director = live.director.get();
  controlled.streaming = streaming - sessions;
  controlled.sessions = sessions;
  controlled.set_script = [this](std::optional<Script> script) { set_script(std::move(script)); };
  return control(exchange.request(), exchange.target(), controlled);
}

// The key of another service, which refuses the upgrade itself; status 101: it is good.
Answer Server::Core::refuse_realtime(const http::Request& request) const {
  const auto given = request.headers.find("authorization").value_or("");
  const auto key = given.starts_with("Bearer ") ? given.substr(7) : std::string_view();
  Answer answer;
  answer.status = 101;
  if (!key.empty() &&
      std::ranges::find(service.options().bad_keys, key) == service.options().bad_keys.end())
    return answer;
  answer.status = 401;
  answer.headers.set("Content-Type", "application/json");
  answer.pieces.push_back(
      R"({"error":{"message":"Incorrect API key provided.","type":"invalid_request_error","param":null,"code":"invalid_api_key"}})");
  return answer;
}

Task<void> Server::Core::answer(std::shared_ptr<Core> self, net::Exchange& exchange) {
  if (self->access != ControlAccess::nobody && is_control(exchange.target())) {
    auto answer = self->control_answer(exchange);
    co_await send(exchange, std::move(answer), self->clock);
    co_return;
  }
  Counted counted(self->streaming);
  if (exchange.request().headers.has_token("Connection", "upgrade")) {
    const bool realtime = is_realtime(exchange.target());
    if (realtime) {
      auto refused = self->refuse_realtime(exchange.request());
      if (refused.status != 101) {
        co_await send(exchange, std::move(refused), self->clock);
        co_return;
      }
    }
    if (auto session = self->live_session(exchange)) {
      Counted held(self->sessions);
      const std::string target = exchange.request().target;
      std::function<void(std::string_view)> remember = [self, target](std::string_view message) {
        self->service.remember_live(target, message);
      };
      const bool text_frames = realtime || self->live.text_frames;
      co_await detail::serve_live(exchange, std::move(session), text_frames, self->clock,
                                  std::move(remember));
      co_return;
    }
  }
  auto answer = self->player ? self->player->answer(exchange.request())
                             : self->service.handle(exchange.request(), exchange.target());
  co_await send(exchange, std::move(answer), self->clock);
}

namespace {

Task<void> send(net::Exchange& exchange, Answer answer, std::shared_ptr<ServerClock> clock) {
  if (answer.fault.delay.count() > 0) co_await ServerClock::sleep(clock, answer.fault.delay);
  http::Response response(answer.status);
  response.headers = std::move(answer.headers);
  auto plan = detail::plan_body(answer, answer.fault);
  const bool whole = plan.end == detail::BodyPlan::End::whole;
  if (!answer.streamed && whole && answer.fault.piece == 0) {
    for (const auto& step : plan.steps) response.body += step.bytes;
    co_await exchange.respond(std::move(response));
    co_return;
  }
  if (auto begun = co_await exchange.begin(std::move(response)); !begun) co_return;
  for (auto& step : plan.steps) {
    if (step.wait.count() > 0) co_await ServerClock::sleep(clock, step.wait);
    std::string bytes = std::move(step.bytes);
    if (auto written = co_await exchange.write(std::move(bytes)); !written) co_return;
  }
  if (plan.end == detail::BodyPlan::End::stall) co_await exchange.wait_for_peer();
  if (whole)
    co_await exchange.finish();
  else
    exchange.abort();
}

}  // namespace

}  // namespace parley::emulator
