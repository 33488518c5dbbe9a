#include "parley/narrative/detail/gemini_talk.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

#include "parley/audio/resampler.hpp"
#include "parley/audio/wav.hpp"
#include "parley/gemini/live_models.hpp"

namespace parley::narrative::detail {
namespace {

using namespace std::chrono_literals;

constexpr auto kChunk = 100ms;
// Behind speech where the service finds its end by itself.
constexpr std::size_t kSilence = audio::kInputRate;
// A handle comes right behind a turn, where it comes.
constexpr auto kHandleWait = 500ms;

Result<audio::Samples> samples_of(const Bytes& wav) {
  auto sound = audio::read_wav(wav);
  if (!sound) return fail(std::move(sound.error()));
  auto resampler = audio::Resampler::create(sound->format.rate, audio::kInputRate);
  if (!resampler) return fail(std::move(resampler.error()));
  audio::Samples samples;
  resampler->process(sound->samples, samples);
  resampler->finish(samples);
  return samples;
}

bool is_speech(const gemini::Part& part) {
  return part.inline_data && part.inline_data->mime_type.value_or("").starts_with("audio/");
}

// What is worth a note in the record; empty: nothing.
std::string told(const gemini::ConversationEvent& event) {
  const auto* attempt = std::get_if<gemini::ConnectionAttempt>(&event);
  if (std::holds_alternative<gemini::LiveEvent>(event) || (attempt && attempt->number == 1))
    return "";
  return gemini::describe(event);
}

}  // namespace

bool TurnEar::began() {
  begun_ = true;
  spoken_ += std::exchange(late_, "");
  return false;
}

bool TurnEar::take(const gemini::LiveEvent& event, bool& cut_before) {
  if (const auto* text = std::get_if<gemini::LiveText>(&event)) {
    if (!text->thought) text_ += text->text;
    return began();
  }
  if (const auto* sound = std::get_if<gemini::LiveAudio>(&event)) {
    rate = sound->rate;
    pcm.insert(pcm.end(), sound->pcm.begin(), sound->pcm.end());
    return began();
  }
  if (const auto* said = std::get_if<gemini::LiveTranscript>(&event)) {
    if (said->interim) return false;
    // A transcript comes behind its sound, also behind the interruption.
    const bool late = !said->of_user && cut_before && !begun_;
    (said->of_user ? heard_ : late ? late_ : spoken_) += said->text;
    return said->of_user || late ? false : began();
  }
  if (std::holds_alternative<gemini::LiveInterrupted>(event)) {
    cut_before = true;
    interrupted = begun_ && !earlier_;
    begun_ = earlier_ = false;
    if (interrupted && ends_at_barge_in_) return true;
    forget();
    return false;
  }
  const auto* turn = std::get_if<gemini::LiveTurnComplete>(&event);
  if (!turn) return false;
  const bool of_the_cut_one = std::exchange(cut_before, false) && !begun_;
  late_.clear();
  if (of_the_cut_one || turn->more_to_come || turn->of_tool_calls) return false;
  if (std::exchange(earlier_, false)) {
    begun_ = false;
    forget();
    return false;
  }
  reason_ = turn->reason;
  return true;
}

void TurnEar::begin_anew() {
  begun_ = interrupted = false;
  reason_.clear();
  forget();
}

void TurnEar::begin_own() {
  earlier_ = begun_;
  interrupted = false;
  forget();
}

void TurnEar::forget() {
  text_.clear();
  spoken_.clear();
  late_.clear();
  pcm.clear();
}

ModelAnswer TurnEar::answer() {
  ModelAnswer out;
  out.text = text_.empty() ? std::move(spoken_) : std::move(text_);
  out.heard = std::move(heard_);
  out.finish_reason = interrupted && ends_at_barge_in_ ? "INTERRUPTED"
                      : reason_.empty()                ? "STOP"
                                                       : std::move(reason_);
  return out;
}

// What the microphone's coroutine needs, which may end behind the talk.
struct GeminiTalk::Shared {
  explicit Shared(gemini::Conversation of) : talk(std::move(of)) {}
  gemini::Conversation talk;
  bool muted = false;  // a file is being spoken
  bool ended = false;
};

GeminiTalk::GeminiTalk(gemini::Conversation talk, LiveOpening opening, GeminiTalksOptions options)
    : shared_(std::make_shared<Shared>(std::move(talk))),
      opening_(std::move(opening)),
      options_(std::move(options)) {}

GeminiTalk::~GeminiTalk() {
  close();
}

void GeminiTalk::start_microphone(Executor executor) {
  if (!options_.microphone || !opening_.hears_always) return;
  boost::asio::co_spawn(executor, pump(shared_, options_.microphone), boost::asio::detached);
}

Task<void> GeminiTalk::pump(std::shared_ptr<Shared> shared, Microphone* microphone) {
  while (!shared->ended) {
    auto piece = co_await microphone->next();
    if (!piece || shared->ended) break;
    if (shared->muted) continue;
    auto sent = co_await shared->talk.send_audio(std::move(*piece));
    if (!sent) co_return;
  }
  if (!shared->ended) (void)co_await shared->talk.end_audio();
}

bool GeminiTalk::is_over() const {
  return shared_->talk.is_over();
}

void GeminiTalk::close() {
  shared_->ended = true;
  shared_->talk.close();
}

Task<void> GeminiTalk::closed() {
  close();
  for (;;) {
    auto event = co_await shared_->talk.receive(5s);
    if (!event) co_return;
  }
}

// Where the service finds speech by itself, as fast as it would be said: it may be interrupted.
Task<Result<void>> GeminiTalk::speak(const Bytes& wav) {
  auto& talk = shared_->talk;
  auto samples = samples_of(wav);
  if (!samples) co_return fail(Error(samples.error()).with_detail("code", "prompt_assembly"));
  const bool finds = gemini::finds_activity(talk.setup());
  if (finds) samples->resize(samples->size() + kSilence);
  audio::Chunker chunker(audio::kInputRate, kChunk);
  chunker.push(*samples);
  Result<void> sent;
  if (!finds) sent = co_await talk.begin_activity();
  shared_->muted = true;
  auto left = samples->size();
  while (sent && left > 0) {
    auto chunk = chunker.poll();
    if (!chunk) chunk = chunker.finish();
    if (chunk->empty()) break;
    left -= std::min(left, chunk->size());
    auto bytes = audio::to_bytes(*chunk);
    sent = co_await talk.send_audio(std::move(bytes));
    if (sent && finds) co_await options_.timer->wait(kChunk);
  }
  shared_->muted = false;
  if (sent && finds) sent = co_await talk.end_audio();
  if (sent && !finds) sent = co_await talk.end_activity();
  co_return sent;
}

// Texts and pictures first, as one turn, which is answered where no speech follows.
Task<Result<void>> GeminiTalk::say(const LiveTurn& turn) {
  auto& talk = shared_->talk;
  std::vector<gemini::Part> shown;
  std::vector<const gemini::Part*> spoken;
  for (const auto& part : turn.parts) {
    if (is_speech(part))
      spoken.push_back(&part);
    else
      shown.push_back(part);
  }
  const bool at_once = gemini::live_text_way(talk.setup().model) == gemini::LiveTextWay::realtime;
  if (!shown.empty() && at_once) {
    for (const auto& part : shown) {
      Result<void> sent;
      if (part.inline_data) {
        auto picture = part.inline_data->data.value_or(Bytes());
        sent = co_await talk.send_image(std::move(picture),
                                        part.inline_data->mime_type.value_or("image/jpeg"));
      } else {
        sent = co_await talk.send_text(part.text.value_or(""));
      }
      if (!sent) co_return sent;
    }
  } else if (!shown.empty()) {
    std::vector<gemini::Content> turns(1);
    turns[0].role = "user";
    turns[0].parts = std::move(shown);
    auto sent = co_await talk.send_turns(std::move(turns), spoken.empty() && !turn.listens);
    if (!sent) co_return sent;
  }
  for (const auto* part : spoken) {
    auto sent = co_await speak(part->inline_data->data.value_or(Bytes()));
    if (!sent) co_return sent;
  }
  co_return Result<void>();
}

Task<Result<void>> GeminiTalk::hear(TurnEar& ear, const LiveTurn& turn) {
  for (;;) {
    auto event = co_await shared_->talk.receive(opening_.settings.silence);
    if (!event) co_return fail(std::move(event.error()));
    if (auto line = told(*event); !line.empty() && turn.note) turn.note(std::move(line));
    if (std::holds_alternative<gemini::AnswerVoided>(*event)) ear.forget();
    const auto* live = std::get_if<gemini::LiveEvent>(&*event);
    if (live && ear.take(*live, cut_before_)) co_return Result<void>();
  }
}

// Behind a barge-in the service may be answering what was said, and an act that says something else
// cuts that short: nobody spoke into the act. What begins later, while its message is on the way,
// cannot be told from its own answer.
Task<Result<void>> GeminiTalk::hear_what_came(TurnEar& ear, const LiveTurn& turn) {
  for (;;) {
    auto event = co_await shared_->talk.receive(0ms);
    if (!event && event.error().kind() == ErrorKind::timeout) break;
    if (!event) co_return fail(std::move(event.error()));
    if (auto line = told(*event); !line.empty() && turn.note) turn.note(std::move(line));
    const auto* live = std::get_if<gemini::LiveEvent>(&*event);
    const bool over = live && ear.take(*live, cut_before_);
    if (over) ear.begin_anew();
  }
  ear.begin_own();
  co_return Result<void>();
}

Task<void> GeminiTalk::wait_for_handle() {
  const auto until = std::chrono::steady_clock::now() + kHandleWait;
  for (;;) {
    const auto now = std::chrono::steady_clock::now();
    if (now >= until) co_return;
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - now) + 1ms;
    auto event = co_await shared_->talk.receive(left);
    if (!event) co_return;
    const auto* live = std::get_if<gemini::LiveEvent>(&*event);
    if (live && std::holds_alternative<gemini::LiveResumption>(*live)) co_return;
  }
}

