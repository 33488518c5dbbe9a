#include <algorithm>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include "parley/base/secret.hpp"
#include "parley/base/text.hpp"
#include "parley/gemini/detail/json_members.hpp"
#include "parley/gemini/openai/realtime_talk.hpp"

// What OpenAI's Realtime API tells, in the messages of the Live API.
namespace parley::gemini {
namespace {

using detail::array_member;
using detail::member;
using detail::number_member;
using detail::object_member;
using detail::text_member;
using detail::unreadable_answer;
using json::Array;
using json::Object;

constexpr std::int64_t kBytesPerMs = 24 * 2;
constexpr std::chrono::seconds kNotice{60};

ErrorKind kind_of_event(std::string_view type, std::string_view code) {
  if (code == "invalid_api_key" || type == "authentication_error")
    return ErrorKind::unauthenticated;
  if (code == "rate_limit_exceeded" || code == "insufficient_quota" || type == "rate_limit_error")
    return ErrorKind::rate_limited;
  if (code == "model_not_found") return ErrorKind::not_found;
  if (code == "session_expired") return ErrorKind::disconnected;
  if (type == "server_error") return ErrorKind::unavailable;
  return ErrorKind::invalid_argument;
}

Error realtime_error(const Object& told) {
  const auto type = text_member(told, "type"), code = text_member(told, "code");
  auto words = text_member(told, "message");
  auto error =
      Error(kind_of_event(type, code), "the service said: " + redact(words.empty() ? code : words))
          .with_stage(Stage::receive)
          .with_service_status(code.empty() ? type : code);
  const auto field = text_member(told, "param");
  return field.empty() ? error : std::move(error).with_detail("field", field);
}

// What happens where two wishes cross each other on their way.
bool is_harmless(std::string_view code) {
  return code == "response_cancel_not_active" || code == "input_audio_buffer_commit_empty" ||
         code == "conversation_already_has_active_response";
}

std::optional<std::int64_t> count_of(const Object* object, std::string_view name) {
  const auto number = number_member(object, name);
  return number ? std::optional<std::int64_t>(*number) : std::nullopt;
}

void add_modality(Array& out, const char* name, const Object* details, std::string_view member) {
  if (const auto count = count_of(details, member); count && *count > 0)
    out.push_back(Object{{"modality", name}, {"tokenCount", *count}});
}

Array by_modality(const Object* details) {
  Array out;
  add_modality(out, "TEXT", details, "text_tokens");
  add_modality(out, "AUDIO", details, "audio_tokens");
  add_modality(out, "IMAGE", details, "image_tokens");
  return out;
}

Object usage_metadata(const Object& usage) {
  const auto* in = object_member(usage, "input_token_details");
  const auto* out = object_member(usage, "output_token_details");
  Object told{{"promptTokenCount", count_of(&usage, "input_tokens").value_or(0)},
              {"responseTokenCount", count_of(&usage, "output_tokens").value_or(0)},
              {"totalTokenCount", count_of(&usage, "total_tokens").value_or(0)}};
  if (const auto cached = count_of(in, "cached_tokens")) told["cachedContentTokenCount"] = *cached;
  if (auto parts = by_modality(in); !parts.empty()) told["promptTokensDetails"] = std::move(parts);
  if (auto parts = by_modality(out); !parts.empty())
    told["responseTokensDetails"] = std::move(parts);
  return told;
}

std::string in_text(Object message) {
  return json::to_string(json::Value(std::move(message)));
}

}  // namespace

std::optional<std::string> RealtimeTalk::poll_event() {
  if (events_.empty()) return std::nullopt;
  std::string out = std::move(events_.front());
  events_.pop_front();
  return out;
}

std::optional<std::string> RealtimeTalk::poll_message() {
  if (messages_.empty()) return std::nullopt;
  std::string out = std::move(messages_.front());
  messages_.pop_front();
  return out;
}

void RealtimeTalk::say_content(std::string_view member, json::Value value) {
  Object content;
  content[member] = std::move(value);
  say(in_text(Object{{"serverContent", std::move(content)}}));
}

void RealtimeTalk::handle_timeout(TimePoint now) {
  if (!farewell_ || now < *farewell_) return;
  farewell_.reset();
  say(fmt::format(R"({{"goAway":{{"timeLeft":"{}s"}}}})", kNotice.count()));
}

Result<void> RealtimeTalk::heard(std::string_view text, TimePoint now, WallTime wall_now) {
  auto event = json::parse(text, json::trusted_limits());
  if (!event || !event->is_object()) {
    auto error = unreadable_answer("an event of the service is no JSON object");
    if (!event) error = std::move(error).with_cause(std::move(event.error()));
    return fail(std::move(error));
  }
  const auto& object = event->as_object();
  const auto type = text_member(object, "type");
  return tell(type, object, now, wall_now);
}

Result<void> RealtimeTalk::tell(std::string_view type, const Object& event, TimePoint now,
                                WallTime wall_now) {
  if (type == "error") return error(event);
  if (type == "session.created") {
    begun(event, now, wall_now);
  } else if (type == "session.updated") {
    if (!std::exchange(ready_, true)) say(R"({"setupComplete":{}})");
  } else if (type == "response.created") {
    const auto* response = object_member(event, "response");
    if (answering_ && cut_) return {};  // of the one that is being stopped
    answering_ = true;
    cut_ = false;
    response_ = response ? text_member(*response, "id") : std::string();
    item_.clear();
    sound_bytes_ = 0;
  } else if (type == "response.output_audio.delta") {
    if (is_wanted(event)) sound(event, now);
  } else if (type == "response.output_text.delta") {
    if (is_wanted(event))
      say_content("modelTurn",
                  Object{{"parts", Array{Object{{"text", text_member(event, "delta")}}}}});
  } else if (type == "response.output_audio_transcript.delta") {
    if (is_wanted(event) && captions_out_)
      say_content("outputTranscription", Object{{"text", text_member(event, "delta")}});
  } else if (type == "input_audio_buffer.speech_started") {
    user_speaks(now);
  } else if (type == "input_audio_buffer.speech_stopped") {
    user_speaks_ = unheard_ = false;
    say(R"({"voiceActivity":{"voiceActivityType":"ACTIVITY_END"}})");
  } else if (type.starts_with("conversation.item.input_audio_transcription.")) {
    caption(type, event);
  } else if (type == "response.done") {
    return done(event, now);
  }
  return {};
}

void RealtimeTalk::begun(const Object& event, TimePoint now, WallTime wall_now) {
  const auto* session = object_member(event, "session");
  const auto* until = session ? member(*session, "expires_at") : nullptr;
  boost::system::error_code code;
  const auto end = until && until->is_number() ? until->to_number<std::int64_t>(code) : 0;
  if (end <= 0 || code) return;
  const auto left = std::chrono::seconds(end) - wall_now.time_since_epoch() - kNotice;
  const auto at_most =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::hours(24));
  if (left > left.zero() && left < at_most) farewell_ = now + left;
}

