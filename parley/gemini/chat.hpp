#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "parley/gemini/client.hpp"

namespace parley::gemini {

// A conversation over REST: what was said is sent with each new message. Functions that the model
// calls are run, and their answers sent, until it answers in words. Belongs to its client's
// executor; one message at a time.
class Chat {
 public:
  // The answer of a function: an object, by convention {"output": …} or {"error": …}.
  using Function = std::function<json::Members(const json::Members& arguments)>;

  Chat(Models models, std::string model);

  // Sent with every message: instruction, settings, tools. Its contents are not used.
  GenerateContentRequest& settings() { return settings_; }
  // A function that the model may call. `run` must outlive the chat's calls; what it throws becomes
  // {"error": …}.
  void add_function(FunctionDeclaration declaration, Function run);
  // How often functions may be run before one message is answered; 0: calls are returned.
  void set_max_rounds(int rounds) { max_rounds_ = rounds; }

  // The answer in words, or the one whose calls this chat has no functions for. On an error the
  // history is as it was before. Errors: those of Models::generate_content(), invalid_state (the
  // rounds are used up).
  Task<Result<GenerateContentResponse>> send(std::string text);
  Task<Result<GenerateContentResponse>> send(Content turn);

  const std::vector<Content>& history() const { return history_; }

 private:
  Content run_calls(const Content& turn) const;
  bool can_run(const Content& turn) const;

  Models models_;
  std::string model_;
  GenerateContentRequest settings_;
  std::map<std::string, Function, std::less<>> functions_;
  std::vector<Content> history_;
  int max_rounds_ = 10;
};

}  // namespace parley::gemini