Task<Result<LiveAnswer>> GeminiTalk::turn(LiveTurn turn) {
  auto& talk = shared_->talk;
  const auto before = talk.usage();
  TurnEar ear(turn.ends_at_barge_in);
  if (std::exchange(barged_, false) && !turn.listens) {
    auto came = co_await hear_what_came(ear, turn);
    if (!came) co_return fail(std::move(came.error()));
  }
  auto said = co_await say(turn);
  if (!said) co_return fail(std::move(said.error()));
  auto heard = co_await hear(ear, turn);
  if (!heard) co_return fail(std::move(heard.error()));
  LiveAnswer out;
  out.answer = ear.answer();
  out.answer.model = opening_.model;
  const bool whole = out.answer.finish_reason != "INTERRUPTED";
  barged_ = !whole;
  if (whole && talk.setup().session_resumption) co_await wait_for_handle();
  const auto after = talk.usage();
  out.answer.tokens = Tokens(after.prompt + after.tool_use - before.prompt - before.tool_use,
                             after.answer + after.thoughts - before.answer - before.thoughts);
  out.pcm = std::move(ear.pcm);
  out.rate = ear.rate;
  const auto snapshot = talk.snapshot();
  if (whole && !snapshot.handle.empty() && snapshot.history_in_handle == snapshot.history.size()) {
    out.handle = snapshot.handle;
    out.handle_expires = snapshot.handle_expires;
  }
  co_return out;
}

}  // namespace parley::narrative::detail
