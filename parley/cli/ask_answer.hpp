#pragma once

#include <optional>
#include <string>

#include "parley/cli/commands.hpp"
#include "parley/gemini/types.hpp"
#include "parley/json/free_form.hpp"

namespace parley::cli {

// Prints an answer as its pieces come, and judges it when it has ended.
class AskPrinter {
 public:
  explicit AskPrinter(const AskOptions& options);

  void piece(const gemini::GenerateContentResponse& response);
  // Before a message that interrupts the answer.
  void end_line();
  // Ends the line, tells sources and token counts, and gives the exit code: refused for a prompt
  // that was blocked, an answer that was stopped or has no text; failed where it is not as `schema`
  // says.
  int end(const std::optional<std::string>& schema);

 private:
  void print(std::string_view text);
  void print_parts(const gemini::Content& content);
  void tell_usage() const;
  void tell_sources() const;

  const AskOptions& options_;
  bool terminal_;
  bool ends_line_ = true;
  std::string text_, finish_;
  std::optional<std::string> problem_;
  std::optional<gemini::UsageMetadata> usage_;
  std::optional<gemini::GroundingMetadata> grounding_;
};

// "parley ask: …" on standard error; gives the code.
int complain(std::string_view what, int code);

}  // namespace parley::cli
