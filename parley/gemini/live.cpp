#include "parley/gemini/live.hpp"

#include <fmt/format.h>

#include "parley/gemini/client.hpp"
#include "parley/gemini/detail/live_link.hpp"
#include "parley/gemini/live_models.hpp"

namespace parley::gemini {

struct Live::State {
  State(std::unique_ptr<detail::LiveLink> opened, bool finds_activity, bool on_vertex)
      : link(std::move(opened)), automatic(finds_activity), vertex(on_vertex) {}

  void note(LiveEvent& event) {
    if (auto* end = std::get_if<LiveTurnComplete>(&event))
      end->of_tool_calls = std::exchange(calls_open, false);
    if (vertex && std::holds_alternative<LiveToolCalls>(event)) calls_open = true;
    if (std::holds_alternative<LiveInterrupted>(event)) calls_open = false;
    if (const auto* update = std::get_if<LiveResumption>(&event);
        update && update->resumable && !update->handle.empty())
      handle = update->handle;
    if (const auto* spent = std::get_if<LiveUsage>(&event)) {
      usage.prompt += spent->usage.prompt;
      usage.cached += spent->usage.cached;
      usage.answer += spent->usage.answer;
      usage.thoughts += spent->usage.thoughts;
      usage.tool_use += spent->usage.tool_use;
      usage.total += spent->usage.total;
    }
  }

