// Speaks a WAV file to a Live model as a microphone would, also into its answers: captions
// and waiting times to the terminal, what a listener has heard to another file. `parley emulate`,
// GOOGLE_GEMINI_BASE_URL=http://127.0.0.1:8090 GEMINI_API_KEY=any example_duplex_assistant FROM TO
#include <fstream>
#include <iostream>

#include "parley/audio/duplex.hpp"
#include "parley/audio/latency.hpp"
#include "parley/audio/transcript.hpp"
#include "parley/audio/wav.hpp"
#include "parley/gemini/continuity/conversation.hpp"
#include "parley/net/system.hpp"

using namespace parley;
using std::chrono::milliseconds;

struct Assistant {
  audio::Duplex duplex;
  audio::LatencyReport latency = {};
  audio::Transcript transcript = audio::Transcript();
  std::deque<audio::PlayoutChunk> speaker = {};  // was given, is not heard yet
  audio::Samples heard = {};
  bool owed = false;  // an answer
  void drain(TimePoint now) {
    duplex.handle_timeout(now), transcript.handle_timeout(now);
    while (auto event = duplex.poll_event(now)) {
      if (event->kind == audio::DuplexEvent::Kind::play) speaker.push_back(std::move(event->chunk));
      if (event->kind == audio::DuplexEvent::Kind::empty_speaker) speaker.clear();
      if (event->kind == audio::DuplexEvent::Kind::speech_began) owed = true;
      if (event->kind == audio::DuplexEvent::Kind::speech_ended) latency.asked(event->at);
      if (event->kind == audio::DuplexEvent::Kind::answer_cut) std::cout << "[interrupted]\n";
    }
    for (; !speaker.empty() && speaker.front().play_at <= now; speaker.pop_front())
      std::ranges::copy(speaker.front().samples, std::back_inserter(heard));
    while (const auto said = transcript.poll_update())
      if (said->finished)
        std::cout << (said->side == audio::Side::user ? "You: " : "Model: ") << said->text << "\n";
    while (const auto turn = latency.poll_turn())
      if (turn->first_audio) std::cout << "[" << *turn->first_audio / milliseconds(1) << " ms]\n";
  }
  Result<void> take(const gemini::ConversationEvent& told, TimePoint now) {
    const auto* event = std::get_if<gemini::LiveEvent>(&told);
    if (const auto* sound = std::get_if<gemini::LiveAudio>(event)) {
      audio::Samples samples;
      audio::PcmReader().read(sound->pcm, samples);
      transcript.audio(samples.size()), latency.received(now, false, true);
      return duplex.answer(samples, now);
    }
    if (const auto* said = std::get_if<gemini::LiveTranscript>(event))
      transcript.fragment(said->of_user ? audio::Side::user : audio::Side::model, said->text,
                          said->finished, said->interim, now);
    if (std::get_if<gemini::LiveInterrupted>(event))
      duplex.interrupted(now), transcript.interrupted(), latency.interrupted(now);
    if (std::get_if<gemini::LiveGenerationComplete>(event))
      duplex.generation_complete(now), transcript.generation_complete();
    if (const auto turn = transcript.turn(); std::get_if<gemini::LiveTurnComplete>(event)) {
      duplex.turn_complete(now), transcript.turn_complete(), latency.completed(now);
      if (transcript.turn() > turn) owed = false;  // else it had been interrupted
    }
    return {};
  }
};

Task<Result<audio::Samples>> converse(Result<audio::WavSound> question) {
  if (!question) co_return fail(question.error());
  gemini::LiveOptions live("gemini-2.5-flash-native-audio-latest");
  gemini::ConversationOptions options(std::move(live.transcribe()));
  auto talk = co_await gemini::Conversation::open(std::move(options));
  if (!talk) co_return fail(talk.error());
  audio::DuplexOptions voice;
  const int rate = voice.upstream.rate = question->format.rate;
  voice.voice.end_after = milliseconds(300);  // known before the service answers
  Assistant self{audio::Duplex(voice, net::now())};
  audio::Chunker microphone(rate, milliseconds(20));
  microphone.push(question->samples);
  std::optional<audio::Samples> piece;  // behind the file's end the microphone hears silence
  for (auto due = net::now(); (piece = microphone.poll()) || self.owed || !self.duplex.quiet();) {
    self.duplex.recorded(piece.value_or(audio::Samples(rate / 50)), net::now());
    Result<void> done;
    for (auto chunk = self.duplex.take(net::now()); chunk; chunk = self.duplex.take(net::now()))
      if (done) done = co_await talk->send_audio(audio::to_bytes(chunk->samples), rate);
    for (due += milliseconds(20); done && net::now() < due; self.drain(net::now())) {
      auto event = co_await talk->receive(std::chrono::ceil<milliseconds>(due - net::now()));
      if (event) done = self.take(*event, net::now());
      if (!event && event.error().kind() != ErrorKind::timeout) done = fail(event.error());
    }
    if (!done) co_return fail(done.error());
  }
  co_return std::move(self.heard);
}

int main(int argc, char** argv) {
  if (argc != 3) return std::cerr << "usage: example_duplex_assistant FROM.wav TO.wav\n", 2;
  std::ifstream in(argv[1], std::ios::binary);
  const std::string file{std::istreambuf_iterator<char>(in), {}};
  const auto heard = run(converse(audio::read_wav(as_bytes(file))));
  if (!heard) return std::cerr << heard.error().describe() << "\n", 1;
  const auto made = audio::write_wav(*heard, audio::kOutputRate).value();
  std::ofstream(argv[2], std::ios::binary).write(as_text(made).data(), std::ssize(made));
}
