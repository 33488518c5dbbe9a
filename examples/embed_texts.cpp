// Which of some texts is nearest to the first one, by their embeddings; and what they would cost.
//   GEMINI_API_KEY=… example_embed_texts "red apple" "green apple" "fast car"
// Without a key: start `parley emulate` and set
//   GOOGLE_GEMINI_BASE_URL=http://127.0.0.1:8090 GEMINI_API_KEY=any
#include <iostream>
#include <numeric>

#include "parley/gemini/client.hpp"

using namespace parley;

Task<Result<void>> compare(std::vector<std::string> texts) {
  const auto client = gemini::Client::make();
  if (!client) co_return fail(client.error());
  const auto models = client->models();
  const auto vectors = co_await models.embed("gemini-embedding-001", texts, 256);
  if (!vectors) co_return fail(vectors.error());
  const auto& first = vectors->front();
  std::size_t nearest = 1;
  double best = -1;
  for (std::size_t i = 1; i < texts.size(); ++i) {
    const auto& other = (*vectors)[i];
    const double along = std::inner_product(first.begin(), first.end(), other.begin(), 0.0);
    if (along > best) nearest = i;
    best = std::max(best, along);
  }
  std::vector<gemini::Content> contents;
  for (const auto& text : texts) contents.push_back(gemini::user_content(text));
  const auto tokens = co_await models.count_tokens("gemini-2.5-flash", std::move(contents));
  if (!tokens) co_return fail(tokens.error());
  std::cout << "nearest: " << texts[nearest] << "\n"
            << tokens->total_tokens.value_or(0) << " tokens\n";
  co_return Result<void>();
}

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const auto done = run(compare({argv + 1, argv + argc}));
  if (!done) std::cerr << done.error().describe() << "\n";
  return done ? 0 : 1;
}
