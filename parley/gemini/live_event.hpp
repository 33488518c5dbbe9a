#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "parley/base/bytes.hpp"
#include "parley/generated/gemini/types.hpp"

namespace parley::gemini {

// Parts of a count; what the service did not tell is 0, so their sum may be less than the whole.
struct TokensByModality {
  TokensByModality() = default;
  bool operator==(const TokensByModality&) const = default;
  std::int64_t text = 0, image = 0, video = 0, audio = 0, document = 0;
};

// Token counts of a turn, under the same names for the Developer API and Vertex AI; what the
// service did not tell is 0. `prompt` contains the context so far and what of it was cached.
struct Usage {
  Usage() = default;
  bool operator==(const Usage&) const = default;
  Usage& operator+=(const Usage& other);
  std::int64_t prompt = 0, cached = 0, answer = 0, thoughts = 0, tool_use = 0, total = 0;
  TokensByModality prompt_by, cached_by, answer_by, tool_use_by;
};
Usage usage_of(const UsageMetadata& usage);

// What a Live session tells. A message of the service may say several things at once: they come one
// by one, in the order in which they are to be acted upon.

struct LiveText {
  std::string text;
  bool thought = false;  // a summary of the model's thoughts, not its answer
};
struct LiveAudio {
  Bytes pcm;          // signed 16-bit little endian, mono
  int rate = 24'000;  // samples per second
};
// A part of another kind: code that was run, its result, a picture.
struct LivePart {
  Part part;
};
// Pieces of what was said, to be joined; often with a leading space.
struct LiveTranscript {
  bool of_user = false;  // else of the model
  std::string text;
  bool finished = false;  // Vertex AI tells the end; the Developer API does not
  bool interim = false;   // a guess that a later one replaces
};
// The model waits for the answers (Live::respond), unless a function is NON_BLOCKING.
struct LiveToolCalls {
  std::vector<FunctionCall> calls;
};
// These calls are no longer wanted; their answers would be ignored.
struct LiveToolCallsCancelled {
  std::vector<std::string> ids;
};
// The user speaks: what is still to be played must be thrown away.
struct LiveInterrupted {};
// The model has said all. Playback may go on for a while.
struct LiveGenerationComplete {};
struct LiveTurnComplete {
  std::string reason;  // empty: the usual end
  bool waiting_for_input = false;
  // Vertex AI ends the turn of a function call by itself, and the answer comes in another one. The
  // Developer API does not: there this is false.
  bool of_tool_calls = false;
  // Of models that think longer, which may end several turns for one question: more turns follow
  // unasked (IN_PROGRESS). False where it was said to be the last (IDLE), and where nothing was
  // said.
  bool more_to_come = false;
};
// Vertex AI names the session; the Developer API does not, and this does not come.
struct LiveStarted {
  std::string session_id;
};
struct LiveUsage {
  Usage usage;
};
// The connection ends by the service's wish after that time.
struct LiveGoAway {
  LiveGoAway() = default;
  std::chrono::milliseconds left{0};
  std::string handle;  // the newest that the session has; empty: none
};
// With a handle a later connection can go on with the conversation (LiveOptions::handle).
struct LiveResumption {
  std::string handle;
  bool resumable = false;
  std::optional<std::uint64_t> last_consumed_message;
};
struct LiveVoiceActivity {
  bool started = false;                 // else ended
  std::chrono::milliseconds offset{0};  // in the audio that was sent; 0: not told
};
struct LiveGrounding {
  GroundingMetadata metadata;
};
// A message that this version does not know.
struct LiveUnknown {
  json::Any message;
};
// A frame that is no JSON or not of its message's form. It is lost, and the session goes on.
struct LiveUnreadable {
  std::string why;        // with the place
  std::string beginning;  // of its text, at most 1024 characters, without what looks like a key
};

using LiveEvent =
    std::variant<LiveText, LiveAudio, LivePart, LiveTranscript, LiveToolCalls,
                 LiveToolCallsCancelled, LiveInterrupted, LiveGenerationComplete, LiveTurnComplete,
                 LiveUsage, LiveGoAway, LiveResumption, LiveVoiceActivity, LiveGrounding,
                 LiveStarted, LiveUnknown, LiveUnreadable>;

// What an event holds in memory, about: for buffers that are bounded in bytes.
std::size_t approximate_size(const LiveEvent& event);

// What a message says; `{}` and `{"serverContent": {}}` say nothing.
std::vector<LiveEvent> events_of(ServerContentMessage message);
std::vector<LiveEvent> events_of(ToolCallMessage message);
std::vector<LiveEvent> events_of(ToolCallCancellationMessage message);
std::vector<LiveEvent> events_of(GoAwayMessage message);
std::vector<LiveEvent> events_of(SessionResumptionUpdateMessage message);
std::vector<LiveEvent> events_of(VoiceActivityMessage message);
std::vector<LiveEvent> events_of(VoiceActivityDetectionSignalMessage message);
std::vector<LiveEvent> events_of(UsageMessage message);
std::vector<LiveEvent> events_of(SetupCompleteMessage message);
std::vector<LiveEvent> events_of(json::Unknown message);

}  // namespace parley::gemini
