// Writes some seconds of music, steered while it plays, to a file (PCM16, 48 kHz, two channels).
//   GEMINI_API_KEY=… example_live_music music.pcm "minimal techno" "a string quartet"
// Without a key: start `parley emulate` and set
//   GOOGLE_GEMINI_BASE_URL=http://127.0.0.1:8090 GEMINI_API_KEY=any
#include <fstream>
#include <iostream>

#include "parley/gemini/music.hpp"

using namespace parley;

constexpr std::size_t kTwoSeconds = 2 * 48'000 * 4;  // bytes

Task<Result<void>> record(std::ofstream& file, std::vector<std::string> prompts) {
  auto music = co_await gemini::Music::connect();
  if (!music) co_return fail(music.error());
  gemini::MusicConfig config;
  config.bpm = 90;
  if (auto sent = co_await music->configure(config); !sent) co_return sent;
  for (const auto& prompt : prompts) {
    if (auto sent = co_await music->prompt(prompt); !sent) co_return sent;
    if (auto sent = co_await music->play(); !sent) co_return sent;
    std::size_t bytes = 0;
    while (bytes < kTwoSeconds) {
      auto event = co_await music->next();
      if (!event) co_return music->outcome();
      if (const auto* filtered = std::get_if<gemini::MusicFiltered>(&*event))
        std::cerr << "filtered: " << filtered->text << "\n";
      const auto* audio = std::get_if<gemini::MusicAudio>(&*event);
      if (!audio) continue;
      bytes += audio->pcm.size();
      file.write(reinterpret_cast<const char*>(audio->pcm.data()),
                 static_cast<std::streamsize>(audio->pcm.size()));
    }
  }
  co_await music->close();
  co_return Result<void>();
}

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  std::ofstream file(argv[1], std::ios::binary);
  const auto done = run(record(file, {argv + 2, argv + argc}));
  if (!done) std::cerr << done.error().describe() << "\n";
  return done ? 0 : 1;
}
