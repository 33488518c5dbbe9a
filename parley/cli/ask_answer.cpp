#include "parley/cli/ask_answer.hpp"

#include <iostream>

#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/cli/console.hpp"
#include "parley/gemini/answer.hpp"
#include "parley/json/schema.hpp"
#include "parley/json/value.hpp"

namespace parley::cli {

int complain(std::string_view what, int code) {
  std::cout << std::flush;
  std::cerr << Style::of(stderr).red("parley ask: ") << what << std::endl;
  return code;
}

AskPrinter::AskPrinter(const AskOptions& options)
    : options_(options), terminal_(Style::of(stdout).terminal()) {}

void AskPrinter::print(std::string_view text) {
  if (text.empty()) return;
  ends_line_ = text.back() == '\n';
  std::cout << (terminal_ ? strip_control(text) : std::string(text)) << std::flush;
}

// Words, code that was run and what it gave, in their order; thoughts beside them.
void AskPrinter::print_parts(const gemini::Content& content) {
  for (const auto& part : gemini::parts_of(content)) {
    if (part.text && part.thought.value_or(false)) {
      if (options_.thoughts)
        std::cerr << Style::of(stderr).dim(strip_control(*part.text)) << std::flush;
    } else if (part.text) {
      text_ += *part.text;
      print(*part.text);
    } else if (part.executable_code) {
      const auto& code = *part.executable_code;
      print(fmt::format("{}```{}\n{}\n```\n", ends_line_ ? "" : "\n",
                        to_lower_ascii(code.language.value_or("")), code.code.value_or("")));
    } else if (part.code_execution_result) {
      print(fmt::format("{}```\n{}\n```\n", ends_line_ ? "" : "\n",
                        part.code_execution_result->output.value_or("")));
    }
  }
}

void AskPrinter::piece(const gemini::GenerateContentResponse& response) {
  if (auto reason = gemini::finish_reason_of(response); !reason.empty())
    finish_ = std::move(reason);
  const bool judged =
      !gemini::candidates_of(response).empty() || !gemini::block_reason_of(response).empty();
  if (auto problem = judged ? gemini::problem_of(response) : std::nullopt)
    problem_ = problem->message();
  if (response.usage_metadata) usage_ = response.usage_metadata;
  if (const auto* found = gemini::grounding_of(response)) grounding_ = *found;
  if (options_.json) {
    text_ += gemini::text_of(response);
    print(json::encode_text(response) + "\n");
    return;
  }
  const auto& candidates = gemini::candidates_of(response);
  if (!candidates.empty() && candidates[0].content) print_parts(*candidates[0].content);
}

void AskPrinter::tell_usage() const {
  if (!options_.usage || !usage_) return;
  std::cerr << Style::of(stderr).dim(fmt::format(
                   "(tokens: prompt {}, cached {}, answer {}, thoughts {}, tools {}, total {})",
                   usage_->prompt_token_count.value_or(0),
                   usage_->cached_content_token_count.value_or(0),
                   usage_->candidates_token_count.value_or(0),
                   usage_->thoughts_token_count.value_or(0),
                   usage_->tool_use_prompt_token_count.value_or(0),
                   usage_->total_token_count.value_or(0)))
            << std::endl;
}

void AskPrinter::tell_sources() const {
  if (options_.json || !grounding_) return;
  std::size_t number = 0;
  for (const auto& source : gemini::sources_of(*grounding_)) {
    if (++number == 1) std::cout << '\n';
    const auto line =
        fmt::format("[{}] {} {}", number, source.title.value_or(""), source.uri.value_or(""));
    std::cout << (terminal_ ? strip_control(line) : line) << '\n';
  }
  std::cout << std::flush;
}

void AskPrinter::end_line() {
  if (!std::exchange(ends_line_, true)) std::cout << std::endl;
}

int AskPrinter::end(const std::optional<std::string>& schema) {
  end_line();
  tell_sources();
  tell_usage();
  if (problem_) return complain(strip_control(*problem_), exit_code::refused);
  if (text_.empty())
    return complain(fmt::format("the model gave no text (finish reason {})",
                                finish_.empty() ? "none" : strip_control(finish_)),
                    exit_code::refused);
  if (!finish_.empty() && finish_ != "STOP")
    std::cerr << Style::of(stderr).yellow("parley ask: ") << "the answer ended early ("
              << strip_control(finish_) << ")\n";
  if (!schema) return exit_code::ok;
  const auto answer = json::parse(text_, json::trusted_limits());
  if (!answer)
    return complain("the answer is no JSON: " + answer.error().message(), exit_code::failed);
  const auto wanted = json::parse(*schema, json::trusted_limits());
  const auto fits = json::check_schema(*answer, *wanted, json::OtherMembers::allowed);
  return fits ? exit_code::ok
              : complain("the answer is not as the schema says: " + fits.error().message(),
                         exit_code::failed);
}

}  // namespace parley::cli
