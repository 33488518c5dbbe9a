#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>

#include "parley/emulator/live/detail/voice.hpp"
#include "parley/emulator/model/offline_model.hpp"
#include "parley/emulator/openai/session.hpp"

namespace parley::emulator {

struct RealtimeSession::State {
  using Object = boost::json::object;

  // Said at that time, unless the answer that it belongs to is stopped.
  struct Due {
    Due() = default;
    TimePoint at{};
    Object event;
    bool of_answer = false;
    std::string heard;  // of the answer, once it is said
    bool ends_answer = false;
  };
  struct Item {
    Item() = default;
    std::string id;
    gemini::Content content;
    Object told;
  };

  State(LiveOptions with, std::string its_model, TimePoint now, WallTime wall_now);

  // session.cpp: settings, items, the user's sound.
  void received(std::string_view text, TimePoint now);
  void obey(std::string_view type, const Object& event, TimePoint now);
  void update(const Object& event);
  void create_item(const Object& event);
  void drop_item(const Object& event, bool told);
  void truncate(const Object& event);
  void append(const Object& event, TimePoint now);
  std::int64_t heard_ms() const;
  void commit(TimePoint now, bool detected);
  void refuse(std::string_view type, std::string_view code, std::string message);

  // answers.cpp: what the model says.
  void answer(TimePoint now);
  void speak(const OfflineAnswer& made, TimePoint now);
  void call(const OfflineAnswer& made, TimePoint now);
  void finish(TimePoint at, Object response, const OfflineAnswer& made, double seconds);
  void stop(std::string_view why);
  void release(TimePoint now);
  Object response_of(std::string_view status) const;

  std::string new_id(std::string_view prefix);
  void emit(Object event);
  void plan(TimePoint at, Object event, std::string heard = {});
  Item* find(std::string_view id);
  std::string function_of(std::string_view call) const;
  Item& add(std::string id, gemini::Content content, Object told);

  LiveOptions options;
  std::string model;
  TimePoint ends;
  std::uint64_t made = 0;
  Object session;
  gemini::Setup setup;  // instruction and functions, for the model
  bool speaks = true, transcribes = false, replies = true, interrupts = true;
  std::optional<detail::SpeechDetector> detector;
  std::size_t buffered = 0;  // bytes of sound that are no item yet
  std::size_t received_bytes = 0;
  std::string speech_item;  // what is being said will be it
  std::size_t spoken = 0;   // turns so far
  std::deque<Item> items;
  std::string response, answer_item;  // under way; empty: none
  std::string answer_text;            // of it, as far as it was said
  std::deque<Due> coming;
  std::deque<LiveOutput> outputs;
  bool closed = false;
};

}  // namespace parley::emulator
