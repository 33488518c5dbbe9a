// Many questions, at most N of them at the same time: one answer a line, in the order of the input.
//   GEMINI_API_KEY=… example_many_calls 4 < questions.txt
// Without a key: start `parley emulate` and set
//   GOOGLE_GEMINI_BASE_URL=http://127.0.0.1:8090 GEMINI_API_KEY=any
#include <iostream>

#include <boost/asio/experimental/awaitable_operators.hpp>

#include "parley/gemini/client.hpp"

using namespace parley;

struct Work {
  explicit Work(std::vector<std::string> asked)
      : questions(std::move(asked)), answers(questions.size()) {}
  std::vector<std::string> questions, answers;
  std::size_t next = 0;
};

// Takes the next question as soon as it has its answer.
Task<void> work_alone(gemini::Models models, Work& work) {
  while (work.next < work.questions.size()) {
    const auto mine = work.next++;
    auto request = gemini::prompt(work.questions[mine]);
    const auto answer = co_await models.generate_content("gemini-2.5-flash", request);
    work.answers[mine] = answer ? gemini::text_of(*answer) : answer.error().describe();
  }
}

// Side by side on one executor, so that nothing needs a lock.
Task<void> work_together(gemini::Models models, Work& work, int workers) {
  using namespace boost::asio::experimental::awaitable_operators;
  if (workers == 1)
    co_await work_alone(models, work);
  else
    co_await (work_alone(models, work) && work_together(models, work, workers - 1));
}

Task<int> ask_all(int at_once, std::vector<std::string> questions) {
  const auto client = gemini::Client::make();
  if (!client) co_return std::cerr << client.error().describe() << "\n", 2;
  Work work(std::move(questions));
  co_await work_together(client->models(), work, at_once);
  for (const auto& answer : work.answers) std::cout << answer << "\n";
  co_return 0;
}

int main(int argc, char** argv) {
  const int at_once = argc == 2 ? std::atoi(argv[1]) : 0;
  if (at_once < 1) return std::cerr << "usage: example_many_calls N < QUESTIONS\n", 2;
  std::vector<std::string> questions;
  for (std::string line; std::getline(std::cin, line);) questions.push_back(line);
  return run(ask_all(at_once, std::move(questions)));
}
