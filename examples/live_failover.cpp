// Talks with Gemini, and goes on with OpenAI's Realtime API, and with what was said, when Gemini
// cannot be used. Offline: `parley emulate` speaks both,
//   GOOGLE_GEMINI_BASE_URL=http://127.0.0.1:8090 GEMINI_API_KEY=any OPENAI_API_KEY=any
//   example_live_failover http://127.0.0.1:8090/v1 "My name is Ada." "Who am I?"
#include <iostream>
#include <variant>

#include "parley/gemini/continuity/conversation.hpp"
#include "parley/gemini/openai/realtime.hpp"

using namespace parley;

Task<Result<void>> hear_answer(gemini::Conversation& talk) {
  while (auto event = co_await talk.next()) {
    if (const auto* moved = std::get_if<gemini::HandoverDone>(&*event))
      std::cerr << "(now with " << moved->service << ")\n";
    const auto* told = std::get_if<gemini::LiveEvent>(&*event);
    if (!told) continue;
    if (const auto* words = std::get_if<gemini::LiveTranscript>(told)) std::cout << words->text;
    if (std::holds_alternative<gemini::LiveTurnComplete>(*told)) break;
  }
  std::cout << std::endl;
  co_return talk.outcome();
}

Task<Result<void>> converse(int argc, char** argv) {
  gemini::OpenAiLiveOptions other("gpt-realtime");
  other.base_url = argv[1];
  auto openai = gemini::openai_live(std::move(other));
  if (!openai) co_return fail(openai.error());

  gemini::LiveOptions gemini_live("gemini-2.5-flash-native-audio-latest");
  gemini_live.instruct("Be brief.").transcribe();
  gemini::ConversationOptions options(std::move(gemini_live));
  options.policy = gemini::ContinuityPolicy::durable();
  options.fallbacks.emplace_back("openai", std::move(*openai));
  auto talk = co_await gemini::Conversation::open(std::move(options));
  if (!talk) co_return fail(talk.error());
  for (int i = 2; i < argc; ++i) {
    auto said = co_await talk->say(argv[i]);
    if (said) said = co_await hear_answer(*talk);
    if (!said) co_return said;
  }
  co_return Result<void>();
}

int main(int argc, char** argv) {
  if (argc < 3) return std::cerr << "usage: example_live_failover OPENAI_URL TEXT...\n", 2;
  const auto done = run(converse(argc, argv));
  if (!done) return std::cerr << done.error().describe() << "\n", 1;
}
