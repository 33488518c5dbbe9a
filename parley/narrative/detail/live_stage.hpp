#pragma once

#include <memory>
#include <string>
#include <vector>

#include "parley/narrative/detail/session.hpp"
#include "parley/narrative/live_ports.hpp"

namespace parley::narrative::detail {

// The session of one pass through a Live narrative. It is opened when something is to be said that
// no record knows, and again where it has ended; then it begins with what was said so far.
class LiveStage {
 public:
  LiveStage(Session& session, const Narrative& narrative)
      : session_(session), narrative_(narrative) {}

  // `request`: what is said now is its last turn; what stands before it the session knows.
  Task<Result<LiveAnswer>> turn(std::string model, gemini::GenerateContentRequest request,
                                LiveTurn turn);
  // An act has ended well: its turns, and the handle of the session that holds them.
  Result<void> said(const std::vector<gemini::Content>& turns);
  const std::vector<gemini::Content>& history() const { return history_; }

  void close();
  Task<void> closed();

 private:
  LiveOpening opening(std::string model, const gemini::GenerateContentRequest& request);
  std::string key_of(const std::vector<gemini::Content>& history) const;

  Session& session_;
  const Narrative& narrative_;
  std::vector<gemini::Content> history_;
  std::string model_, system_;
  std::unique_ptr<LiveTalk> talk_;
  bool closing_ = false;
  std::string handle_;  // behind the last turn
  WallTime handle_expires_{};
};

}  // namespace parley::narrative::detail
