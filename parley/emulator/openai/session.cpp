#include "parley/emulator/openai/session.hpp"

#include <algorithm>

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/emulator/openai/detail/state.hpp"
#include "parley/gemini/types.hpp"
#include "parley/json/value.hpp"

namespace parley::emulator {
namespace {

using boost::json::array;
using boost::json::object;

std::string text_at(const object& from, std::string_view name) {
  const auto* found = from.if_contains(name);
  return found && found->is_string() ? std::string(found->as_string()) : std::string();
}
const object* object_at(const object* from, std::string_view name) {
  const auto* found = from ? from->if_contains(name) : nullptr;
  return found ? found->if_object() : nullptr;
}

// Of all pieces of a message: text, and transcripts of sound.
std::string words_of(const object& item) {
  std::string out;
  const auto* pieces = item.if_contains("content");
  if (!pieces || !pieces->is_array()) return out;
  for (const auto& piece : pieces->as_array())
    if (const auto* one = piece.if_object())
      out += text_at(*one, "text") + text_at(*one, "transcript");
  return out;
}

gemini::Content result_of(const object& item, std::string_view function) {
  gemini::Content content;
  content.role = "user";
  gemini::FunctionResponse response{std::string(function)};
  response.id = text_at(item, "call_id");
  object told;
  auto output = json::parse(text_at(item, "output"), json::trusted_limits());
  if (output && output->is_object())
    told = output->as_object();
  else
    told["output"] = text_at(item, "output");
  response.response = json::Members(std::move(told));
  gemini::Part part;
  part.function_response = std::move(response);
  content.parts.emplace().push_back(std::move(part));
  return content;
}

std::vector<gemini::Tool> tools_of(const boost::json::value& listed) {
  gemini::Tool tool;
  auto& functions = tool.function_declarations.emplace();
  for (const auto& one : listed.is_array() ? listed.as_array() : array()) {
    const auto* described = one.if_object();
    if (!described) continue;
    gemini::FunctionDeclaration function(text_at(*described, "name"));
    if (const auto text = text_at(*described, "description"); !text.empty())
      function.description = text;
    if (const auto* schema = described->if_contains("parameters"))
      function.parameters_json_schema = json::Any(*schema);
    functions.push_back(std::move(function));
  }
  return {std::move(tool)};
}

}  // namespace

RealtimeSession::State::State(LiveOptions with, std::string its_model, TimePoint now,
                              WallTime wall_now)
    : options(std::move(with)), model(std::move(its_model)), ends(now + options.lifetime) {
  const auto end = std::chrono::duration_cast<std::chrono::seconds>(
      (wall_now + options.lifetime).time_since_epoch());
  session = object{{"type", "realtime"},
                   {"id", new_id("sess")},
                   {"object", "realtime.session"},
                   {"model", model},
                   {"output_modalities", array{"audio"}},
                   {"expires_at", end.count()}};
  detector.emplace(detail::SpeechDetector::Settings());
  emit(object{{"type", "session.created"}, {"session", session}});
}

std::string RealtimeSession::State::new_id(std::string_view prefix) {
  return fmt::format("{}_{:04x}{:06x}", prefix, options.seed & 0xffff, ++made);
}

void RealtimeSession::State::emit(Object event) {
  event["event_id"] = new_id("event");
  LiveOutput output;
  output.text = json::to_string(json::Value(std::move(event)));
  outputs.push_back(std::move(output));
}

void RealtimeSession::State::refuse(std::string_view type, std::string_view code,
                                    std::string message) {
  emit(object{
      {"type", "error"},
      {"error", object{{"type", type}, {"code", code}, {"message", message}, {"param", nullptr}}}});
}

void RealtimeSession::State::received(std::string_view text, TimePoint now) {
  auto event = json::parse(text, json::trusted_limits());
  if (!event || !event->is_object())
    return refuse("invalid_request_error", "invalid_json", "The event is no JSON object.");
  obey(text_at(event->as_object(), "type"), event->as_object(), now);
}

void RealtimeSession::State::obey(std::string_view type, const Object& event, TimePoint now) {
  if (type == "session.update") return update(event);
  if (type == "conversation.item.create") return create_item(event);
  if (type == "conversation.item.delete") return drop_item(event, true);
  if (type == "conversation.item.truncate") return truncate(event);
  if (type == "input_audio_buffer.append") return append(event, now);
  if (type == "input_audio_buffer.commit") return commit(now, false);
  if (type == "input_audio_buffer.clear") {
    buffered = 0;
    return emit(object{{"type", "input_audio_buffer.cleared"}});
  }
  if (type == "response.create") {
    if (!response.empty())
      return refuse("invalid_request_error", "conversation_already_has_active_response",
                    "Conversation already has an active response in progress: " + response + ".");
    return answer(now);
  }
  if (type == "response.cancel") {
    if (response.empty())
      return refuse("invalid_request_error", "response_cancel_not_active",
                    "Cancellation failed: no active response found");
    return stop("client_cancelled");
  }
  refuse("invalid_request_error", "invalid_value",
         fmt::format("Invalid value: '{}'. It is no event of a client.", type));
}

void RealtimeSession::State::update(const Object& event) {
  const auto* wanted = object_at(&event, "session");
  if (!wanted || text_at(*wanted, "type") != "realtime")
    return refuse("invalid_request_error", "missing_required_parameter",
                  "Missing required parameter: 'session.type'.");
  for (const auto& member : *wanted) session[member.key()] = member.value();
  if (wanted->contains("instructions"))
    setup.system_instruction = gemini::user_content(text_at(*wanted, "instructions"));
  if (const auto* tools = wanted->if_contains("tools")) setup.tools = tools_of(*tools);
  if (const auto* kinds = wanted->if_contains("output_modalities"); kinds && kinds->is_array())
    speaks = !kinds->as_array().empty() && kinds->as_array().front() == "audio";
  const auto* input = object_at(object_at(wanted, "audio"), "input");
  if (input && input->contains("transcription"))
    transcribes = !input->at("transcription").is_null();
  if (input && input->contains("turn_detection")) {
    const auto* detection = object_at(input, "turn_detection");
    detector.reset();
    if (detection) {
      detail::SpeechDetector::Settings settings;
      if (const auto* silence = detection->if_contains("silence_duration_ms");
          silence && silence->is_int64())
        settings.silence_ms = static_cast<int>(silence->as_int64());
      detector.emplace(settings);
      const auto* may = detection->if_contains("interrupt_response");
      interrupts = !may || *may != false;
      const auto* answers = detection->if_contains("create_response");
      replies = !answers || *answers != false;
    }
  }
  emit(object{{"type", "session.updated"}, {"session", session}});
}

RealtimeSession::State::Item& RealtimeSession::State::add(std::string id, gemini::Content content,
                                                          Object told) {
  Item item;
  item.id = std::move(id);
  item.content = std::move(content);
  told["id"] = item.id;
  told["object"] = "realtime.item";
  told["status"] = "completed";
  const json::Value before = items.empty() ? json::Value() : json::Value(items.back().id);
  item.told = std::move(told);
  items.push_back(std::move(item));
  for (const char* kind : {"conversation.item.added", "conversation.item.done"})
    emit(object{{"type", kind}, {"previous_item_id", before}, {"item", items.back().told}});
  return items.back();
}

void RealtimeSession::State::create_item(const Object& event) {
  const auto* item = object_at(&event, "item");
  const auto kind = item ? text_at(*item, "type") : std::string();
  if (kind != "message" && kind != "function_call_output" && kind != "function_call")
    return refuse("invalid_request_error", "invalid_value",
                  fmt::format("Invalid value: '{}' for 'item.type'.", kind));
  auto id = text_at(*item, "id");
  if (id.empty()) id = new_id("item");
  if (kind == "function_call_output") {
    add(std::move(id), result_of(*item, function_of(text_at(*item, "call_id"))), *item);
    return;
  }
  const auto words = words_of(*item);
  add(std::move(id),
      text_at(*item, "role") == "assistant" ? gemini::model_content(words)
                                            : gemini::user_content(words),
      *item);
}

std::string RealtimeSession::State::function_of(std::string_view call) const {
  for (const auto& item : items)
    if (text_at(item.told, "call_id") == call && item.told.contains("name"))
      return text_at(item.told, "name");
  return std::string(call);
}

RealtimeSession::State::Item* RealtimeSession::State::find(std::string_view id) {
  const auto found = std::ranges::find(items, id, &Item::id);
  return found == items.end() ? nullptr : &*found;
}

void RealtimeSession::State::drop_item(const Object& event, bool told) {
  const auto id = text_at(event, "item_id");
  if (!find(id))
    return refuse("invalid_request_error", "item_not_found",
                  fmt::format("Item with item_id '{}' not found.", id));
  std::erase_if(items, [&id](const Item& item) { return item.id == id; });
  if (told) emit(object{{"type", "conversation.item.deleted"}, {"item_id", id}});
}

// What the user did not hear is forgotten: as many letters as were spoken in that time stay.
void RealtimeSession::State::truncate(const Object& event) {
  const auto id = text_at(event, "item_id");
  auto* item = find(id);
  const auto* end = event.if_contains("audio_end_ms");
  const auto ms = end && end->is_int64() ? end->as_int64() : -1;
  if (!item || item->content.role != "model" || ms < 0)
    return refuse("invalid_request_error", "item_not_found",
                  fmt::format("'{}' is no answer that can be cut at {} ms.", id, ms));
  const auto letters =
      static_cast<std::size_t>(static_cast<double>(ms) / 1000 * detail::kCharsPerSecond);
  auto& parts = *item->content.parts;
  if (!parts.empty() && parts.front().text) {
    auto& text = *parts.front().text;
    text = std::string(first_scalars(text, letters));
  }
  emit(object{{"type", "conversation.item.truncated"},
              {"item_id", id},
              {"content_index", 0},
              {"audio_end_ms", ms}});
}

// Of all sound since the session began.
std::int64_t RealtimeSession::State::heard_ms() const {
  return static_cast<std::int64_t>(received_bytes / (2 * detail::kVoiceRate / 1000));
}

void RealtimeSession::State::append(const Object& event, TimePoint now) {
  const auto* audio = event.if_contains("audio");
  auto pcm = audio && audio->is_string() ? from_base64(audio->as_string()) : std::nullopt;
  if (!pcm)
    return refuse("invalid_request_error", "invalid_base64",
                  "Invalid 'audio'. Expected base64-encoded audio bytes.");
  buffered += pcm->size();
  received_bytes += pcm->size();
  if (!detector) return;
  for (const auto heard : detector->feed(*pcm, detail::kVoiceRate)) {
    if (heard == detail::SpeechDetector::Event::started) {
      speech_item = new_id("item");
      emit(object{{"type", "input_audio_buffer.speech_started"},
                  {"audio_start_ms", heard_ms()},
                  {"item_id", speech_item}});
      if (interrupts && !response.empty()) stop("turn_detected");
    } else {
      emit(object{{"type", "input_audio_buffer.speech_stopped"},
                  {"audio_end_ms", heard_ms()},
                  {"item_id", speech_item}});
      commit(now, true);
    }
  }
}

// What was heard becomes a turn of the user.
void RealtimeSession::State::commit(TimePoint now, bool detected) {
  if (buffered < 2 * detail::kVoiceRate / 10)
    return refuse("invalid_request_error", "input_audio_buffer_commit_empty",
                  "Error committing input audio buffer: buffer too small. Expected at least 100ms "
                  "of audio.");
  const auto seconds = static_cast<double>(buffered) / 2 / detail::kVoiceRate;
  buffered = 0;
  if (!detected && detector) (void)detector->flush();
  const auto words = spoken < options.hears.size()
                         ? options.hears[spoken]
                         : fmt::format("(speech of {:.1f} seconds)", seconds);
  ++spoken;
  auto id = std::exchange(speech_item, {});
  if (id.empty()) id = new_id("item");
  emit(object{{"type", "input_audio_buffer.committed"}, {"item_id", id}});
  add(id, gemini::user_content(words),
      object{{"type", "message"},
             {"role", "user"},
             {"content", array{object{{"type", "input_audio"}}}}});
  if (transcribes) {
    emit(object{{"type", "conversation.item.input_audio_transcription.delta"},
                {"item_id", id},
                {"content_index", 0},
                {"delta", words}});
    emit(object{{"type", "conversation.item.input_audio_transcription.completed"},
                {"item_id", id},
                {"content_index", 0},
                {"transcript", words},
                {"usage", object{{"type", "duration"}, {"seconds", seconds}}}});
  }
  if (detected && replies && response.empty()) answer(now);
}

RealtimeSession::RealtimeSession(LiveOptions options, std::string model, TimePoint now,
                                 WallTime wall_now)
    : state_(std::make_unique<State>(std::move(options), std::move(model), now, wall_now)) {}
RealtimeSession::RealtimeSession(RealtimeSession&&) noexcept = default;
RealtimeSession::~RealtimeSession() = default;

void RealtimeSession::received(std::string_view text, TimePoint now) {
  if (!state_->closed) state_->received(text, now);
}

void RealtimeSession::handle_timeout(TimePoint now) {
  auto& state = *state_;
  if (state.closed) return;
  state.release(now);
  if (now < state.ends) return;
  state.refuse("invalid_request_error", "session_expired",
               "Your session hit the maximum duration of 60 minutes.");
  state.closed = true;
  LiveOutput output;
  output.kind = LiveOutput::Kind::close;
  output.close_code = 1001;
  state.outputs.push_back(std::move(output));
}

std::optional<TimePoint> RealtimeSession::next_timeout() const {
  if (state_->closed) return std::nullopt;
  return state_->coming.empty() ? state_->ends : std::min(state_->ends, state_->coming.front().at);
}

std::optional<LiveOutput> RealtimeSession::poll() {
  if (state_->outputs.empty()) return std::nullopt;
  LiveOutput output = std::move(state_->outputs.front());
  state_->outputs.pop_front();
  return output;
}

}  // namespace parley::emulator
