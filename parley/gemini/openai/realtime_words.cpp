#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include "parley/audio/pcm.hpp"
#include "parley/base/text.hpp"
#include "parley/gemini/detail/foreign_service.hpp"
#include "parley/gemini/live_models.hpp"
#include "parley/gemini/openai/realtime_talk.hpp"
#include "parley/json/cursor.hpp"

// What a program says in the Live API, in the words of OpenAI's Realtime API.
namespace parley::gemini {
namespace {

using detail::plain_schema;
using json::Array;
using json::Object;

constexpr int kRate = 24'000;  // of both directions

std::unexpected<Error> no_realtime_word(std::string_view what) {
  return fail(Error(ErrorKind::invalid_argument,
                    fmt::format("OpenAI's Realtime API has no word for {}", what))
                  .with_stage(Stage::send));
}

std::unexpected<Error> out_of_turn(std::string_view why) {
  return fail(Error(ErrorKind::invalid_state, std::string(why)).with_stage(Stage::send));
}

Object pcm_format() {
  return Object{{"type", "audio/pcm"}, {"rate", kRate}};
}

std::string text_of_content(const Content& content) {
  std::string out;
  for (const auto& part : parts_of(content)) {
    if (!part.text || part.thought.value_or(false)) continue;
    if (!out.empty()) out += '\n';
    out += *part.text;
  }
  return out;
}

Result<Array> functions_of(const std::vector<Tool>& tools) {
  Array out;
  for (const auto& tool : tools) {
    if (tool.google_search || tool.google_search_retrieval || tool.code_execution ||
        tool.url_context || tool.google_maps || tool.computer_use || tool.file_search ||
        tool.mcp_servers)
      return no_realtime_word("search, code or other built-in tools");
    if (!tool.function_declarations) continue;
    for (const auto& function : *tool.function_declarations) {
      Object described{{"type", "function"}, {"name", function.name}};
      if (function.description) described["description"] = *function.description;
      if (function.parameters_json_schema)
        described["parameters"] = **function.parameters_json_schema;
      else if (function.parameters)
        described["parameters"] = plain_schema(**function.parameters);
      out.push_back(std::move(described));
    }
  }
  return out;
}

std::string image_url(const Blob& blob) {
  return fmt::format("data:{};base64,{}", blob.mime_type.value_or("image/jpeg"),
                     to_base64(blob.data ? BytesView(*blob.data) : BytesView()));
}

Result<Object> piece_of(const Part& part, bool of_model) {
  if (part.text)
    return Object{{"type", of_model ? "output_text" : "input_text"}, {"text", *part.text}};
  const bool image =
      part.inline_data && part.inline_data->mime_type.value_or("").starts_with("image/");
  if (image && !of_model)
    return Object{{"type", "input_image"}, {"image_url", image_url(*part.inline_data)}};
  return no_realtime_word("a part of a turn that is neither text nor the user's picture");
}

struct ProgramMessage {
  ProgramMessage() = default;
  std::optional<Setup> setup;
  std::optional<ClientContent> content;
  std::optional<RealtimeInput> input;
  std::optional<ToolResponse> answers;
  std::optional<ContextUpdate> update;
};

Object item_event(Object item) {
  return Object{{"type", "conversation.item.create"}, {"item", std::move(item)}};
}

}  // namespace

void RealtimeTalk::send(Object event) {
  events_.push_back(json::to_string(json::Value(std::move(event))));
}

Result<void> RealtimeTalk::said(std::string_view text, TimePoint now) {
  ProgramMessage message;
  const auto look = [&message](json::Cursor root) {
    root.each_field([&message](json::Key key, json::Cursor value) {
      if (key == "setup") value.read(message.setup);
      if (key == "clientContent") value.read(message.content);
      if (key == "realtimeInput") value.read(message.input);
      if (key == "toolResponse") value.read(message.answers);
      if (key == "contextUpdate") value.read(message.update);
    });
  };
  if (auto read = json::inspect(text, look); !read) return read;
  if (message.setup && set_up_) return out_of_turn("a session is set up once");
  if (message.setup) return begin(*message.setup);
  if (!set_up_) return out_of_turn("the setup comes first");
  if (message.content) return content(*message.content, now);
  if (message.input) return input(*message.input, now);
  if (message.answers) return answers(*message.answers, now);
  if (message.update) return update(*message.update);
  return no_realtime_word("a message that is none of the Live API's");
}

Result<void> RealtimeTalk::begin(const Setup& setup) {
  if (setup.session_resumption && setup.session_resumption->handle)
    return no_realtime_word("a handle of another session (sessionResumption)");
  if (setup.safety_settings && !setup.safety_settings->empty())
    return no_realtime_word("safety settings");
  if (setup.proactivity) return no_realtime_word("proactivity");
  if (setup.avatar_config) return no_realtime_word("an avatar (avatarConfig)");
  captions_in_ = setup.input_audio_transcription.has_value();
  captions_out_ = setup.output_audio_transcription.has_value();
  detects_ = finds_activity(setup);
  Object input{{"format", pcm_format()}, {"turn_detection", nullptr}};
  if (captions_in_) input["transcription"] = Object{{"model", transcriber_}};
  const auto& listening = setup.realtime_input_config;
  interrupts_ = !listening || !listening->activity_handling ||
                *listening->activity_handling != ActivityHandling::no_interruption;
  if (detects_) {
    Object detection{{"type", "server_vad"}, {"interrupt_response", interrupts_}};
    if (listening && listening->automatic_activity_detection) {
      const auto& how = *listening->automatic_activity_detection;
      if (how.prefix_padding_ms) detection["prefix_padding_ms"] = *how.prefix_padding_ms;
      if (how.silence_duration_ms) detection["silence_duration_ms"] = *how.silence_duration_ms;
    }
    input["turn_detection"] = std::move(detection);
  }
  Object session{{"type", "realtime"}};
  session["audio"] =
      Object{{"input", std::move(input)}, {"output", Object{{"format", pcm_format()}}}};
  if (setup.system_instruction)
    session["instructions"] = text_of_content(*setup.system_instruction);
  if (setup.tools) {
    auto functions = functions_of(*setup.tools);
    if (!functions) return fail(std::move(functions.error()));
    if (!functions->empty()) session["tools"] = std::move(*functions);
  }
  auto added = add_settings(setup.generation_config.value_or(GenerationConfig()), session);
  if (!added) return added;
  set_up_ = true;
  send(Object{{"type", "session.update"}, {"session", std::move(session)}});
  return {};
}

Result<void> RealtimeTalk::add_settings(const GenerationConfig& settings, Object& session) {
  if (settings.temperature) return no_realtime_word("temperature");
  if (settings.top_p || settings.top_k || settings.seed)
    return no_realtime_word("topP, topK, seed");
  if (settings.presence_penalty || settings.frequency_penalty) return no_realtime_word("penalties");
  if (settings.thinking_config) return no_realtime_word("thinkingConfig");
  if (settings.enable_affective_dialog.value_or(false))
    return no_realtime_word("enableAffectiveDialog");
  if (settings.translation_config) return no_realtime_word("translationConfig");
  if (settings.max_output_tokens) session["max_output_tokens"] = *settings.max_output_tokens;
  const auto& modalities = settings.response_modalities;
  speaks_ = !modalities || modalities->empty() || modalities->front() == Modality::audio;
  session["output_modalities"] = Array{speaks_ ? "audio" : "text"};
  if (!settings.speech_config) return {};
  const auto& speech = *settings.speech_config;
  if (speech.multi_speaker_voice_config) return no_realtime_word("several speakers");
  if (speech.voice_config && speech.voice_config->prebuilt_voice_config &&
      speech.voice_config->prebuilt_voice_config->voice_name)
    session["audio"].as_object()["output"].as_object()["voice"] =
        *speech.voice_config->prebuilt_voice_config->voice_name;
  return {};
}

Result<json::Object> RealtimeTalk::item_of(const Content& turn) const {
  const bool of_model = turn.role.value_or("user") == "model";
  Array pieces;
  for (const auto& part : parts_of(turn)) {
    if (part.thought.value_or(false)) continue;
    auto piece = piece_of(part, of_model);
    if (!piece) return fail(std::move(piece.error()));
    pieces.push_back(std::move(*piece));
  }
  return Object{{"type", "message"},
                {"role", of_model ? "assistant" : "user"},
                {"content", std::move(pieces)}};
}

Result<void> RealtimeTalk::content(const ClientContent& content, TimePoint now) {
  std::vector<Object> items;
  if (content.turns)
    for (const auto& turn : *content.turns) {
      auto item = item_of(turn);
      if (!item) return fail(std::move(item.error()));
      items.push_back(std::move(*item));
    }
  // It ends an answer that is under way, as Live's does; without words also one that is heard
  // still.
  if (answering_)
    stop_answer(now);
  else if (items.empty())
    interrupt(now);
  for (auto& item : items) send(item_event(std::move(item)));
  if (content.turn_complete.value_or(false)) ask(true, now);
  return {};
}

Result<void> RealtimeTalk::input(const RealtimeInput& input, TimePoint now) {
  if (input.media_chunks) return no_realtime_word("mediaChunks");
  if (input.audio) return audio(*input.audio);
  if (input.video) {
    Object picture{{"type", "input_image"}, {"image_url", image_url(*input.video)}};
    send(item_event(
        Object{{"type", "message"}, {"role", "user"}, {"content", Array{std::move(picture)}}}));
    return {};
  }
  if (input.text) {
    auto item = item_of(user_content(*input.text));
    if (!item) return fail(std::move(item.error()));
    if (answering_) stop_answer(now);
    send(item_event(std::move(*item)));
    ask(true, now);
    return {};
  }
  if (input.activity_start) {
    if (detects_) return no_realtime_word("activityStart while it detects activity itself");
    if (interrupts_ && answering_)
      stop_answer(now);
    else if (interrupts_)
      interrupt(now);
    send(Object{{"type", "input_audio_buffer.clear"}});
    unheard_ = false;
    return {};
  }
  if (input.activity_end) {
    if (detects_) return no_realtime_word("activityEnd while it detects activity itself");
    end_of_speech(now);
    return {};
  }
  if (input.audio_stream_end.value_or(false) && user_speaks_) end_of_speech(now);
  return {};
}

Result<void> RealtimeTalk::audio(const Blob& blob) {
  auto format = audio::parse_mime(blob.mime_type.value_or("audio/pcm"), audio::kInputRate);
  if (!format) return fail(std::move(format.error()).with_stage(Stage::send));
  if (!resampler_ || resampler_->from() != format->rate) {
    auto made = audio::Resampler::create(format->rate, kRate);
    if (!made) return fail(std::move(made.error()).with_stage(Stage::send));
    resampler_ = std::move(*made);
  }
  audio::Samples samples, out;
  audio::PcmReader reader(*format);
  if (blob.data) reader.read(*blob.data, samples);
  resampler_->process(samples, out);
  unheard_ = unheard_ || !out.empty();
  std::string event = R"({"type":"input_audio_buffer.append","audio":")";
  append_base64(event, audio::to_bytes(out));
  event += "\"}";
  if (!out.empty()) events_.push_back(std::move(event));
  return {};
}

