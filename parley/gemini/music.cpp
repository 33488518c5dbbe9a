#include "parley/gemini/music.hpp"

#include <charconv>
#include <cmath>
#include <deque>

#include <fmt/format.h>

#include "parley/gemini/backend.hpp"
#include "parley/gemini/client.hpp"
#include "parley/gemini/detail/live_link.hpp"
#include "parley/gemini/status.hpp"
#include "parley/generated/gemini/live_music.hpp"
#include "parley/net/system.hpp"

namespace parley::gemini {
namespace {

// A parameter of "audio/l16;rate=48000;channels=2".
int parameter_of(std::string_view mime, std::string_view name, int otherwise) {
  int value = 0;
  const auto at = mime.find(name);
  if (at == std::string_view::npos) return otherwise;
  std::from_chars(mime.data() + at + name.size(), mime.data() + mime.size(), value);
  return value > 0 ? value : otherwise;
}

std::vector<MusicEvent> music_of(live_music::ServerMessage::variant& message) {
  std::vector<MusicEvent> events;
  if (auto* content = std::get_if<MusicContentMessage>(&message)) {
    if (content->server_content.audio_chunks)
      for (auto& chunk : *content->server_content.audio_chunks) {
        if (!chunk.data) continue;
        const auto mime = chunk.mime_type.value_or("");
        MusicAudio audio;
        audio.rate = parameter_of(mime, "rate=", audio.rate);
        audio.channels = parameter_of(mime, "channels=", audio.channels);
        audio.pcm = std::move(*chunk.data);
        events.emplace_back(std::move(audio));
      }
  } else if (auto* filtered = std::get_if<MusicFilteredMessage>(&message)) {
    MusicFiltered prompt;
    prompt.text = filtered->filtered_prompt.text.value_or("");
    prompt.reason = filtered->filtered_prompt.filtered_reason.value_or("");
    events.emplace_back(std::move(prompt));
  } else if (auto* other = std::get_if<json::Unknown>(&message)) {
    if (auto told = events_of(std::move(*other)); !told.empty())
      events.emplace_back(std::get<LiveUnknown>(std::move(told.front())));
  }
  return events;
}

Task<Result<void>> refused(std::string why) {
  co_return fail(Error(ErrorKind::invalid_argument, std::move(why)).with_stage(Stage::send));
}

}  // namespace

struct Music::State {
  State(live_music::Connection opened, detail::UnreadableSlot slot)
      : connection(std::move(opened)), unreadable(std::move(slot)) {}
  Task<Result<void>> playback(MusicPlayback::Known what) {
    MusicPlaybackMessage message;
    message.playback_control = what;
    return connection.send_music_playback(std::move(message));
  }
  live_music::Connection connection;
  detail::UnreadableSlot unreadable;
  std::deque<MusicEvent> events;  // of a message with several pieces
};

Music::Music(std::unique_ptr<State> state) : state_(std::move(state)) {}
Music::Music(Music&&) noexcept = default;
Music& Music::operator=(Music&&) noexcept = default;
Music::~Music() = default;

Task<Result<Music>> Music::connect(MusicOptions options) {
  if (options.model.empty())
    co_return fail(Error(ErrorKind::invalid_argument, "no model was named for the music session")
                       .with_stage(Stage::setup));
  LiveOptions socket(options.model);
  socket.key = options.key;
  socket.base_url = options.base_url;
  socket.connect = std::move(options.connect);
  socket.step_timeout = options.step_timeout;
  socket.idle_timeout = options.idle_timeout;
  socket.inbox_bytes = options.inbox_bytes;
  socket.events = std::move(options.events);
  auto backend = Backend::choose(socket.access, socket.key, socket.base_url, "");
  if (!backend) co_return fail(std::move(backend.error()));
  if (backend->vertex())
    co_return fail(ErrorKind::invalid_argument,
                   "Vertex AI has no music sessions: they are the Developer API's");
  const auto slot = std::make_shared<std::optional<LiveUnreadable>>();
  auto session = detail::session_options(socket, *backend, slot);
  session.path.clear();  // the definition's: v1alpha
  live_music::Params params;
  auto connection = co_await live_music::Connection::open(std::move(params), std::move(session));
  if (!connection)
    co_return fail(told_by_refusal(std::move(connection.error()), net::SystemClock().wall_now()));
  MusicSetupMessage setup;
  setup.setup.model = socket.setup.model;
  if (auto taken = co_await connection->initialize(std::move(setup)); !taken)
    co_return fail(std::move(detail::told_by_service(std::move(taken)).error()));
  co_return Music(std::make_unique<State>(std::move(*connection), slot));
}

Task<std::optional<MusicEvent>> Music::next() {
  auto& state = *state_;
  while (state.events.empty()) {
    auto message = co_await state.connection.next();
    if (!message) co_return std::nullopt;
    if (*state.unreadable) {
      state.events.emplace_back(std::move(**state.unreadable));
      state.unreadable->reset();
      break;
    }
    for (auto& event : music_of(*message)) state.events.push_back(std::move(event));
  }
  std::optional<MusicEvent> event(std::move(state.events.front()));
  state.events.pop_front();
  co_return event;
}

Result<void> Music::outcome() const {
  return detail::told_by_service(state_->connection.outcome());
}

Task<Result<void>> Music::prompt(std::string_view text) {
  std::vector<WeightedPrompt> prompts;
  prompts.emplace_back(std::string(text), 1.0);
  return prompt(std::move(prompts));
}

Task<Result<void>> Music::prompt(std::vector<WeightedPrompt> prompts) {
  if (prompts.empty()) return refused("music needs a prompt");
  for (const auto& one : prompts) {
    if (one.text.empty()) return refused("a prompt for music has no text");
    if (one.weight == 0 || !std::isfinite(one.weight))
      return refused(fmt::format("the weight of \"{}\" must be a number that is not 0", one.text));
  }
  MusicPromptsMessage message;
  message.client_content.weighted_prompts = std::move(prompts);
  return state_->connection.send_music_prompts(std::move(message));
}

Result<void> check_music_config(const MusicConfig& config) {
  const auto check = [](std::string_view name, auto value, double least,
                        double most) -> Result<void> {
    if (!value) return {};
    const auto number = static_cast<double>(*value);
    if (number >= least && number <= most) return {};
    return fail(Error(ErrorKind::invalid_argument,
                      fmt::format("{} is {}, and {} to {} is possible", name, number, least, most))
                    .with_stage(Stage::send));
  };
  for (const auto& checked :
       {check("temperature", config.temperature, 0, 3), check("topK", config.top_k, 1, 1000),
        check("seed", config.seed, 0, 2'147'483'647), check("guidance", config.guidance, 0, 6),
        check("bpm", config.bpm, 60, 200), check("density", config.density, 0, 1),
        check("brightness", config.brightness, 0, 1)})
    if (!checked) return checked;
  return {};
}

Task<Result<void>> Music::configure(MusicConfig config) {
  if (const auto good = check_music_config(config); !good) return refused(good.error().message());
  MusicConfigMessage message;
  message.music_generation_config = std::move(config);
  return state_->connection.send_music_config(std::move(message));
}

Task<Result<void>> Music::play() {
  return state_->playback(MusicPlayback::play);
}
Task<Result<void>> Music::pause() {
  return state_->playback(MusicPlayback::pause);
}
Task<Result<void>> Music::stop() {
  return state_->playback(MusicPlayback::stop);
}
Task<Result<void>> Music::reset_context() {
  return state_->playback(MusicPlayback::reset_context);
}
Task<Result<void>> Music::close() {
  return state_->connection.close();
}

}  // namespace parley::gemini
