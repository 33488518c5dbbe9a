#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "parley/cli/console.hpp"

namespace parley::cli {

// What the terminal client shows for each frame of the server, and what it remembers of the
// session. Pure: frames in, text out. Text of people and models is stripped of terminal controls.
class ChatView {
 public:
  explicit ChatView(Style style) : style_(style) {}

  // The text to print for one server frame; may be empty.
  std::string show(std::string_view frame);

  // "You [e5f6g7h8...] ● › "; empty off a terminal.
  std::string prompt() const;

  const std::string& connection_id() const { return connection_id_; }
  const std::string& session_id() const { return session_id_; }
  const std::string& model() const { return model_; }
  // Own questions that have not been answered or refused yet.
  int waiting() const { return waiting_; }
  // An answer is being shown, to whomever.
  bool answering() const { return answering_; }
  bool failed() const { return failed_; }    // the last own question ended in an error
  bool refused() const { return refused_; }  // the last frame was an error
  void asked() { ++waiting_; }

 private:
  struct Frame;
  std::string show_answer(const Frame& frame);
  std::string show_update(const Frame& frame);
  std::string show_error(const Frame& frame);
  void settle(bool failed);

  Style style_;
  std::string connection_id_;
  std::string session_id_;
  std::string model_;
  std::string typing_;
  std::int64_t context_ = 0;
  int waiting_ = 0;
  bool failed_ = false;
  bool refused_ = false;
  bool answering_ = false;
  bool own_ = false;       // the answer that runs is to our question
  bool mid_line_ = false;  // the cursor stands behind text of an answer
};

}  // namespace parley::cli
