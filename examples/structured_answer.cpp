// Asks a model for a recipe and gets a kitchen::Recipe, a type that is generated from recipe.yaml.
//   GEMINI_API_KEY=… example_structured_answer "Pancakes for 4"
// Without a key: start `parley emulate` and set
//   GOOGLE_GEMINI_BASE_URL=http://127.0.0.1:8090 GEMINI_API_KEY=any
#include <iostream>

#include "parley/gemini/structured.hpp"

#include "kitchen/types.hpp"

using namespace parley;

Task<int> cook(std::string wish) {
  auto client = gemini::Client::make();
  if (!client) {
    std::cerr << client.error().describe() << "\n";
    co_return 1;
  }
  auto recipe =
      co_await gemini::generate_as<kitchen::Recipe>(client->models(), "gemini-2.5-flash", wish);
  if (!recipe) {  // also where the answer is not of the type: the message names the place
    std::cerr << recipe.error().describe() << "\n";
    co_return 1;
  }
  std::cout << recipe->name << " (" << recipe->course.wire() << ", serves " << recipe->serves
            << ")\n";
  for (const auto& step : recipe->steps)
    std::cout << "- " << step.text << " (" << step.minutes << " min)\n";
  co_return 0;
}

int main(int argc, char** argv) {
  return run(cook(argc > 1 ? argv[1] : "Pancakes for 4"));
}