Result<void> RealtimeTalk::error(const Object& event) {
  const auto* told = object_member(event, "error");
  if (!told) return fail(unreadable_answer("an error event without its error"));
  if (is_harmless(text_member(*told, "code"))) return {};
  return fail(realtime_error(*told));
}

bool RealtimeTalk::is_wanted(const Object& event) const {
  return !cut_ && (response_.empty() || text_member(event, "response_id") == response_);
}

void RealtimeTalk::sound(const Object& event, TimePoint now) {
  const auto item = text_member(event, "item_id");
  if (item != item_ || sound_bytes_ == 0) {
    item_ = item;
    first_sound_ = now;
    sound_bytes_ = 0;
  }
  auto data = text_member(event, "delta");
  sound_bytes_ += static_cast<std::int64_t>(data.size() / 4 * 3);
  Object blob{{"mimeType", "audio/pcm;rate=24000"}, {"data", std::move(data)}};
  say_content("modelTurn", Object{{"parts", Array{Object{{"inlineData", std::move(blob)}}}}});
}

std::int64_t RealtimeTalk::played_ms(TimePoint now) const {
  const auto passed =
      std::chrono::duration_cast<std::chrono::milliseconds>(now - first_sound_).count();
  return std::clamp<std::int64_t>(passed, 0, sound_bytes_ / kBytesPerMs);
}

