// Uploads a file, asks questions about it, and removes it.
//   GEMINI_API_KEY=… example_ask_about_file report.txt "Who wrote it?" "When?"
// Without a key: start `parley emulate` and set
//   GOOGLE_GEMINI_BASE_URL=http://127.0.0.1:8090 GEMINI_API_KEY=any
#include <fstream>
#include <iostream>
#include <iterator>

#include "parley/gemini/client.hpp"

using namespace parley;

Task<Result<void>> ask(std::string path, std::vector<std::string> questions) {
  std::ifstream in(path, std::ios::binary);
  std::string bytes(std::istreambuf_iterator<char>(in), {});
  const auto client = gemini::Client::make();
  if (!client) co_return fail(client.error());
  gemini::UploadOptions options("text/plain");
  options.progress = [](std::size_t sent, std::size_t all) {
    std::cerr << sent << " of " << all << " bytes\n";
  };
  const auto file = co_await client->files().upload(std::move(bytes), std::move(options));
  if (!file) co_return fail(file.error());

  for (const auto& question : questions) {
    auto request = gemini::prompt(question);
    gemini::FileData data(file->uri.value_or(""));
    data.mime_type = file->mime_type;
    request.contents->front().parts->emplace_back().file_data = std::move(data);
    const auto answer = co_await client->models().generate_content("gemini-2.5-flash", request);
    if (!answer) co_return fail(answer.error());
    std::cout << gemini::text_of(*answer) << "\n";
  }
  auto removed = co_await client->files().remove(file->name.value_or(""));
  co_return removed;
}

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const auto done = run(ask(argv[1], {argv + 2, argv + argc}));
  if (!done) std::cerr << done.error().describe() << "\n";
  return done ? 0 : 1;
}
