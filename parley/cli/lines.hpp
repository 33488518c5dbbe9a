#pragma once

#include <memory>
#include <optional>
#include <string>

#include <boost/asio/steady_timer.hpp>

#include "parley/net/task.hpp"

namespace parley::cli {

// Standard input, line by line, for a coroutine: a thread reads, because a regular file cannot be
// waited for. Construct one per process; the thread ends with the process.
class LineReader {
 public:
  explicit LineReader(Executor executor);
  // Raw bytes instead of lines: next() gives what comes, at most `piece` bytes each.
  LineReader(Executor executor, std::size_t piece);
  ~LineReader();
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;

  // The next line without its end; empty at the end of input. One at a time.
  Task<std::optional<std::string>> next();

  static bool input_is_terminal();

 private:
  struct State;
  std::unique_ptr<boost::asio::steady_timer> ready_;  // used on the loop only
  std::shared_ptr<State> state_;
};

}  // namespace parley::cli
