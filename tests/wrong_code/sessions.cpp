// Wrong uses of a generated session. Without WRONG this compiles; with WRONG=n it must not, and the
// compiler names the rule that wrong_code_test.py looks for.
#include "elevenlabs/stream_text_to_speech.hpp"

namespace tts = elevenlabs::stream_text_to_speech;

parley::Task<void> use() {
#if WRONG == 1
  auto fresh = co_await tts::connect(tts::Params());  // the path's parameter is missing
#else
  auto fresh = co_await tts::connect(tts::Params("a-voice"));
#endif
#if WRONG == 2
  (void)co_await fresh->send_text(elevenlabs::SendTextMessage("too early"));
#endif
#if WRONG == 3
  auto live = co_await fresh->initialize();  // the step takes the session: std::move is needed
#else
  auto live = co_await std::move(*fresh).initialize();
#endif
#if WRONG == 4
  auto again = co_await std::move(*live).initialize();
#endif
#if WRONG == 5
  (void)co_await live->send_text(elevenlabs::CloseConnectionMessage());
#else
  (void)co_await live->send_text(elevenlabs::SendTextMessage("Hello "));
#endif
  auto closing = co_await std::move(*live).close();
#if WRONG == 6
  (void)co_await closing->send_text(elevenlabs::SendTextMessage("too late"));
#endif
#if WRONG == 7
  auto copy = *closing;
#endif
  while (auto message = co_await closing->next()) continue;
}
