#include <fstream>
#include <iostream>
#include <iterator>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include "parley/audio/resampler.hpp"
#include "parley/audio/voice_activity.hpp"
#include "parley/base/text.hpp"
#include "parley/cli/commands.hpp"
#include "parley/cli/lines.hpp"
#include "parley/cli/live_commands.hpp"
#include "parley/cli/live_limits.hpp"
#include "parley/cli/live_screen.hpp"
#include "parley/cli/live_terminal.hpp"
#include "parley/cli/live_voice.hpp"
#include "parley/cli/measure.hpp"
#include "parley/cli/provider.hpp"
#include "parley/cli/run_task.hpp"
#include "parley/cli/settings.hpp"
#include "parley/gemini/continuity/conversation.hpp"
#include "parley/gemini/continuity/telemetry.hpp"
#include "parley/gemini/live_models.hpp"
#include "parley/json/value.hpp"
#include "parley/net/system.hpp"

namespace parley::cli {
namespace {

using gemini::Conversation;
constexpr std::size_t kPiece = 3200;  // bytes of 100 ms
constexpr auto kChunk = std::chrono::milliseconds(100);
// Behind the speech of a file, so that the service hears its end.
constexpr std::size_t kSilence = audio::kInputRate;

int refuse_live(std::string_view what, int code) {
  std::cerr << Style::of(stderr).red("parley live: ") << strip_control(what) << std::endl;
  return code;
}

// Of a file or an argument, not of the service.
bool is_usage(const Error& error) {
  return error.stage() == Stage::none &&
         (error.kind() == ErrorKind::invalid_argument || error.kind() == ErrorKind::not_found);
}

Result<audio::Samples> read_speech(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail(ErrorKind::not_found, "cannot read " + path);
  const std::string file(std::istreambuf_iterator<char>(in), {});
  auto sound = audio::read_wav(as_bytes(file));
  if (!sound) return fail(ErrorKind::invalid_argument, path + ": " + sound.error().message());
  auto resampler = audio::Resampler::create(sound->format.rate, audio::kInputRate);
  if (!resampler)
    return fail(ErrorKind::invalid_argument, path + ": " + resampler.error().message());
  audio::Samples samples;
  resampler->process(sound->samples, samples);
  resampler->finish(samples);
  return samples;
}

// As fast as it would be spoken.
Task<Result<void>> speak(Conversation& talk, LiveScreen& screen, audio::Samples samples) {
  const std::size_t spoken = samples.size();
  samples.resize(samples.size() + kSilence);
  audio::Chunker chunker(audio::kInputRate, kChunk);
  chunker.push(samples);
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
  auto due = std::chrono::steady_clock::now();
  std::size_t sent = 0;
  bool asked = false;
  while (auto chunk = chunker.poll()) {
    screen.heard_from_user(*chunk);
    sent += chunk->size();
    auto bytes = audio::to_bytes(*chunk);
    auto result = co_await talk.send_audio(std::move(bytes));
    if (!result) co_return result;
    if (!asked && sent >= spoken) {
      asked = true;
      screen.asked();
    }
    due += kChunk;
    timer.expires_at(due);
    co_await timer.async_wait(boost::asio::use_awaitable);
  }
  auto result = co_await talk.end_audio();
  if (!result) co_return result;
  co_await screen.turn_over();
  co_return Result<void>();
}

// Raw samples from standard input, as they come, to its end.
Task<Result<void>> pipe_speech(Conversation& talk, LiveScreen& screen) {
  LineReader reader(co_await boost::asio::this_coro::executor, kPiece);
  audio::PcmReader pcm;
  audio::VoiceActivity detector(audio::kInputRate);
  for (;;) {
    auto bytes = co_await reader.next();
    if (!bytes) break;
    audio::Samples samples;
    pcm.read(as_bytes(*bytes), samples);
    screen.heard_from_user(samples);
    detector.add(samples);
    if (detector.speaking())
      screen.spoke(net::now() - audio::duration_of(detector.since_loud(), audio::kInputRate));
    auto raw = audio::to_bytes(samples);
    auto result = co_await talk.send_audio(std::move(raw));
    if (!result) co_return result;
  }
  screen.asked();
  auto result = co_await talk.end_audio();
  if (!result) co_return result;
  co_await screen.turn_over();
  co_return Result<void>();
}

// True: the user wants to end, false: standard input has ended.
Task<Result<bool>> type(Conversation& talk, LiveScreen& screen, LiveVoice& voice) {
  LineReader lines(co_await boost::asio::this_coro::executor);
  const bool terminal = LineReader::input_is_terminal();
  if (terminal)
    std::cerr << "Type, and press Enter; a line into an answer interrupts it. /voice NAME, "
              << (voice.has_microphone() ? "/mute, " : "") << "/stop, /quit\n";
  for (;;) {
    auto line = co_await lines.next();
    if (!line) co_return terminal;
    if (*line == "/quit" || screen.ended()) co_return true;
    const std::string text(trim(*line));
    if (text.empty() || obey_line(talk, screen, voice, text)) continue;
    screen.asked();
    auto result = co_await talk.say(text);
    if (!result) co_return fail(std::move(result.error()));
    if (terminal) continue;
    co_await screen.turn_over();
    co_await voice.played();
  }
}

// Beside the microphone, which goes on where standard input ends.
Task<void> type_beside(std::shared_ptr<Conversation> talk, std::shared_ptr<LiveScreen> screen,
                       std::shared_ptr<LiveVoice> voice) {
  auto typed = co_await type(*talk, *screen, *voice);
  if (!typed) screen->note(typed.error().message());
  if (!typed || *typed) voice->stop();
}

Task<Result<void>> say_files(const LiveCommandOptions& options, Conversation& talk,
                             LiveScreen& screen, LiveVoice& voice) {
  Result<void> said;
  for (const auto& input : options.inputs) {
    if (!said || screen.ended()) break;
    if (input == "-") {
      said = co_await pipe_speech(talk, screen);
    } else {
      auto samples = read_speech(input);
      if (!samples) co_return fail(std::move(samples.error()));
      said = co_await speak(talk, screen, std::move(*samples));
    }
    co_await voice.played();
  }
  co_return said;
}

// The same on the full screen.
Task<void> press_beside(std::shared_ptr<LiveTerminal> terminal, std::shared_ptr<LiveScreen> screen,
                        std::shared_ptr<LiveVoice> voice) {
  auto pressed = co_await terminal->run();
  if (!pressed) screen->note(pressed.error().message());
  voice->stop();
}

Task<Result<void>> speak_and_type(std::shared_ptr<Conversation> talk,
                                  std::shared_ptr<LiveScreen> screen,
                                  std::shared_ptr<LiveVoice> voice,
                                  std::shared_ptr<LiveTerminal> terminal) {
  const auto executor = co_await boost::asio::this_coro::executor;
  if (terminal)
    boost::asio::co_spawn(executor, press_beside(terminal, screen, voice), boost::asio::detached);
  else
    boost::asio::co_spawn(executor, type_beside(talk, screen, voice), boost::asio::detached);
  auto said = co_await voice->recorded();
  if (said && !voice->stopped()) co_await screen->turn_over();
  co_return said;
}

// What the user says, by file, microphone or keyboard, to its end and that of its answers.
Task<Result<void>> say_all(const LiveCommandOptions& options, std::shared_ptr<Conversation> talk,
                           std::shared_ptr<LiveScreen> screen, std::shared_ptr<LiveVoice> voice,
                           std::shared_ptr<LiveTerminal> terminal) {
  auto said = co_await say_files(options, *talk, *screen, *voice);
  if (!said) co_return said;
  if (voice->has_microphone()) {
    said = co_await speak_and_type(talk, screen, voice, terminal);
  } else if (options.inputs.empty() && terminal) {
    said = co_await terminal->run();
    voice->stop();
  } else if (options.inputs.empty()) {
    auto typed = co_await type(*talk, *screen, *voice);
    if (!typed) said = fail(std::move(typed.error()));
  }
  co_await voice->played();
  if (said && voice->failure()) said = fail(*voice->failure());
  co_return said;
}

bool wants_full_screen(const LiveCommandOptions& options) {
  return !options.plain && !options.json && options.output != "-" && LiveTerminal::possible() &&
         (options.inputs.empty() || !options.microphone.empty());
}

Task<void> read_events(std::shared_ptr<Conversation> talk, std::shared_ptr<LiveScreen> screen,
                       std::shared_ptr<LiveVoice> voice, EventSink telemetry) {
  for (;;) {
    auto event = co_await talk->next();
    if (!event) break;
    if (auto told = gemini::telemetry_event(*event)) telemetry(*told);
    voice->take(*event);
    screen->take(*event);
  }
  screen->end();
  voice->wake();
}

Task<Result<std::string>> choose_live(const gemini::Client& client, std::string wanted) {
  if (!wanted.empty()) co_return wanted;
  auto models = client.models();
  auto listed = co_await models.list_live();
  if (!listed) co_return fail(std::move(listed.error()));
  co_return gemini::choose_live_model(*listed);
}

// The service that a model's name leads to; whatever leads elsewhere is Gemini's.
Result<gemini::LiveOptions> place_of(const LiveCommandOptions& options, const Provider& provider,
                                     const std::string& model, const config::Settings& settings) {
  auto other = other_live(model, settings);
  if (!other) return fail(std::move(other.error()));
  if (*other) return std::move(**other);
  gemini::LiveOptions live(model);
  if (provider.client.backend().vertex()) {
    live.access = access_of(options.service);
  } else {
    live.base_url = provider.client.base_url();
  }
  live.key = provider.client.backend().key();
  return live;
}

Result<gemini::ConversationOptions> conversation_of(const LiveCommandOptions& options,
                                                    const Provider& provider,
                                                    const std::string& model,
                                                    const config::Settings& settings) {
  auto place = place_of(options, provider, model, settings);
  if (!place) return fail(std::move(place.error()));
  gemini::LiveOptions live(std::move(*place));
  if (!options.system_instruction.empty()) live.instruct(options.system_instruction);
  if (!options.voice.empty()) live.speak_with(options.voice);
  if (options.text)
    live.answer_in(gemini::Modality::text);
  else
    live.transcribe();
  gemini::ConversationOptions out(std::move(live));
  if (options.keep) out.policy = gemini::ContinuityPolicy::durable();
  for (const auto& name : options.fallbacks) {
    auto other = place_of(options, provider, name, settings);
    if (!other) return fail(std::move(other.error()));
    out.fallbacks.emplace_back(name, std::move(*other));
    out.policy.history.enabled = true;
  }
  return out;
}

int list_devices(bool json) {
  auto devices = sound_devices();
  if (!devices) return refuse_live(devices.error().message(), exit_code::failed);
  for (const auto& one : *devices) {
    const std::string_view use = !one.records ? "speaker" : !one.plays ? "microphone" : "both";
    if (json)
      std::cout << json::to_string(json::Object{
                       {"name", one.name}, {"use", use}, {"description", one.description}})
                << "\n";
    else
      std::cout << fmt::format("{:<11} {}\n{:12}{}\n", use, strip_control(one.name), "",
                               strip_control(one.description));
  }
  if (devices->empty()) std::cerr << "ALSA names no devices\n";
  std::cout << std::flush;
  return exit_code::ok;
}

Task<int> converse(const LiveCommandOptions& options, const Provider& provider,
                   const config::Settings& settings, Measure& measure) {
  auto model = co_await choose_live(provider.client, options.model);
  if (!model) co_return refuse_live(model.error().describe(), exit_code::failed);
  const auto executor = co_await boost::asio::this_coro::executor;
  auto screen = std::make_shared<LiveScreen>(executor, options);
  if (auto opened = screen->open(); !opened)
    co_return refuse_live(opened.error().message(), exit_code::usage);
  auto voice = LiveVoice::open(executor, options, screen);
  if (!voice) co_return refuse_live(voice.error().message(), exit_code::usage);
  auto talk_options = conversation_of(options, provider, *model, settings);
  if (!talk_options) co_return refuse_live(talk_options.error().describe(), exit_code::failed);
  talk_options->live.events = measure.sink();
  auto limits =
      live_limits(options, settings, *model, [screen, to = measure.sink()](const Event& event) {
        to(event);
        if (const auto words = waiting_words(event); !words.empty()) screen->note(words);
      });
  if (!limits)
    co_return refuse_live(limits.error().describe(),
                          is_usage(limits.error()) ? exit_code::usage : exit_code::failed);
  talk_options->live.limits = std::move(*limits);
  auto opened = co_await Conversation::open(std::move(*talk_options));
  if (!opened) co_return refuse_live(opened.error().describe(), exit_code::failed);
  if (options.stats) std::cerr << "(" << *model << ")" << std::endl;
  screen->use_model(*model);
  screen->tell_turns(measure.sink());
  auto talk = std::make_shared<Conversation>(std::move(*opened));
  boost::asio::co_spawn(executor, read_events(talk, screen, *voice, measure.sink()),
                        boost::asio::detached);
  (*voice)->start(talk);
  std::shared_ptr<LiveTerminal> terminal;
  if (wants_full_screen(options)) terminal = std::make_shared<LiveTerminal>(screen, *voice, talk);
  auto said = co_await say_all(options, talk, screen, *voice, terminal);
  talk->close();
  co_await screen->over();
  (*voice)->stop();
  if (terminal) terminal->leave();
  if (const auto why = co_await measure.finish(); !why.empty())
    refuse_live("the collector did not take the metrics: " + why, 0);
  if (!said)
    co_return refuse_live(said.error().describe(),
                          is_usage(said.error()) ? exit_code::usage : exit_code::failed);
  if (auto outcome = talk->outcome(); !outcome)
    co_return refuse_live(outcome.error().describe(), exit_code::failed);
  co_return exit_code::ok;
}

}  // namespace

int live(const LiveCommandOptions& options) {
  if (options.devices) return list_devices(options.json);
  auto measure = Measure::make(options.otlp);
  if (!measure) return refuse_live("--otlp: " + measure.error().message(), exit_code::usage);
  boost::asio::io_context loop(1);
  const MeasureOnLoop on_loop(**measure);
  const auto settings = settings_or_complain("live");
  const auto provider_options = provider_options_of(options, settings);
  auto provider = choose_provider(loop.get_executor(), provider_options);
  if (!provider) return refuse_live(provider.error().describe(), exit_code::failed);
  const auto other = other_live(options.model, settings);
  if (other && !*other) tell_offline(*provider, options.offline, "model answers");
  if (options.metrics_port) {
    const auto port = (*measure)->serve(loop.get_executor(), *options.metrics_port);
    if (!port) return refuse_live(port.error().message(), exit_code::usage);
    std::cerr << "metrics: http://127.0.0.1:" << *port << "/metrics\n";
  }
  (*measure)->export_on(loop.get_executor());
  return run_until_signal(loop, converse(options, *provider, settings, **measure));
}

}  // namespace parley::cli
