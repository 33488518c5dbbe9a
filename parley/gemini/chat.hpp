#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/gemini/client.hpp"
#include "parley/gemini/functions.hpp"
#include "parley/gemini/provider.hpp"

namespace parley::gemini {

class ChatStream;

// A conversation over REST: what was said is sent with each new message. Functions that the model
// calls are run, side by side where they are coroutines, and their answers sent, until it answers
// in words. Belongs to its client's executor; one message at a time. A copy is a fork: both go on
// from the same history and share nothing that changes.
class Chat {
 public:
  // Takes the arguments and gives an object, or why there is none; see Functions.
  using Function = Functions::Plain;
  using AsyncFunction = Functions::Async;

  Chat(Models models, std::string model);
  // With a service that need not be Gemini.
  Chat(std::shared_ptr<const Provider> provider, std::string model);

  // Sent with every message: instruction, settings, tools. Its contents are not used.
  GenerateContentRequest& settings() { return settings_; }
  // A function that the model may call.
  void add_function(FunctionDeclaration declaration, Function run);
  void add_function(FunctionDeclaration declaration, AsyncFunction run);
  // Whether the model may call functions (auto_), must call one (any), must not (none) or calls
  // them by their schema or answers (validated); `allowed` names those it may choose from, with any
  // and validated only. Unset: auto_.
  void choose_functions(FunctionCallingMode::Known mode, std::vector<std::string> allowed = {});
  // How often functions may be run before one message is answered (default 10); 0: calls are
  // returned.
  void set_max_rounds(int rounds) { max_rounds_ = rounds; }

  // The answer in words, or the one whose calls are of functions that are declared, but have no
  // function here: answer them with the next send(). A name that the model made up is answered with
  // that there is no such function. On an error the
  // history is as it was before. Errors: those of Models::generate_content(), invalid_state (the
  // rounds are used up).
  Task<Result<GenerateContentResponse>> send(std::string text);
  Task<Result<GenerateContentResponse>> send(Content turn);

  // The same, piece by piece. Nothing is sent before ChatStream::next() is called; the history
  // changes when the stream has ended in order, and not where it fails or is dropped. The chat must
  // outlive it and stay where it is.
  ChatStream stream(std::string text);
  ChatStream stream(Content turn);

  // Turns as the service gave them: ids, thought signatures and empty parts are kept.
  const std::vector<Content>& history() const { return history_; }
  // Goes on from another history. Errors: invalid_argument (a turn of another role than user,
  // model or function, or without parts); then nothing changes.
  Result<void> set_history(std::vector<Content> history);
  // The history as JSON, an array of Content, and back. Errors: invalid_argument with the place.
  std::string save() const;
  Result<void> restore(std::string_view json);

 private:
  friend class ChatStream;
  bool can_run(const Content& turn) const;
  // Runs what the turn calls; all answers go into one turn, in the order of the calls.
  Task<Content> run_calls(Content turn) const;
  Error too_many_rounds() const;

  std::shared_ptr<const Provider> provider_;
  std::string model_;
  GenerateContentRequest settings_;
  Functions functions_;
  std::vector<Content> history_;
  int max_rounds_ = 10;
};

// The pieces of an answer, as they come; functions are run between them. Destroying it stops the
// answer.
class ChatStream {
 public:
  ChatStream(ChatStream&&) noexcept;
  ChatStream& operator=(ChatStream&&) noexcept;
  ~ChatStream();

  // The next piece: new text only, or the calls that are run before the next one. Empty: the end.
  Task<std::optional<GenerateContentResponse>> next();
  // After the end: success, or why it ended early. Errors: those of Chat::send() and of
  // Stream::outcome().
  Result<void> outcome() const;

 private:
  friend class Chat;
  struct State;
  explicit ChatStream(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace parley::gemini
