#pragma once

#include <string>
#include <vector>

#include "parley/gemini/live.hpp"

namespace parley::testing {

using gemini::Live;

// All that a session told, summed up.
struct Told {
  std::string text, thoughts, said, heard;
  std::size_t audio_bytes = 0, parts = 0, interrupted = 0, generated = 0, turns = 0, unknown = 0;
  std::size_t tool_turns = 0;  // of the turns, those that Vertex AI ends for their calls
  std::string session_id;
  std::vector<gemini::FunctionCall> calls;
  std::vector<std::string> cancelled, unreadable;
  gemini::Usage usage;
  std::string handle;
  bool away = false;

  void operator()(gemini::LiveText& one) { (one.thought ? thoughts : text) += one.text; }
  void operator()(gemini::LiveAudio& one) { audio_bytes += one.pcm.size(); }
  void operator()(gemini::LivePart&) { ++parts; }
  void operator()(gemini::LiveTranscript& one) { (one.of_user ? heard : said) += one.text; }
  void operator()(gemini::LiveToolCalls& one) {
    calls.insert(calls.end(), one.calls.begin(), one.calls.end());
  }
  void operator()(gemini::LiveToolCallsCancelled& one) {
    cancelled.insert(cancelled.end(), one.ids.begin(), one.ids.end());
  }
  void operator()(gemini::LiveInterrupted&) { ++interrupted; }
  void operator()(gemini::LiveGenerationComplete&) { ++generated; }
  void operator()(gemini::LiveTurnComplete& one) {
    ++turns;
    tool_turns += one.of_tool_calls ? 1 : 0;
  }
  void operator()(gemini::LiveStarted& one) { session_id = one.session_id; }
  void operator()(gemini::LiveUsage& one) { usage = one.usage; }
  void operator()(gemini::LiveGoAway&) { away = true; }
  void operator()(gemini::LiveResumption& one) { handle = one.handle; }
  void operator()(gemini::LiveVoiceActivity&) {}
  void operator()(gemini::LiveGrounding&) {}
  void operator()(gemini::LiveUnknown&) { ++unknown; }
  void operator()(gemini::LiveUnreadable& one) { unreadable.push_back(one.why); }
};

// Reads until `enough` of what was told, or the end.
template <class Enough>
Task<bool> read(Live& live, Told& told, Enough enough) {
  while (!enough(told)) {
    auto event = co_await live.next();
    if (!event) co_return false;
    std::visit(told, *event);
  }
  co_return true;
}
inline bool a_turn(const Told& told) {
  return told.turns > 0;
}

}  // namespace parley::testing
