// Makes a WAV file fit for a Live session: 16 kHz, one channel, chunks of 20 ms; tells its level
// and where somebody speaks in it.
//   example_audio_tools question.wav at_16_kHz.wav
#include <fstream>
#include <iostream>
#include <iterator>

#include "parley/audio/level.hpp"
#include "parley/audio/resampler.hpp"
#include "parley/audio/voice_activity.hpp"
#include "parley/audio/wav.hpp"

using namespace parley;

Result<std::size_t> convert(const char* from, const char* to) {
  std::ifstream in(from, std::ios::binary);
  if (!in) return fail(ErrorKind::not_found, std::string("cannot read ") + from);
  const std::string file{std::istreambuf_iterator<char>(in), {}};
  auto sound = audio::read_wav(as_bytes(file));
  if (!sound) return fail(sound.error());

  auto resampler = audio::Resampler::create(sound->format.rate, audio::kInputRate);
  if (!resampler) return fail(resampler.error());
  audio::Samples samples;
  resampler->process(sound->samples, samples);
  resampler->finish(samples);

  audio::LevelMeter meter(audio::kInputRate);
  meter.add(samples);
  std::cout << "level " << meter.mean_dbfs() << " dBFS, peak " << meter.highest_dbfs() << " dBFS\n";
  audio::VoiceActivity voice(audio::kInputRate);
  voice.add(samples);
  while (const auto event = voice.poll_event())
    std::cout << (event->kind == audio::VoiceEvent::Kind::started ? "speech from " : "speech to ")
              << audio::duration_of(event->at, audio::kInputRate).count() / 1'000'000 << " ms\n";

  audio::Chunker chunker(audio::kInputRate, std::chrono::milliseconds(20));
  chunker.push(samples);
  audio::WavWriter writer(audio::kInputRate);
  Bytes out;
  std::size_t chunks = 0;
  for (; auto chunk = chunker.poll(); ++chunks)
    if (auto written = writer.write(*chunk, out); !written) return fail(written.error());
  if (auto written = writer.write(chunker.finish(), out); !written) return fail(written.error());
  const auto header = writer.header();
  std::copy(header.begin(), header.end(), out.begin());
  std::ofstream(to, std::ios::binary).write(as_text(out).data(), std::ssize(out));
  return chunks;
}

int main(int argc, char** argv) {
  if (argc != 3) return std::cerr << "usage: example_audio_tools FROM.wav TO.wav\n", 2;
  const auto chunks = convert(argv[1], argv[2]);
  if (!chunks) return std::cerr << chunks.error().describe() << "\n", 1;
  std::cout << *chunks << " chunks of 20 ms, " << audio::mime_of(audio::kInputRate) << "\n";
}
