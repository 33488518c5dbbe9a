#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "parley/gemini/live.hpp"

namespace parley::gemini::detail {

// One connection, whichever method of the service it is.
class LiveLink {
 public:
  virtual ~LiveLink() = default;
  virtual Task<Result<void>> send(ClientContentMessage message) = 0;
  virtual Task<Result<void>> send(RealtimeInputMessage message) = 0;
  virtual Task<Result<void>> send(ToolResponseMessage message) = 0;
  virtual Task<Result<void>> send(ContextUpdateMessage message) = 0;
  virtual Task<Result<void>> close() = 0;
  virtual Task<std::optional<std::vector<LiveEvent>>> next() = 0;
  virtual Result<void> outcome() const = 0;
};

// Connected, and the setup taken by the service.
Task<Result<std::unique_ptr<LiveLink>>> open_live_link(LiveOptions options, Backend backend);
// An end by a close code becomes what the service meant by it.
Result<void> told_by_service(Result<void> outcome);

}  // namespace parley::gemini::detail
