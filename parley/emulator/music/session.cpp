#include "parley/emulator/music/session.hpp"

#include <algorithm>
#include <deque>
#include <utility>

#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/emulator/detail/wire.hpp"
#include "parley/emulator/live/detail/shape.hpp"
#include "parley/emulator/music/detail/player.hpp"
#include "parley/json/codec.hpp"
#include "parley/json/value.hpp"

namespace parley::emulator {

using std::chrono::milliseconds;

struct MusicSession::State {
  State(MusicOptions music_options, LiveDoor music_door)
      : options(std::move(music_options)), door(std::move(music_door)), player(options.seed) {}

  void close(std::uint16_t code, std::string reason);
  template <class Message>
  void say(const Message& message, TimePoint now);
  void put(LiveOutput output);
  bool replaced(LiveOutput& output, TimePoint now);
  void received(std::string_view text, TimePoint now);
  void setup(const gemini::MusicSetup& wanted, TimePoint now);
  void prompts(const gemini::MusicPrompts& wanted, TimePoint now);
  void configure(const gemini::MusicConfig& wanted);
  void playback(const gemini::MusicPlayback& wanted, TimePoint now);
  void play_piece(TimePoint now);
  milliseconds pause() const {
    const auto length =
        static_cast<std::int64_t>(static_cast<double>(options.piece.count()) * options.pace);
    return std::max(milliseconds(length), milliseconds(1));
  }