// The user has said it: what was sent becomes a turn.
void RealtimeTalk::end_of_speech(TimePoint now) {
  user_speaks_ = false;
  if (!std::exchange(unheard_, false)) return;
  send(Object{{"type", "input_audio_buffer.commit"}});
  ask(false, now);
}

// The answer of a model: at once, or when the one that is under way has ended.
void RealtimeTalk::ask(bool at_once, TimePoint now) {
  if (answering_) {
    if (at_once && !cut_) stop_answer(now);
    ask_again_ = true;
    return;
  }
  answering_ = true;
  cut_ = false;
  send(Object{{"type", "response.create"}});
}

void RealtimeTalk::stop_answer(TimePoint now) {
  if (cut_) return;
  send(Object{{"type", "response.cancel"}});
  interrupt(now);
}

Result<void> RealtimeTalk::answers(const ToolResponse& response, TimePoint now) {
  for (const auto& answer : response.function_responses) {
    if (!answer.id || !open_calls_.contains(*answer.id))
      return fail(Error(ErrorKind::invalid_argument,
                        fmt::format("the answer of {} belongs to no call that is open (id \"{}\")",
                                    answer.name, answer.id.value_or("")))
                      .with_stage(Stage::send));
    if (answer.will_continue.value_or(false))
      return no_realtime_word("an answer in several pieces (willContinue)");
  }
  bool silent = true, at_once = false;
  for (const auto& answer : response.function_responses) {
    const json::Value value =
        answer.response ? json::Value(**answer.response) : json::Value(Object());
    send(item_event(Object{{"type", "function_call_output"},
                           {"call_id", *answer.id},
                           {"output", json::to_string(value)}}));
    open_calls_.erase(*answer.id);
    silent = silent && answer.scheduling.value_or("") == "SILENT";
    at_once = at_once || answer.scheduling.value_or("") == "INTERRUPT";
  }
  if (open_calls_.empty() && !silent) ask(at_once, now);
  return {};
}

Result<void> RealtimeTalk::update(const ContextUpdate& update) {
  Object session{{"type", "realtime"}};
  if (update.system_instruction)
    session["instructions"] = text_of_content(*update.system_instruction);
  if (update.tools && update.tools->tools) {
    auto functions = functions_of(*update.tools->tools);
    if (!functions) return fail(std::move(functions.error()));
    session["tools"] = std::move(*functions);
  }
  send(Object{{"type", "session.update"}, {"session", std::move(session)}});
  return {};
}

}  // namespace parley::gemini
