#include "parley/narrative/gemini_talks.hpp"

#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

#include "parley/gemini/live_models.hpp"
#include "parley/narrative/detail/gemini_talk.hpp"

namespace parley::narrative {
namespace detail {

gemini::LiveOptions live_options(const gemini::Client& client, std::string_view model) {
  const auto& backend = client.backend();
  gemini::LiveOptions options(model);
  options.key = backend.key();
  options.base_url = client.base_url();
  options.api_version = backend.version();
  options.access.service = backend.vertex() ? gemini::Service::vertex : gemini::Service::developer;
  options.access.project = backend.project();
  options.access.location = backend.location();
  options.access.tokens = backend.tokens();
  return options;
}

}  // namespace detail

namespace {

gemini::ContinuityPolicy policy_of(const LiveSettings& settings) {
  auto policy = gemini::ContinuityPolicy::durable();
  if (settings.reconnects > 0) {
    policy.retry.max_attempts = settings.reconnects;
  } else {
    policy.retry = net::ReconnectPolicy();
    policy.hand_over.enabled = false;
  }
  return policy;
}

gemini::ConversationOptions conversation_of(const gemini::Client& client,
                                            const LiveOpening& opening) {
  auto live = detail::live_options(client, opening.model);
  live.setup.generation_config = opening.config;
  live.setup.system_instruction = opening.system;
  const auto out = gemini::live_output(live.setup.model);
  const auto wanted = opening.settings.answer;
  const bool speaks =
      wanted == LiveSettings::Answer::audio ||
      (wanted == LiveSettings::Answer::automatic && out != gemini::LiveOutputKind::text);
  live.answer_in(speaks ? gemini::Modality::audio : gemini::Modality::text);
  live.setup.input_audio_transcription.emplace();
  if (speaks) live.setup.output_audio_transcription.emplace();
  if (speaks && !opening.settings.voice.empty()) live.speak_with(opening.settings.voice);
  if (!opening.hears_always) live.detect_activity(false);
  if (!live.setup.session_resumption) live.setup.session_resumption.emplace();
  gemini::ConversationOptions options(std::move(live));
  options.policy = policy_of(opening.settings);
  return options;
}

gemini::ConversationSnapshot snapshot_of(const gemini::Setup& setup, const LiveOpening& opening,
                                         WallTime now) {
  gemini::ConversationSnapshot out;
  out.setup = setup;
  out.handle = opening.handle;
  out.handle_expires = opening.handle_expires;
  out.taken = now;
  out.history = opening.history;
  if (!out.handle.empty()) out.history_in_handle = out.history.size();
  return out;
}

}  // namespace

GeminiTalks::GeminiTalks(gemini::Client client, GeminiTalksOptions options)
    : client_(std::move(client)), options_(std::move(options)) {}

Task<Result<std::unique_ptr<LiveTalk>>> GeminiTalks::open(LiveOpening opening) {
  auto options = conversation_of(client_, opening);
  if (options_.prepare) options_.prepare(options);
  Result<gemini::Conversation> talk = fail(ErrorKind::internal, "nothing was opened");
  if (opening.history.empty()) {
    talk = co_await gemini::Conversation::open(std::move(options));
  } else {
    auto from = snapshot_of(options.live.setup, opening, options_.clock->wall_now());
    talk = co_await gemini::Conversation::resume(std::move(options), std::move(from));
  }
  if (!talk) co_return fail(std::move(talk.error()));
  auto out = std::make_unique<detail::GeminiTalk>(std::move(*talk), std::move(opening), options_);
  out->start_microphone(co_await boost::asio::this_coro::executor);
  std::unique_ptr<LiveTalk> result = std::move(out);
  co_return result;
}

}  // namespace parley::narrative