  std::unique_ptr<detail::LiveLink> link;
  bool automatic;  // the service finds out where speech begins and ends
  bool vertex;
  bool calls_open = false;       // Vertex AI: the turn that is under way has called functions
  std::deque<LiveEvent> events;  // of messages that said several things
  std::string handle;
  Usage usage;
};

LiveOptions::LiveOptions(std::string_view model) {
  setup.model = model.empty() ? std::string() : model_resource(model);
}

LiveOptions& LiveOptions::answer_in(Modality::Known modality) & {
  if (!setup.generation_config) setup.generation_config.emplace();
  setup.generation_config->response_modalities = {Modality(modality)};
  return *this;
}
LiveOptions& LiveOptions::instruct(std::string_view text) & {
  setup.system_instruction = user_content(text);
  return *this;
}
LiveOptions& LiveOptions::transcribe() & {
  setup.input_audio_transcription.emplace();
  setup.output_audio_transcription.emplace();
  return *this;
}
LiveOptions& LiveOptions::resume(std::string_view handle) & {
  auto& resumption = setup.session_resumption.emplace();
  if (!handle.empty()) resumption.handle = std::string(handle);
  return *this;
}
LiveOptions& LiveOptions::declare(FunctionDeclaration function) & {
  declare_function(setup.tools, std::move(function));
  return *this;
}
LiveOptions& LiveOptions::speak_with(std::string_view voice) & {
  if (!setup.generation_config) setup.generation_config.emplace();
  auto& speech = setup.generation_config->speech_config.emplace();
  speech.voice_config.emplace().prebuilt_voice_config.emplace().voice_name = std::string(voice);
  return *this;
}

LiveOptions& LiveOptions::detect_activity(bool automatic) & {
  if (!setup.realtime_input_config) setup.realtime_input_config.emplace();
  auto& detection = setup.realtime_input_config->automatic_activity_detection;
  if (!detection) detection.emplace();
  detection->disabled = !automatic;
  return *this;
}

namespace {

bool finds_activity(const Setup& setup) {
  if (!setup.realtime_input_config || !setup.realtime_input_config->automatic_activity_detection)
    return true;
  return !setup.realtime_input_config->automatic_activity_detection->disabled.value_or(false);
}

Task<Result<void>> refuse(std::string why) {
  co_return fail(ErrorKind::invalid_state, std::move(why));
}

}  // namespace

Live::Live(std::unique_ptr<State> state) : state_(std::move(state)) {}
Live::Live(Live&&) noexcept = default;
Live& Live::operator=(Live&&) noexcept = default;
Live::~Live() = default;

Task<Result<Live>> Live::connect(LiveOptions options) {
  if (auto good = check_live_setup(options.setup); !good) co_return fail(std::move(good.error()));
  const bool automatic = finds_activity(options.setup);
  auto backend =
      Backend::choose(options.access, options.key, options.base_url, options.api_version);
  if (!backend) co_return fail(std::move(backend.error()));
  auto model = backend->model_name(options.setup.model);
  if (!model) co_return fail(std::move(model.error()).with_stage(Stage::setup));
  options.setup.model = std::move(*model);
  auto link = co_await detail::open_live_link(std::move(options), *backend);
  if (!link) co_return fail(std::move(link.error()));
  co_return Live(std::make_unique<State>(std::move(*link), automatic, backend->vertex()));
}

Task<std::optional<LiveEvent>> Live::next() {
  while (state_->events.empty()) {
    auto events = co_await state_->link->next();
    if (!events) co_return std::nullopt;
    for (auto& event : *events) {
      state_->note(event);
      state_->events.push_back(std::move(event));
    }
  }
  std::optional<LiveEvent> event(std::move(state_->events.front()));
  state_->events.pop_front();
  co_return event;
}

Result<void> Live::outcome() const {
  return detail::told_by_service(state_->link->outcome());
}
const std::string& Live::handle() const {
  return state_->handle;
}
const Usage& Live::usage() const {
  return state_->usage;
}

Task<Result<void>> Live::send_turns(std::vector<Content> turns, bool complete) {
  ClientContentMessage message;
  message.client_content.turns = std::move(turns);
  message.client_content.turn_complete = complete;
  return state_->link->send(std::move(message));
}
Task<Result<void>> Live::send_turn(std::string_view text) {
  std::vector<Content> turns;
  turns.push_back(user_content(text));
  return send_turns(std::move(turns), true);
}

namespace {

template <class Fill>
RealtimeInputMessage realtime(Fill fill) {
  RealtimeInputMessage message;
  fill(message.realtime_input);
  return message;
}

}  // namespace

Task<Result<void>> Live::send_text(std::string_view text) {
  return state_->link->send(
      realtime([&](RealtimeInput& input) { input.text = std::string(text); }));
}
Task<Result<void>> Live::send_audio(Bytes pcm, int rate) {
  return state_->link->send(realtime([&](RealtimeInput& input) {
    auto& blob = input.audio.emplace();
    blob.mime_type = fmt::format("audio/pcm;rate={}", rate);
    blob.data = std::move(pcm);
  }));
}
Task<Result<void>> Live::send_image(Bytes image, std::string_view mime_type) {
  return state_->link->send(realtime([&](RealtimeInput& input) {
    auto& blob = input.video.emplace();
    blob.mime_type = std::string(mime_type);
    blob.data = std::move(image);
  }));
}
Task<Result<void>> Live::end_audio() {
  if (!state_->automatic)
    return refuse("end_audio() is for automatic detection of activity, which is off");
  return state_->link->send(realtime([](RealtimeInput& input) { input.audio_stream_end = true; }));
}
Task<Result<void>> Live::begin_activity() {
  if (state_->automatic)
    return refuse("begin_activity() needs LiveOptions::detect_activity(false)");
  return state_->link->send(realtime([](RealtimeInput& input) { input.activity_start.emplace(); }));
}
Task<Result<void>> Live::end_activity() {
  if (state_->automatic) return refuse("end_activity() needs LiveOptions::detect_activity(false)");
  return state_->link->send(realtime([](RealtimeInput& input) { input.activity_end.emplace(); }));
}

Task<Result<void>> Live::respond(std::vector<FunctionResponse> responses) {
  ToolResponseMessage message;
  message.tool_response.function_responses = std::move(responses);
  return state_->link->send(std::move(message));
}
Task<Result<void>> Live::update_context(ContextUpdate update) {
  ContextUpdateMessage message;
  message.context_update = std::move(update);
  return state_->link->send(std::move(message));
}
Task<Result<void>> Live::close() {
  return state_->link->close();
}

}  // namespace parley::gemini
