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

object message_item(const std::string& id, std::string_view status) {
  return object{{"id", id},         {"object", "realtime.item"}, {"type", "message"},
                {"status", status}, {"role", "assistant"},       {"content", array{}}};
}

}  // namespace

void RealtimeSession::State::plan(TimePoint at, Object event, std::string heard) {
  Due due;
  due.at = at;
  due.event = std::move(event);
  due.of_answer = true;
  due.heard = std::move(heard);
  coming.push_back(std::move(due));
}

RealtimeSession::State::Object RealtimeSession::State::response_of(std::string_view status) const {
  return object{{"object", "realtime.response"},
                {"id", response},
                {"status", status},
                {"output_modalities", array{speaks ? "audio" : "text"}}};
}

void RealtimeSession::State::answer(TimePoint now) {
  gemini::GenerateContentRequest request;
  auto& contents = request.contents.emplace();
  for (const auto& item : items) contents.push_back(item.content);
  request.system_instruction = setup.system_instruction;
  request.tools = setup.tools;
  const auto made_up = answer_offline(request, options.seed);
  response = new_id("resp");
  answer_text.clear();
  emit(object{{"type", "response.created"}, {"response", response_of("in_progress")}});
  if (made_up.calls.empty())
    speak(made_up, now);
  else
    call(made_up, now);
}

void RealtimeSession::State::speak(const OfflineAnswer& made_up, TimePoint now) {
  answer_item = new_id("item");
  const object place{{"response_id", response},
                     {"item_id", answer_item},
                     {"output_index", 0},
                     {"content_index", 0}};
  const auto of = [&place](std::string_view type, std::string_view member, json::Value value) {
    object event(place);
    event["type"] = type;
    event[member] = std::move(value);
    return event;
  };
  emit(of("response.output_item.added", "item", message_item(answer_item, "in_progress")));
  emit(object{{"type", "conversation.item.added"},
              {"item", message_item(answer_item, "in_progress")}});
  const object part{{"type", speaks ? "audio" : "text"}};
  emit(of("response.content_part.added", "part", part));
  auto at = now + options.pace;
  double seconds = 0;
  std::string whole;
  for (const auto& piece : made_up.pieces) {
    whole += piece;
    if (speaks) {
      const auto pcm = detail::speak(piece);
      seconds += static_cast<double>(pcm.size()) / 2 / detail::kVoiceRate;
      plan(at, of("response.output_audio_transcript.delta", "delta", json::Value(piece)), piece);
      plan(at, of("response.output_audio.delta", "delta", json::Value(to_base64(pcm))));
    } else {
      plan(at, of("response.output_text.delta", "delta", json::Value(piece)), piece);
    }
    at += options.pace;
  }
  if (speaks) {
    plan(at, of("response.output_audio.done", "part", part));
    plan(at, of("response.output_audio_transcript.done", "transcript", json::Value(whole)));
  } else {
    plan(at, of("response.output_text.done", "text", json::Value(whole)));
  }
  auto item = message_item(answer_item, "completed");
  item["content"] = array{object{{"type", speaks ? "output_audio" : "output_text"},
                                 {speaks ? "transcript" : "text", whole}}};
  plan(at, of("response.content_part.done", "part", part));
  plan(at, of("response.output_item.done", "item", item));
  auto done = response_of("completed");
  done["output"] = array{item};
  finish(at, std::move(done), made_up, seconds);
}

void RealtimeSession::State::call(const OfflineAnswer& made_up, TimePoint now) {
  const auto at = now + options.pace;
  array output;
  int index = 0;
  for (const auto& one : made_up.calls) {
    const auto item_id = new_id("item"), call_id = new_id("call");
    const auto arguments = one.args ? json::to_string(json::Value(**one.args)) : std::string("{}");
    object item{{"id", item_id},         {"object", "realtime.item"}, {"type", "function_call"},
                {"status", "completed"}, {"name", one.name},          {"call_id", call_id},
                {"arguments", arguments}};
    const auto of = [&](std::string_view type) {
      return object{
          {"type", type}, {"response_id", response}, {"item_id", item_id}, {"output_index", index}};
    };
    auto added = of("response.output_item.added");
    added["item"] = item;
    plan(at, std::move(added));
    auto said = of("response.function_call_arguments.done");
    said["call_id"] = call_id;
    said["name"] = one.name;
    said["arguments"] = arguments;
    plan(at, std::move(said));
    auto done = of("response.output_item.done");
    done["item"] = item;
    plan(at, std::move(done));
    gemini::FunctionCall remembered(one);
    remembered.id = call_id;
    gemini::Content content;
    content.role = "model";
    gemini::Part part;
    part.function_call = std::move(remembered);
    content.parts.emplace().push_back(std::move(part));
    Item kept;
    kept.id = item_id;
    kept.content = std::move(content);
    kept.told = item;
    items.push_back(std::move(kept));
    output.push_back(std::move(item));
    ++index;
  }
  auto done = response_of("completed");
  done["output"] = std::move(output);
  finish(at, std::move(done), made_up, 0);
}

void RealtimeSession::State::finish(TimePoint at, Object told, const OfflineAnswer& made_up,
                                    double seconds) {
  const int spoke =
      speaks && made_up.calls.empty() ? static_cast<int>(seconds * detail::kTokensPerSecond) : 0;
  const int wrote = made_up.answer_tokens;
  told["usage"] = object{
      {"total_tokens", made_up.prompt_tokens + wrote + spoke},
      {"input_tokens", made_up.prompt_tokens},
      {"output_tokens", wrote + spoke},
      {"input_token_details",
       object{{"text_tokens", made_up.prompt_tokens}, {"audio_tokens", 0}, {"cached_tokens", 0}}},
      {"output_token_details", object{{"text_tokens", wrote}, {"audio_tokens", spoke}}}};
  plan(at, object{{"type", "response.done"}, {"response", std::move(told)}});
  coming.back().ends_answer = true;
}

// What was said of an answer stays in the conversation.
void RealtimeSession::State::stop(std::string_view why) {
  std::erase_if(coming, [](const Due& due) { return due.of_answer; });
  if (!answer_text.empty()) {
    Item item;
    item.id = answer_item;
    item.content = gemini::model_content(answer_text);
    item.told = message_item(answer_item, "incomplete");
    items.push_back(std::move(item));
  }
  auto told = response_of("cancelled");
  told["status_details"] = object{{"type", "cancelled"}, {"reason", why}};
  response.clear();
  answer_text.clear();
  emit(object{{"type", "response.done"}, {"response", std::move(told)}});
}

void RealtimeSession::State::release(TimePoint now) {
  while (!coming.empty() && coming.front().at <= now) {
    Due due = std::move(coming.front());
    coming.pop_front();
    answer_text += due.heard;
    if (due.ends_answer) {
      response.clear();
      if (!answer_text.empty()) {
        Item item;
        item.id = answer_item;
        item.content = gemini::model_content(std::exchange(answer_text, {}));
        item.told = message_item(answer_item, "completed");
        items.push_back(std::move(item));
      }
    }
    emit(std::move(due.event));
  }
}

}  // namespace parley::emulator