// The user is to hear no more of it: the service forgets what was not heard.
void RealtimeTalk::interrupt(TimePoint now) {
  const bool playing = sound_bytes_ > 0 && played_ms(now) < sound_bytes_ / kBytesPerMs;
  if ((!answering_ && !playing) || cut_) return;
  cut_ = answering_;
  say_content("interrupted", true);
  if (playing)
    send(Object{{"type", "conversation.item.truncate"},
                {"item_id", item_},
                {"content_index", 0},
                {"audio_end_ms", played_ms(now)}});
  sound_bytes_ = 0;
}

void RealtimeTalk::user_speaks(TimePoint now) {
  user_speaks_ = true;
  say(R"({"voiceActivity":{"voiceActivityType":"ACTIVITY_START"}})");
  if (interrupts_) interrupt(now);
}

// Some models write while the user speaks, others all at the end.
void RealtimeTalk::caption(std::string_view type, const Object& event) {
  if (!captions_in_) return;
  const auto item = text_member(event, "item_id");
  if (type.ends_with(".delta")) {
    transcribed_.insert(item);
    say_content("inputTranscription", Object{{"text", text_member(event, "delta")}});
  } else if (type.ends_with(".completed")) {
    const bool told = transcribed_.erase(item) > 0;
    say_content("inputTranscription",
                Object{{"text", told ? std::string() : text_member(event, "transcript")},
                       {"finished", true}});
  }
}

// True: there are some, and the turn goes on with their answers.
Result<bool> RealtimeTalk::call_functions(const Object& response) {
  const auto* output = array_member(response, "output");
  Array calls;
  for (const auto& item : output ? *output : Array()) {
    const auto* call = item.if_object();
    if (!call || text_member(*call, "type") != "function_call") continue;
    const auto name = text_member(*call, "name"), id = text_member(*call, "call_id");
    const auto written = text_member(*call, "arguments");
    auto arguments = trim(written).empty() ? Result<json::Value>(json::Value(Object()))
                                           : json::parse(written, json::trusted_limits());
    if (!arguments || !arguments->is_object())
      return fail(unreadable_answer(
          fmt::format("the arguments of the call of {} are no JSON object", name)));
    calls.push_back(Object{{"id", id}, {"name", name}, {"args", std::move(*arguments)}});
    open_calls_.insert(id);
  }
  if (calls.empty()) return false;
  say(in_text(Object{{"toolCall", Object{{"functionCalls", std::move(calls)}}}}));
  return true;
}

Result<void> RealtimeTalk::done(const Object& event, TimePoint now) {
  const auto* response = object_member(event, "response");
  if (!response) return fail(unreadable_answer("response.done without its response"));
  const auto status = text_member(*response, "status");
  const auto* details = object_member(*response, "status_details");
  const auto* why = details ? object_member(*details, "error") : nullptr;
  if (status == "failed" && why) return fail(realtime_error(*why));
  if (status == "failed")
    return fail(
        Error(ErrorKind::service, "the service failed to answer").with_stage(Stage::receive));
  if (status == "cancelled") interrupt(now);
  answering_ = false;
  response_.clear();
  Object message;
  if (const auto* usage = object_member(*response, "usage"))
    message["usageMetadata"] = usage_metadata(*usage);
  auto called = status == "completed" && !cut_ ? call_functions(*response) : Result<bool>(false);
  if (!called) return fail(std::move(called.error()));
  if (!*called) {
    if (!cut_ && status == "completed") say_content("generationComplete", true);
    Object content{{"turnComplete", true}};
    const auto reason = details ? text_member(*details, "reason") : std::string();
    if (status == "incomplete") content["turnCompleteReason"] = reason;
    message["serverContent"] = std::move(content);
  }
  cut_ = false;
  if (!message.empty()) say(in_text(std::move(message)));
  if (std::exchange(ask_again_, false)) ask(false, now);
  return {};
}

}  // namespace parley::gemini
