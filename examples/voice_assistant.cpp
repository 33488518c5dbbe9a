// Says what is in a WAV file to a Live model, over as many connections as it takes, and puts its
// spoken answer into another. Offline: `parley emulate`, with
//   GOOGLE_GEMINI_BASE_URL=http://127.0.0.1:8090 GEMINI_API_KEY=any
//   example_voice_assistant question.wav answer.wav
#include <fstream>
#include <iostream>
#include <iterator>

#include "parley/audio/resampler.hpp"
#include "parley/audio/wav.hpp"
#include "parley/gemini/continuity/conversation.hpp"

using namespace parley;

Result<audio::Samples> read_question(const char* path) {
  std::ifstream in(path, std::ios::binary);
  const std::string file{std::istreambuf_iterator<char>(in), {}};
  auto sound = audio::read_wav(as_bytes(file));
  if (!sound) return fail(sound.error());
  auto resampler = audio::Resampler::create(sound->format.rate, audio::kInputRate);
  if (!resampler) return fail(resampler.error());
  audio::Samples samples;
  resampler->process(sound->samples, samples);
  resampler->finish(samples);
  return samples;
}

Task<Result<audio::Samples>> ask(audio::Samples question) {
  gemini::ConversationOptions options{gemini::LiveOptions("gemini-2.5-flash-native-audio-latest")};
  options.policy = gemini::ContinuityPolicy::durable();
  auto talk = co_await gemini::Conversation::open(std::move(options));
  if (!talk) co_return fail(talk.error());
  audio::Chunker chunker(audio::kInputRate, std::chrono::milliseconds(100));
  chunker.push(question);
  Result<void> sent;
  for (auto chunk = chunker.poll(); chunk && sent; chunk = chunker.poll())
    sent = co_await talk->send_audio(audio::to_bytes(*chunk));
  if (sent) sent = co_await talk->end_audio();
  if (!sent) co_return fail(sent.error());
  audio::Samples answer;
  audio::PcmReader reader;
  while (auto event = co_await talk->next()) {
    if (std::holds_alternative<gemini::AnswerVoided>(*event)) answer.clear();
    const auto* told = std::get_if<gemini::LiveEvent>(&*event);
    if (const auto* sound = told ? std::get_if<gemini::LiveAudio>(told) : nullptr)
      reader.read(sound->pcm, answer);
    if (told && std::holds_alternative<gemini::LiveTurnComplete>(*told)) co_return answer;
  }
  co_return fail(ErrorKind::disconnected, "the conversation ended without an answer");
}

int main(int argc, char** argv) {
  if (argc != 3) return std::cerr << "usage: example_voice_assistant FROM.wav TO.wav\n", 2;
  const auto question = read_question(argv[1]);
  if (!question) return std::cerr << question.error().describe() << "\n", 1;
  const auto answer = run(ask(*question));
  if (!answer) return std::cerr << answer.error().describe() << "\n", 1;
  const auto file = audio::write_wav(*answer, audio::kOutputRate).value();
  std::ofstream(argv[2], std::ios::binary).write(as_text(file).data(), std::ssize(file));
}
