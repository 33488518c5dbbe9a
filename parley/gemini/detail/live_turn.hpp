#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "parley/api/call_options.hpp"
#include "parley/gemini/detail/stream_source.hpp"
#include "parley/gemini/live_generation.hpp"

namespace parley::gemini {

// What the turns of a session share.
struct LiveTurns::Session {
  Session(Live opened, Setup with, api::CallReport made)
      : live(std::move(opened)), setup(std::move(with)), report(std::move(made)) {}
  // The next answer belongs to the turn that is begun here.
  std::uint64_t begin_turn();

  Live live;
  Setup setup;
  api::CallReport report;
  std::vector<Content> kept;  // context that waits for the next turn
  std::uint64_t turn = 0;     // the newest
  bool answering = false;     // its answer has not ended
  std::size_t stale = 0;      // answers that were broken off, and whose end has not come
};

namespace detail {

// How an answer belongs to its session.
enum class TurnKind {
  alone,  // the session ends with it
  of_session,
  after_calls,  // it follows the results of function calls
};

// An answer's events as the messages that HTTP would stream.
class LiveTurn final : public StreamSource {
 public:
  LiveTurn(std::shared_ptr<LiveTurns::Session> session, TurnKind kind);
  ~LiveTurn() override;

  Task<std::optional<GenerateContentResponse>> next() override;
  Result<void> outcome() const override { return outcome_; }
  ServedBy served_by() const override { return ServedBy::websocket; }
  const api::CallReport& report() const override { return report_; }

 private:
  struct Reader;
  std::optional<GenerateContentResponse> take(LiveEvent event);
  void end(Result<void> outcome);
  GenerateContentResponse message() const;

  std::shared_ptr<LiveTurns::Session> session_;
  api::CallReport report_;
  std::uint64_t turn_;
  TurnKind kind_;
  bool said_ = false;  // a message was given
  std::optional<Usage> usage_;
  bool finished_ = false, ended_ = false;
  Result<void> outcome_;
};

}  // namespace detail
}  // namespace parley::gemini
