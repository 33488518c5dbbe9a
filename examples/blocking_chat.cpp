// The client without coroutines: a question, a chat and a file.
//   GEMINI_API_KEY=… example_blocking_chat "My name is Ada" "Who am I?"
// Without a key: start `parley emulate` and set
//   GOOGLE_GEMINI_BASE_URL=http://127.0.0.1:8090 GEMINI_API_KEY=any
#include <iostream>

#include "parley/gemini/blocking.hpp"

using namespace parley;

int main(int argc, char** argv) {
  auto client = gemini::blocking::Client::make();
  if (!client) {
    std::cerr << client.error().describe() << "\n";
    return 1;
  }
  const auto file = client->upload("Ada wrote programs.", gemini::UploadOptions("text/plain"));
  if (!file) {
    std::cerr << file.error().describe() << "\n";
    return 1;
  }
  std::cout << "uploaded " << file->size_bytes->text << " bytes\n";
  auto chat = client->chat("gemini-2.5-flash");
  for (int i = 1; i < argc; ++i) {
    std::cout << "You: " << argv[i] << "\nModel: ";
    const auto said = chat.stream(argv[i], [](const gemini::GenerateContentResponse& piece) {
      std::cout << gemini::text_of(piece) << std::flush;
      return true;
    });
    std::cout << "\n";
    if (!said) {
      std::cerr << said.error().describe() << "\n";
      return 1;
    }
  }
  return client->remove_file(*file->name) ? 0 : 1;
}
