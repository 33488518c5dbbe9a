#pragma once

#include <memory>

#include "parley/cli/live_screen.hpp"
#include "parley/cli/live_voice.hpp"
#include "parley/net/task.hpp"

namespace parley::cli {

// The terminal as one screen, with its keys read one by one, as long as this lives; as it was
// before and the captions below it afterwards. At most one at a time.
class LiveTerminal {
 public:
  // Standard input and output are terminals that can be drawn on.
  static bool possible();

  LiveTerminal(std::shared_ptr<LiveScreen> screen, std::shared_ptr<LiveVoice> voice,
               std::shared_ptr<gemini::Conversation> talk);
  ~LiveTerminal();
  LiveTerminal(const LiveTerminal&) = delete;
  LiveTerminal& operator=(const LiveTerminal&) = delete;

  // Obeys keys until the user quits or the conversation ends. Errors: of sending.
  Task<Result<void>> run();
  // The terminal as it was; the destructor does it too.
  void leave();

 private:
  struct State;
  static Task<void> draw_again_and_again(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace parley::cli