  MusicOptions options;
  LiveDoor door;
  detail::Player player;
  bool ready = false, closed = false;
  gemini::MusicPrompts followed;
  gemini::MusicConfig config;
  std::optional<TimePoint> next_piece;  // while it plays
  std::size_t sent = 0;
  std::deque<LiveOutput> outputs;
  std::deque<LiveOutput> held;  // by a fault, until then; what comes behind it waits as well
  TimePoint held_until{};
};

MusicSession::MusicSession(MusicOptions options, LiveDoor door, TimePoint)
    : state_(std::make_unique<State>(std::move(options), std::move(door))) {
  if (state_->door.refusal) state_->close(state_->door.refusal_code, *state_->door.refusal);
}
MusicSession::MusicSession(MusicSession&&) noexcept = default;
MusicSession::~MusicSession() = default;

void MusicSession::received(std::string_view text, TimePoint now) {
  if (!state_->closed) state_->received(text, now);
}
void MusicSession::handle_timeout(TimePoint now) {
  auto& state = *state_;
  if (!state.held.empty() && now >= state.held_until)
    for (auto held = std::exchange(state.held, {}); !held.empty(); held.pop_front())
      state.outputs.push_back(std::move(held.front()));
  if (state.closed || !state.next_piece || now < *state.next_piece) return;
  state.play_piece(now);
  *state.next_piece = std::max(*state.next_piece + state.pause(), now);
}
std::optional<TimePoint> MusicSession::next_timeout() const {
  const auto& state = *state_;
  if (state.closed) return std::nullopt;
  if (state.held.empty()) return state.next_piece;
  return state.next_piece ? std::min(*state.next_piece, state.held_until) : state.held_until;
}
std::optional<LiveOutput> MusicSession::poll() {
  if (state_->outputs.empty()) return std::nullopt;
  LiveOutput output = std::move(state_->outputs.front());
  state_->outputs.pop_front();
  return output;
}

void MusicSession::State::close(std::uint16_t code, std::string reason) {
  if (std::exchange(closed, true)) return;
  LiveOutput output;
  output.kind = LiveOutput::Kind::close;
  output.close_code = code;
  while (reason.size() > 123)
    reason.resize(first_scalars(reason, count_scalars(reason) - 1).size());
  output.close_reason = std::move(reason);
  outputs.push_back(std::move(output));
}

template <class Message>
void MusicSession::State::say(const Message& message, TimePoint now) {
  LiveOutput output;
  output.text = detail::pretty(json::encode_text(message));
  const bool due = door.fault.kind != LiveFault::Kind::none && sent >= door.fault.after;
  if (due && replaced(output, now)) return;
  put(std::move(output));
}

void MusicSession::State::put(LiveOutput output) {
  ++sent;
  (held.empty() ? outputs : held).push_back(std::move(output));
}

// What the fault does, once. True: the message does not go out, or not yet.
bool MusicSession::State::replaced(LiveOutput& output, TimePoint now) {
  using Kind = LiveFault::Kind;
  if (door.fault.kind == Kind::silence) return true;
  const LiveFault fault = std::exchange(door.fault, LiveFault());
  if (fault.kind == Kind::close) {
    close(fault.code, fault.reason.empty() ? "The emulator was asked for this." : fault.reason);
    return true;
  }
  if (fault.kind == Kind::cut) {
    output.cut_at = fault.bytes;
    put(std::move(output));
    closed = true;
    return true;
  }
  if (fault.kind == Kind::delay) {
    held_until = now + fault.time;
    held.push_back(std::move(output));
    ++sent;
    return true;
  }
  if (auto before = detail::shape_by_fault(fault, output)) put(std::move(*before));
  return false;
}

namespace {

// What a client says: one of these.
struct MusicInput {
  std::optional<gemini::MusicSetup> setup;
  std::optional<gemini::MusicPrompts> prompts;
  std::optional<gemini::MusicConfig> config;
  std::optional<gemini::MusicPlayback> playback;
};

std::string unknown_of(const json::Members& extra, std::string_view where) {
  if (extra->empty()) return {};
  return fmt::format(
      "Invalid JSON payload received. Unknown name \"{}\" at '{}': Cannot find field.",
      std::string_view(extra->begin()->key()), where);
}

// Empty, or the words with which the service closes the connection.
std::string read_music_input(std::string_view text, MusicInput& out) {
  std::size_t found = 0;
  std::string other;
  const auto read = json::inspect(text, [&](json::Cursor root) {
    root.each_field([&](json::Key key, json::Cursor value) {
      ++found;
      if (key == "setup")
        value.read(out.setup);
      else if (json::is_proto_name(key, "clientContent"))
        value.read(out.prompts);
      else if (json::is_proto_name(key, "musicGenerationConfig"))
        value.read(out.config);
      else if (json::is_proto_name(key, "playbackControl"))
        value.read(out.playback);
      else
        other = key;
    });
  });
  if (!read) return "Invalid JSON payload received. " + read.error().message();
  if (!other.empty())
    return fmt::format("Invalid JSON payload received. Unknown name \"{}\": Cannot find field.",
                       other);
  if (found != 1) return "Request contains an invalid argument.";
  if (out.setup) return unknown_of(out.setup->extra, "setup");
  if (out.prompts) return unknown_of(out.prompts->extra, "client_content");
  return out.config ? unknown_of(out.config->extra, "music_generation_config") : std::string();
}

template <class T>
bool within(const std::optional<T>& value, double least, double most) {
  return !value || (static_cast<double>(*value) >= least && static_cast<double>(*value) <= most);
}

}  // namespace

void MusicSession::State::received(std::string_view text, TimePoint now) {
  MusicInput input;
  if (const auto bad = read_music_input(text, input); !bad.empty()) return close(1007, bad);
  if (input.setup.has_value() == ready)
    return close(1007, "setup must be the first message and only the first");
  if (input.setup) return setup(*input.setup, now);
  if (input.prompts) return prompts(*input.prompts, now);
  if (input.config) return configure(*input.config);
  if (input.playback) playback(*input.playback, now);
}

void MusicSession::State::setup(const gemini::MusicSetup& wanted, TimePoint now) {
  const auto name = std::string_view(wanted.model).substr(wanted.model.rfind('/') + 1);
  if (!name.starts_with("lyria-realtime"))
    return close(1008,
                 fmt::format("models/{} is not found for API version v1alpha, or is not supported "
                             "for bidiGenerateMusic.",
                             name));
  ready = true;
  player.reset();
  say(gemini::MusicSetupCompleteMessage(), now);
}

void MusicSession::State::prompts(const gemini::MusicPrompts& wanted, TimePoint now) {
  gemini::MusicPrompts good;
  for (const auto& prompt : wanted.weighted_prompts) {
    if (prompt.weight == 0 || prompt.text.empty())
      return close(1007, "Request contains an invalid argument.");
    const auto lower = to_lower_ascii(prompt.text);
    const bool bad = std::ranges::any_of(options.filtered, [&](const std::string& words) {
      return lower.find(to_lower_ascii(words)) != std::string::npos;
    });
    if (!bad) {
      good.weighted_prompts.push_back(prompt);
      continue;
    }
    gemini::MusicFilteredMessage filtered;
    filtered.filtered_prompt.text = prompt.text;
    filtered.filtered_prompt.filtered_reason = "The prompt was filtered by the safety filter.";
    say(filtered, now);
  }
  if (good.weighted_prompts.empty()) return;  // what played before goes on
  followed = std::move(good);
  player.set_prompts(followed.weighted_prompts);
}

void MusicSession::State::configure(const gemini::MusicConfig& wanted) {
  if (!within(wanted.temperature, 0, 3) || !within(wanted.top_k, 1, 1000) ||
      !within(wanted.guidance, 0, 6) || !within(wanted.bpm, 60, 200) ||
      !within(wanted.density, 0, 1) || !within(wanted.brightness, 0, 1))
    return close(1007, "Request contains an invalid argument.");
  config = wanted;
  player.configure(config);
}

void MusicSession::State::playback(const gemini::MusicPlayback& wanted, TimePoint now) {
  using gemini::MusicPlayback;
  switch (wanted.value()) {
    case MusicPlayback::play:
      if (followed.weighted_prompts.empty())
        return close(1007, "Request contains an invalid argument.");
      if (!next_piece) next_piece = now;
      return;
    case MusicPlayback::pause:
      return next_piece.reset();
    case MusicPlayback::stop:
      next_piece.reset();
      return player.reset();
    case MusicPlayback::reset_context:
      return player.reset();
    default:
      return close(1007, "Request contains an invalid argument.");
  }
}

void MusicSession::State::play_piece(TimePoint now) {
  gemini::MusicContentMessage message;
  auto& chunk = message.server_content.audio_chunks.emplace().emplace_back();
  const auto samples = static_cast<std::size_t>(options.piece.count()) * detail::kMusicRate / 1000;
  chunk.data = player.play(samples);
  chunk.mime_type = "audio/l16;rate=48000;channels=2";
  gemini::MusicPromptsMessage source;
  source.client_content = followed;
  auto metadata = json::parse(json::encode_text(source), json::trusted_limits()).value();
  metadata.as_object()["musicGenerationConfig"] =
      json::parse(json::encode_text(config), json::trusted_limits()).value();
  chunk.source_metadata = json::Members(std::move(metadata.as_object()));
  say(message, now);
}

}  // namespace parley::emulator
