// Keeps a long file at the service and asks several questions about it: its tokens are sent once
// and cost less in each answer.
//   GEMINI_API_KEY=… example_cached_file book.txt "Who tells the story?" "How does it end?"
// Without a key: start `parley emulate` and set
//   GOOGLE_GEMINI_BASE_URL=http://127.0.0.1:8090 GEMINI_API_KEY=any
#include <fstream>
#include <iostream>
#include <iterator>

#include "parley/gemini/client.hpp"
#include "parley/gemini/media.hpp"

using namespace parley;

Task<Result<void>> ask(std::string path, std::vector<std::string> questions) {
  std::ifstream in(path, std::ios::binary);
  std::string bytes(std::istreambuf_iterator<char>(in), {});
  const auto client = gemini::Client::make();
  if (!client) co_return fail(client.error());
  gemini::UploadOptions options("text/plain");
  const auto file = co_await client->files().upload(std::move(bytes), std::move(options));
  if (!file) co_return fail(file.error());

  gemini::CachedContent wanted;
  wanted.model = "models/gemini-2.5-flash";
  wanted.ttl = "600s";
  auto& turn = wanted.contents.emplace().emplace_back();
  turn.role = "user";
  turn.parts.emplace().push_back(gemini::media_part_of(*file));
  const auto cache = co_await client->caches().create(std::move(wanted));
  if (!cache) co_return fail(cache.error());

  for (const auto& question : questions) {
    auto request = gemini::prompt(question);
    request.cached_content = cache->name;
    const auto answer = co_await client->models().generate_content("gemini-2.5-flash", request);
    if (!answer) co_return fail(answer.error());
    const auto& usage = *answer->usage_metadata;
    std::cout << gemini::text_of(*answer) << "\n";
    std::cerr << usage.cached_content_token_count.value_or(0) << " of "
              << usage.prompt_token_count.value_or(0) << " tokens came from the cache\n";
  }
  if (auto removed = co_await client->caches().remove(cache->name.value_or("")); !removed)
    co_return removed;
  auto removed = co_await client->files().remove(file->name.value_or(""));
  co_return removed;
}

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const auto done = run(ask(argv[1], {argv + 2, argv + argc}));
  if (!done) std::cerr << done.error().describe() << "\n";
  return done ? 0 : 1;
}
