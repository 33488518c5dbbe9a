#pragma once

#include <deque>
#include <string>
#include <vector>

#include "parley/base/error.hpp"
#include "parley/gemini/continuity/effect.hpp"

namespace parley::gemini::detail {

// The function calls of a conversation. A call that is open when its connection ends is not run
// twice: where the next one makes the same call again, it is the same call for the program, and
// gets the answer that the program has given or will give.
class Calls {
 public:
  // Of what the connection asks for, the calls that the program has not seen. Ids that are taken
  // already are changed. Answers that are there go to `answers`, with the connection's ids.
  std::vector<FunctionCall> came(std::vector<FunctionCall> calls, LinkId link,
                                 std::vector<FunctionResponse>& answers);
  // The program's answers: those that the connection waits for stay in `responses`, with its ids;
  // answers for calls of an earlier connection are kept; those that nobody waits for go to `late`.
  // Errors: invalid_argument for an id that never was; nothing is changed then.
  Result<void> answer(std::vector<FunctionResponse>& responses, bool connected,
                      std::vector<FunctionResponse>& late);
  // The service cancelled them; the program's ids. Unknown ones are left out.
  std::vector<std::string> cancelled(const std::vector<std::string>& service_ids);

  // A handle was given: it contains the calls that are open.
  void mark();
  // Another connection. With the handle it knows the calls that the handle contains: their answers
  // so far are to be sent first. It knows no other.
  std::vector<FunctionResponse> moved(bool with_handle);
  // The answer is complete: calls that were not made again will not be. Gives their ids.
  std::vector<std::string> turn_done();
  // The same without any connection to come.
  std::vector<std::string> drop_all();

  // Some are neither answered nor cancelled.
  bool any_open() const;
  // In words, for the history: calls that were answered since the last time.
  std::string take_words() { return std::exchange(words_, {}); }

 private:
  struct Open {
    FunctionCall call;
    std::string id;  // the program's
    std::optional<std::string> service_id;
    bool known = true;  // by the present connection
    bool in_handle = false;
    bool answered = false;
    std::vector<FunctionResponse> answers;
  };
  Open* find(const FunctionResponse& response);
  std::vector<std::string> retire(bool (*which)(const Open&));
  bool is_taken(const std::string& id) const;

  std::vector<Open> open_;
  std::deque<std::string> retired_;  // ids of calls that are over, the newest 100
  std::string words_;
};

}  // namespace parley::gemini::detail
