#pragma once

#include <string>
#include <string_view>

#include "parley/generated/gemini/types.hpp"
#include "parley/json/cursor.hpp"
#include "parley/json/writer.hpp"

// The messages of the Gemini API are generated from definitions/gemini.yaml. Here is what is said
// so often that it has a shorter form.
namespace parley::gemini {

Part text_part(std::string_view text);
Content user_content(std::string_view text);
Content model_content(std::string_view text);
// A request of one turn of the user.
GenerateContentRequest prompt(std::string_view text);
void add_turn(GenerateContentRequest& request, Content turn);
void set_system_instruction(GenerateContentRequest& request, std::string_view text);
bool is_declared(const std::optional<std::vector<Tool>>& tools, std::string_view function);
// Beside the functions that are declared already: the service wants all of them in one tool.
void declare_function(std::optional<std::vector<Tool>>& tools, FunctionDeclaration function);

// "gemini-2.5-flash" of any spelling that ends with it: "models/…", "publishers/google/models/…".
inline std::string_view model_id(std::string_view name) {
  return name.substr(name.rfind('/') + 1);
}

// Empty where it is missing.
const std::vector<Part>& parts_of(const Content& content);
const std::vector<Content>& contents_of(const GenerateContentRequest& request);
const std::vector<Candidate>& candidates_of(const GenerateContentResponse& response);
// The answer's text: all text parts of the first candidate that are no thoughts.
std::string text_of(const GenerateContentResponse& response);
// The first candidate's finish reason; empty where it has none yet.
std::string finish_reason_of(const GenerateContentResponse& response);
// What an answer quotes: the Developer API calls them citationSources, Vertex AI citations. A
// missing start index is 0.
const std::vector<CitationSource>& citations_of(const Candidate& candidate);
// Why the prompt was blocked; empty: it was not.
std::string block_reason_of(const GenerateContentResponse& response);
// What it holds in memory, about: for buffers that are bounded in bytes.
std::size_t approximate_size(const GenerateContentResponse& response);
// True where it has any member that an answer of the service has.
bool is_recognised(const GenerateContentResponse& response);

}  // namespace parley::gemini
