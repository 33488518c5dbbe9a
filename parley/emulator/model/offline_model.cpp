#include "parley/emulator/model/offline_model.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "parley/base/random.hpp"
#include "parley/base/text.hpp"
#include "parley/emulator/model/detail/function_calls.hpp"
#include "parley/emulator/model/detail/offer.hpp"
#include "parley/emulator/model/detail/wishes.hpp"
#include "parley/emulator/model/tokens.hpp"
#include "parley/json/value.hpp"

namespace parley::emulator {
namespace {

using detail::Wishes;

std::string fill(std::string_view pattern, std::string_view value) {
  std::string text(pattern);
  if (const auto at = text.find("{}"); at != std::string::npos) text.replace(at, 2, value);
  return text;
}

std::string quote(std::string_view text, std::size_t limit) {
  std::string quoted(first_scalars(text, limit));
  if (quoted.size() < text.size()) quoted += "…";
  std::ranges::replace(quoted, '\n', ' ');
  return quoted;
}

std::uint64_t mix(std::uint64_t seed, const gemini::GenerateContentRequest& request) {
  std::uint64_t hash = 0xcbf29ce484222325u ^ seed;  // FNV-1a
  for (const unsigned char c : json::encode_text(request)) hash = (hash ^ c) * 0x100000001b3u;
  return hash;
}

std::string join(const std::vector<std::string>& sentences, std::string_view space) {
  std::string text;
  for (const auto& sentence : sentences)
    text += (text.empty() ? "" : std::string(space)) + sentence;
  return text;
}

// Who speaks, what was heard and remembered: the conversation's context, visible.
std::vector<std::string> show_context(const Wishes& wishes) {
  const auto& phrases = *wishes.phrases;
  std::vector<std::string> sentences{std::string(phrases.opening),
                                     fill(phrases.heard, quote(wishes.prompt, 120)),
                                     fill(phrases.context, std::to_string(wishes.messages))};
  if (!wishes.before.empty()) sentences.push_back(fill(phrases.before, quote(wishes.before, 80)));
  if (!wishes.name.empty()) sentences.push_back(fill(phrases.name, wishes.name));
  return sentences;
}

// Exactly as many words as were asked for, in paragraphs.
std::string long_text(const Wishes& wishes, Random& random) {
  const auto sentences = detail::topic_sentences();
  std::string text;
  std::size_t words = 0;
  std::size_t last = sentences.size();
  for (std::size_t count = 0; words < wishes.words; ++count) {
    std::size_t choice = random.below(sentences.size());
    if (choice == last) choice = (choice + 1) % sentences.size();
    last = choice;
    const std::string sentence =
        count == 0 ? "Parley's offline model writes." : fill(sentences[choice], wishes.topic);
    text += count == 0 ? "" : count % 5 == 0 ? "\n\n" : " ";
    for (const auto word : split(sentence, ' ')) {
      if (words == wishes.words) break;
      text += (text.empty() || text.ends_with(' ') || text.ends_with('\n') ? "" : " ") +
              std::string(word);
      ++words;
    }
  }
  if (!text.ends_with('.')) text += '.';
  return text;
}

std::string markdown_text(const Wishes& wishes, Random& random) {
  const auto sentences = detail::topic_sentences();
  const auto sentence = [&] {
    return fill(sentences[random.below(sentences.size())], wishes.topic);
  };
  return fmt::format(
      "# About {}\n\n{}\n\n## Points\n\n- **First:** {}\n- *Second:* {}\n- `third`: {}\n\n## "
      "Table\n\n| item | value |\n"
      "|---|---|\n| messages | {} |\n| seed | {} |\n\n> {}\n",
      wishes.topic, wishes.phrases->opening, sentence(), sentence(), sentence(), wishes.messages,
      random.below(1000), sentence());
}

std::string code_text(const Wishes& wishes) {
  return fmt::format(
      "{} Here is a small sample:\n\n```{}\n{}```\n\nIt is the same sample for everybody.\n",
      wishes.phrases->opening, wishes.code->fence, wishes.code->code);
}

std::string json_text(const Wishes& wishes) {
  std::string text;
  json::Writer(text)
      .begin_object()
      .field("model", "parley-offline")
      .field("is_language_model", false)
      .field("prompt", wishes.prompt)
      .field("messages", wishes.messages)
      .end_object();
  return text;
}

// {"type": "object"} leaves open what is in it.
bool says_more_than_object(const json::Value& schema) {
  if (!schema.is_object()) return false;
  const auto& object = schema.get_object();
  const auto* type = object.if_contains("type");
  const bool bare =
      type && type->is_string() && to_lower_ascii(std::string_view(type->get_string())) == "object";
  return !bare || object.contains("properties") || object.contains("$ref");
}

std::string compose(const Wishes& wishes, Random& random) {
  if (wishes.exactly) return *wishes.exactly;
  if (wishes.json && wishes.schema && says_more_than_object(*wishes.schema)) {
    detail::Offer offer(wishes.prompt);
    return json::to_string(detail::value_for(*wishes.schema, offer));
  }
  if (wishes.json) return json_text(wishes);
  if (wishes.words > 0) return long_text(wishes, random);
  if (wishes.code != nullptr) return code_text(wishes);
  if (wishes.markdown) return markdown_text(wishes, random);
  auto sentences = show_context(wishes);
  const auto& filler = wishes.phrases->filler;
  const std::size_t first = random.below(filler.size());
  for (std::size_t i = 0; i < std::min<std::size_t>(2, filler.size()); ++i)
    sentences.emplace_back(filler[(first + i) % filler.size()]);
  return join(sentences, wishes.phrases->space);
}

// Pieces of a few words, or of a few characters where there are no spaces; never inside a code
// point.
std::vector<std::string> cut(std::string_view text, Random& random) {
  std::vector<std::string> pieces;
  while (!text.empty()) {
    const std::size_t words = 1 + random.below(4);
    std::size_t end = 0;
    for (std::size_t i = 0; i < words && end < text.size(); ++i) {
      const auto next = text.find_first_of(" \n", end + 1);
      end = next == std::string_view::npos ? text.size() : next;
    }
    std::string_view piece = text.substr(0, end);
    if (count_scalars(piece) > 40) piece = first_scalars(text, 3 + random.below(10));
    pieces.emplace_back(piece);
    text.remove_prefix(piece.size());
  }
  return pieces;
}

// maxOutputTokens and stopSequences.
void apply_limits(const gemini::GenerationConfig& config, std::string& text, std::string& finish) {
  for (const auto& stop : config.stop_sequences.value_or(std::vector<std::string>()))
    if (const auto at = stop.empty() ? std::string::npos : text.find(stop); at != std::string::npos)
      text.resize(at);
  if (!config.max_output_tokens || *config.max_output_tokens <= 0) return;
  const auto limit = static_cast<std::size_t>(*config.max_output_tokens) * 4;
  if (count_scalars(text) <= limit) return;
  text = first_scalars(text, limit);
  finish = "MAX_TOKENS";
}

}  // namespace

OfflineAnswer answer_offline(const gemini::GenerateContentRequest& request, std::uint64_t seed) {
  SeededRandom random(mix(seed, request));
  const Wishes wishes = detail::read_wishes(request);
  OfflineAnswer answer;
  const auto& contents = gemini::contents_of(request);
  answer.calls = detail::calls_for(contents, request.tools.value_or(std::vector<gemini::Tool>()),
                                   request.tool_config.value_or(gemini::ToolConfig()));
  std::string text = detail::results_in(contents);
  if (answer.calls.empty() && (text.empty() || wishes.json))
    text = to_valid_utf8(compose(wishes, random));
  if (request.generation_config)
    apply_limits(*request.generation_config, text, answer.finish_reason);
  answer.pieces = cut(text, random);
  answer.prompt_tokens = count_tokens(gemini::contents_of(request));
  if (request.system_instruction)
    answer.prompt_tokens += count_tokens({*request.system_instruction});
  answer.answer_tokens = count_tokens(std::string_view(text));
  for (const auto& call : answer.calls)
    answer.answer_tokens += count_tokens(std::string_view(json::encode_text(call)));
  return answer;
}

}  // namespace parley::emulator
