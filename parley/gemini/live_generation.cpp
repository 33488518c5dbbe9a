#include "parley/gemini/live_generation.hpp"

#include <cstdlib>

#include <fmt/format.h>

#include "parley/gemini/detail/live_turn.hpp"
#include "parley/limit/backoff.hpp"
#include "parley/net/system.hpp"

namespace parley::gemini {
namespace {

LiveOptions options_of(const Client& client, Setup setup, const WebSocketConfig& config) {
  const auto& backend = client.backend();
  LiveOptions options(setup.model);
  options.setup = std::move(setup);
  options.key = backend.key();
  options.base_url = backend.base().text();
  options.api_version = backend.version();
  options.access.service = backend.vertex() ? Service::vertex : Service::developer;
  options.access.project = backend.project();
  options.access.location = backend.location();
  options.access.tokens = backend.tokens();
  options.connect = config.connect;
  options.step_timeout = config.connect_timeout;
  options.idle_timeout = 2 * config.heartbeat;  // a ping at half of it
  options.compression = config.compression;
  options.max_message = config.max_message;
  options.events = config.events;
  return options;
}

limit::RetryPolicy policy_of(const WebSocketConfig& config) {
  auto policy = config.reconnect ? limit::uniform_retries() : limit::no_retries();
  if (config.reconnect)
    for (auto& rule : policy.rules) rule.retries = config.reconnect_attempts;
  return policy;
}

struct Connected {
  Connected(Live opened, api::CallReport made) : live(std::move(opened)), report(std::move(made)) {}
  Live live;
  api::CallReport report;
};

// Connects, as often as the configuration says.
Task<Result<Connected>> connect(const Client& client, Setup setup, const WebSocketConfig& config) {
  limit::Backoff backoff(policy_of(config), net::system_random(), net::now());
  api::CallReport report;
  report.endpoint = client.backend().base().origin();
  std::chrono::milliseconds waited{0};
  for (;;) {
    auto& attempt = report.attempts.emplace_back();
    attempt.number = static_cast<int>(report.attempts.size());
    attempt.endpoint = report.endpoint;
    attempt.waited = waited;
    const auto begun = net::now();
    auto options = options_of(client, setup, config);
    auto live = co_await Live::connect(std::move(options));
    auto& made = report.attempts.back();
    made.took = std::chrono::duration_cast<std::chrono::milliseconds>(net::now() - begun);
    made.status = live ? 101 : live.error().http_status();
    if (live) co_return Connected(std::move(*live), std::move(report));
    made.error = live.error();
    const auto delay = backoff.next_delay(live.error(), net::now());
    if (!delay) co_return fail(std::move(live.error()));
    waited = *delay;
    if (config.events)
      config.events(Event("gemini.retry")
                        .with("attempt", std::to_string(report.attempts.size() + 1))
                        .with("delay_ms", std::to_string(delay->count()))
                        .with("kind", std::string(to_string(live.error().kind()))));
    co_await sleep_for(*delay);
  }
}

using Shared = std::shared_ptr<LiveTurns::Session>;

Task<Result<Shared>> open_session(const Client& client, std::string model,
                                  const GenerateContentRequest& request,
                                  const WebSocketConfig& config) {
  if (auto good = check(config); !good) co_return fail(std::move(good.error()));
  auto name = client.backend().model_name(model);
  if (!name) co_return fail(std::move(name.error()));
  auto setup = live_setup_of(*name, request);
  if (!setup) co_return fail(std::move(setup.error()));
  auto connected = co_await connect(client, *setup, config);
  if (!connected) co_return fail(std::move(connected.error()));
  co_return std::make_shared<LiveTurns::Session>(std::move(connected->live), std::move(*setup),
                                                 std::move(connected->report));
}

Task<Result<Stream>> ask(Shared session, std::vector<Content> turns, detail::TurnKind kind) {
  auto all = std::exchange(session->kept, {});
  for (auto& turn : turns) all.push_back(std::move(turn));
  session->begin_turn();
  auto sent = co_await session->live.send_turns(std::move(all), true);
  if (!sent) co_return fail(std::move(sent.error()));
  co_return Stream(std::make_unique<detail::LiveTurn>(session, kind));
}

bool may_fall_back(const Error& why) {
  return why.kind() == ErrorKind::upgrade_refused && why.http_status() != 401 &&
         why.http_status() != 403 && why.http_status() != 407;
}

}  // namespace

Task<Result<LiveTurns>> LiveTurns::open(Client client, std::string model,
                                        GenerateContentRequest request, WebSocketConfig config) {
  auto session = co_await open_session(client, std::move(model), request, config);
  if (!session) co_return fail(std::move(session.error()));
  if (request.contents) (*session)->kept = std::move(*request.contents);
  co_return LiveTurns(std::move(*session));
}

Task<Result<Stream>> LiveTurns::generate(std::vector<Content> turns) {
  GenerateContentRequest request;
  request.contents = turns;
  const auto session = session_;
  if (turns.empty() && session->kept.empty())
    co_return fail(ErrorKind::invalid_argument, "a turn needs contents");
  if (auto good = live_setup_of(session->setup.model, request); !good)
    co_return fail(std::move(good.error()));
  co_return co_await ask(session, std::move(turns), detail::TurnKind::of_session);
}

Task<Result<Stream>> LiveTurns::respond(std::vector<FunctionResponse> responses) {
  const auto session = session_;
  session->begin_turn();
  auto sent = co_await session->live.respond(std::move(responses));
  if (!sent) co_return fail(std::move(sent.error()));
  co_return Stream(std::make_unique<detail::LiveTurn>(session, detail::TurnKind::after_calls));
}

Task<Result<void>> LiveTurns::add_context(std::vector<Content> turns) {
  for (auto& turn : turns) session_->kept.push_back(std::move(turn));
  co_return Result<void>();
}

Task<Result<void>> LiveTurns::change_context(ContextUpdate update) {
  const auto session = session_;
  co_return co_await session->live.update_context(std::move(update));
}

Result<void> LiveTurns::change_settings(const GenerationConfig& settings) const {
  GenerateContentRequest request;
  request.generation_config = settings;
  const auto wanted = live_setup_of(session_->setup.model, request);
  if (!wanted) return fail(wanted.error());
  const auto text = [](const Setup& setup) { return json::encode_text(*setup.generation_config); };
  if (text(*wanted) == text(session_->setup)) return {};
  return fail(ErrorKind::invalid_state,
              "a Live session takes generation settings in its setup only: begin another session");
}

Task<Result<void>> LiveTurns::close() {
  const auto session = session_;
  co_return co_await session->live.close();
}

Task<Result<Stream>> stream_over_websocket(Client client, std::string model,
                                           GenerateContentRequest request, WebSocketConfig config) {
  auto session = co_await open_session(client, model, request, config);
  if (session) {
    auto turns = std::move(request.contents).value_or(std::vector<Content>());
    co_return co_await ask(std::move(*session), std::move(turns), detail::TurnKind::alone);
  }
  if (!config.fallback_to_http || !may_fall_back(session.error()))
    co_return fail(std::move(session.error()));
  if (config.events)
    config.events(Event("gemini.fallback")
                      .with("from", "websocket")
                      .with("to", "http")
                      .with("why", session.error().describe()));
  co_return co_await client.models().stream_generate_content(std::move(model), std::move(request));
}

namespace {

void add_speech(WholeAnswer& whole, const Part& part) {
  const std::string mime = part.inline_data->mime_type.value_or("");
  const auto& data = *part.inline_data->data;
  whole.audio.insert(whole.audio.end(), data.begin(), data.end());
  const auto at = mime.find("rate=");
  whole.rate = at == std::string::npos ? 24'000 : std::atoi(mime.c_str() + at + 5);
}

bool is_speech(const Part& part) {
  return part.inline_data && part.inline_data->data &&
         part.inline_data->mime_type.value_or("").starts_with("audio/pcm");
}

// Texts that follow each other become one, as in an answer that comes whole.
void add_part(Content& content, Part part) {
  auto& parts = content.parts.has_value() ? *content.parts : content.parts.emplace();
  const bool joins = !parts.empty() && parts.back().text && part.text &&
                     parts.back().thought.value_or(false) == part.thought.value_or(false) &&
                     !part.thought_signature;
  if (joins)
    *parts.back().text += *part.text;
  else
    parts.push_back(std::move(part));
}

void add_message(WholeAnswer& whole, GenerateContentResponse message) {
  auto& out = whole.response;
  if (!out.candidates) out.candidates.emplace().emplace_back();
  auto& candidate = out.candidates->front();
  if (message.usage_metadata) out.usage_metadata = std::move(message.usage_metadata);
  if (message.model_version) out.model_version = std::move(message.model_version);
  if (message.response_id) out.response_id = std::move(message.response_id);
  if (message.prompt_feedback) out.prompt_feedback = std::move(message.prompt_feedback);
  if (candidates_of(message).empty()) return;
  auto& from = message.candidates->front();
  if (from.index) candidate.index = from.index;
  if (from.finish_reason) candidate.finish_reason = std::move(from.finish_reason);
  if (from.finish_message) candidate.finish_message = std::move(from.finish_message);
  if (from.grounding_metadata) candidate.grounding_metadata = std::move(from.grounding_metadata);
  if (!from.content || !from.content->parts) return;
  if (!candidate.content) candidate.content.emplace().role = "model";
  for (auto& part : *from.content->parts) {
    if (is_speech(part))
      add_speech(whole, part);
    else
      add_part(*candidate.content, std::move(part));
  }
}

}  // namespace

Task<Result<WholeAnswer>> generate_over_websocket(Client client, std::string model,
                                                  GenerateContentRequest request,
                                                  WebSocketConfig config) {
  auto stream = co_await stream_over_websocket(std::move(client), std::move(model),
                                               std::move(request), std::move(config));
  if (!stream) co_return fail(std::move(stream.error()));
  WholeAnswer whole;
  whole.served_by = stream->served_by();
  while (auto message = co_await stream->next()) add_message(whole, std::move(*message));
  if (auto outcome = stream->outcome(); !outcome) co_return fail(std::move(outcome.error()));
  co_return whole;
}

}  // namespace parley::gemini
