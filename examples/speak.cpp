// Speech while the text is still being written, with the client generated from
// definitions/elevenlabs.yaml:  speak VOICE OUTPUT-FILE [URL]  (ELEVENLABS_API_KEY in the environment)
#include <fstream>
#include <iostream>

#include "elevenlabs/stream_text_to_speech.hpp"

namespace tts = elevenlabs::stream_text_to_speech;

parley::Task<parley::Result<std::size_t>> speak(std::string voice, std::string file, std::string url) {
  parley::api::SessionOptions options;
  options.base_url = url;
  auto fresh = co_await tts::connect(tts::Params(voice).with_model_id("eleven_flash_v2_5"), options);
  if (!fresh) co_return parley::fail(fresh.error());
  auto live = co_await std::move(*fresh).initialize();
  if (!live) co_return parley::fail(live.error());
  for (const char* text : {"Hello ", "from C++. "}) {
    auto sent = co_await live->send_text(elevenlabs::SendTextMessage(text));
    if (!sent) co_return parley::fail(sent.error());
  }
  auto closing = co_await std::move(*live).close();  // no more text; the audio still comes
  if (!closing) co_return parley::fail(closing.error());
  std::ofstream out(file, std::ios::binary);
  std::size_t bytes = 0;
  while (auto message = co_await closing->next())
    if (const auto* chunk = std::get_if<elevenlabs::AudioOutputMessage>(&*message)) {
      out.write(reinterpret_cast<const char*>(chunk->audio.data()),
                static_cast<std::streamsize>(chunk->audio.size()));
      bytes += chunk->audio.size();
    }
  if (auto outcome = closing->outcome(); !outcome) co_return parley::fail(outcome.error());
  co_return bytes;
}

int main(int argc, char** argv) {
  if (argc < 3) return std::cerr << "usage: speak VOICE OUTPUT-FILE [URL]\n", 2;
  const auto bytes = parley::run(speak(argv[1], argv[2], argc > 3 ? argv[3] : ""));
  if (!bytes) return std::cerr << bytes.error().describe() << "\n", 1;
  std::cout << *bytes << " bytes of audio\n";
}
