#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/gemini/blocking_loop.hpp"
#include "parley/gemini/chat.hpp"
#include "parley/gemini/client.hpp"
#include "parley/gemini/live_tools.hpp"
#include "parley/gemini/structured.hpp"

// The Gemini API for programs without coroutines: the same code, run on a thread of its own while
// the caller waits. Objects may be used from several threads, one call at a time for each of Chat
// and Live; callbacks are called on that thread of its own and must make no blocking call. What a
// call gives, its errors and what it keeps is said at the coroutine of the same name.
namespace parley::gemini::blocking {

// Sees the pieces of an answer; false: enough, the stream is dropped.
using OnPiece = std::function<bool(const GenerateContentResponse& piece)>;

class Chat {
 public:
  GenerateContentRequest& settings() { return chat_->settings(); }
  void add_function(FunctionDeclaration declaration, Functions::Plain run);
  void set_max_rounds(int rounds) { chat_->set_max_rounds(rounds); }

  Result<GenerateContentResponse> send(std::string text);
  Result<GenerateContentResponse> send(Content turn);
  Result<void> stream(std::string text, OnPiece on_piece);

  const std::vector<Content>& history() const { return chat_->history(); }
  std::string save() const { return chat_->save(); }
  Result<void> restore(std::string_view json) { return chat_->restore(json); }
  Chat fork() const { return Chat(chat_.loop(), gemini::Chat(*chat_)); }

 private:
  friend class Client;
  Chat(std::shared_ptr<Loop> loop, gemini::Chat chat) : chat_(std::move(loop), std::move(chat)) {}
  OnLoop<gemini::Chat> chat_;
};

// Pings are answered, and functions run, also while no call is made.
class Live {
 public:
  // Functions that are run as the model calls them, before anything is read; see LiveTools.
  void use(std::shared_ptr<LiveTools> tools) { tools_ = std::move(tools); }

  std::optional<LiveEvent> next();
  Result<LiveEvent> receive(std::chrono::milliseconds limit = std::chrono::minutes(1));
  std::vector<LiveEvent> receive_all();
  Result<void> outcome() const;
  LiveState state() const;

  Result<void> say(std::string_view text);
  Result<void> send_turns(std::vector<Content> turns, bool complete = true);
  Result<void> send_turn(std::string_view text);
  Result<void> send_text(std::string_view text);
  Result<void> send_audio(Bytes pcm, int rate = 16'000);
  Result<void> send_image(Bytes image, std::string_view mime_type = "image/jpeg");
  Result<void> end_audio();
  Result<void> begin_activity();
  Result<void> end_activity();
  Result<void> interrupt();
  Result<void> respond(std::vector<FunctionResponse> responses);
  Result<void> close();

  std::string handle() const;
  Usage usage() const;

 private:
  friend class Client;
  Live(std::shared_ptr<Loop> loop, gemini::Live live) : live_(std::move(loop), std::move(live)) {}
  OnLoop<gemini::Live> live_;
  std::shared_ptr<LiveTools> tools_;
};

class Client {
 public:
  static Result<Client> make(ClientOptions options = ClientOptions());

  Result<GenerateContentResponse> generate_content(std::string model,
                                                   GenerateContentRequest request) const;
  // Success where the service ended the stream in order, or `on_piece` had enough.
  Result<void> stream_generate_content(std::string model, GenerateContentRequest request,
                                       OnPiece on_piece) const;
  Result<CountTokensResponse> count_tokens(std::string model, std::vector<Content> contents) const;
  Result<std::vector<std::vector<double>>> embed(std::string model, std::vector<std::string> texts,
                                                 int dimensions = 0) const;
  Result<std::vector<Model>> list_models() const;
  Result<Model> get_model(std::string model) const;
  template <class T>
  Result<T> generate_as(std::string model, std::string_view text) const {
    return run(gemini::generate_as<T>(client_->models(), std::move(model), text));
  }

  Chat chat(std::string model) const;
  // LiveOptions::key and base_url are those of `options` or the environment's, not the client's.
  Result<Live> live(LiveOptions options) const;

  Result<File> upload(std::string bytes, UploadOptions options) const;
  Result<File> get_file(std::string name) const;
  Result<std::vector<File>> list_files() const;
  Result<void> remove_file(std::string name) const;

  // Anything else: a coroutine of the client below, on the loop's thread.
  template <class T>
  T run(Task<T> task) const {
    return client_.loop()->run(std::move(task));
  }
  gemini::Client& coroutines() const { return *client_; }

 private:
  Client(std::shared_ptr<Loop> loop, gemini::Client client)
      : client_(std::move(loop), std::move(client)) {}
  OnLoop<gemini::Client> client_;
};

}  // namespace parley::gemini::blocking
