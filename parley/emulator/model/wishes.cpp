#include "parley/emulator/model/detail/wishes.hpp"

#include <algorithm>
#include <charconv>

#include "parley/base/text.hpp"

namespace parley::emulator::detail {
namespace {

constexpr std::size_t kMaxWords = 20'000;

std::string text_of(const gemini::Content& content) {
  std::string text;
  for (const auto& part : gemini::parts_of(content))
    if (part.text && !part.thought.value_or(false)) text += *part.text;
  return text;
}

bool has_word(std::string_view text, std::string_view word) {
  for (auto at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
    const bool starts = at == 0 || !letter(text[at - 1]);
    const auto end = at + word.size();
    if (starts && (end == text.size() || !letter(text[end]))) return true;
  }
  return false;
}

// What stands behind the first of `marks` in `text`; `lower` is the same text in lower case.
std::optional<std::string> behind(std::string_view text, std::string_view lower,
                                  std::initializer_list<std::string_view> marks) {
  for (const auto mark : marks)
    if (const auto at = lower.find(mark); at != std::string_view::npos)
      return std::string(text.substr(at + mark.size()));
  return std::nullopt;
}

std::size_t words_wanted(std::string_view lower) {
  for (auto at = lower.find(" word"); at != std::string_view::npos;
       at = lower.find(" word", at + 1)) {
    auto start = at;
    while (start > 0 && lower[start - 1] >= '0' && lower[start - 1] <= '9') --start;
    std::size_t count = 0;
    if (std::from_chars(lower.data() + start, lower.data() + at, count).ec == std::errc() &&
        count > 0)
      return std::min(count, kMaxWords);
  }
  return 0;
}

// The language of a script that only one of ours is written in, by the first such character.
std::string_view language_of_script(std::string_view text) {
  std::string_view han;
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t size = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    char32_t c = size == 1 ? lead : lead & (0x7Fu >> size);
    for (std::size_t k = 1; k < size && i + k < text.size(); ++k)
      c = c << 6 | (static_cast<unsigned char>(text[i + k]) & 0x3Fu);
    i += size;
    if (c >= 0x3040 && c <= 0x30FF) return "ja";
    if (c >= 0xAC00 && c <= 0xD7AF) return "ko";
    if (c >= 0x4E00 && c <= 0x9FFF) han = "zh";
    if (c >= 0x0400 && c <= 0x04FF) return "ru";
    if (c >= 0x0600 && c <= 0x06FF) return "ar";
    if (c >= 0x0900 && c <= 0x097F) return "hi";
    if (c >= 0x0370 && c <= 0x03FF) return "el";
  }
  return han;
}

const Phrases* choose_phrases(std::string_view prompt, std::string_view lower) {
  for (const auto& phrases : all_phrases())
    if (lower.find(std::string("in ") + std::string(phrases.english)) != std::string_view::npos)
      return &phrases;
  const auto script = language_of_script(prompt);
  for (const auto& phrases : all_phrases())
    if (phrases.code == script) return &phrases;
  return &all_phrases().front();
}

std::string first_word(std::string_view text) {
  text = trim(text);
  return std::string(first_scalars(text.substr(0, text.find_first_of(" .,;!?\n")), 40));
}

std::string topic_of(const std::string& prompt, const std::string& lower) {
  auto topic = behind(prompt, lower, {" about ", " on ", " über ", " sur ", " sobre "});
  std::string_view text = trim(topic ? *topic : std::string_view("this"));
  text = text.substr(0, text.find_first_of(".,;!?\n"));
  if (const auto in = text.find(" in "); in != std::string_view::npos && in > 0)
    text = text.substr(0, in);
  return std::string(first_scalars(trim(text), 60));
}

}  // namespace

Wishes read_wishes(const gemini::GenerateContentRequest& request) {
  Wishes wishes;
  wishes.messages = gemini::contents_of(request).size();
  for (const auto& content : gemini::contents_of(request)) {
    if (content.role == "model") continue;
    wishes.before = std::move(wishes.prompt);
    const std::string text = text_of(content);
    wishes.prompt = trim(text);
    if (auto name = behind(wishes.prompt, to_lower_ascii(wishes.prompt), {"my name is "}))
      wishes.name = first_word(*name);
  }
  const std::string lower = to_lower_ascii(wishes.prompt);
  wishes.exactly = behind(wishes.prompt, lower, {"repeat: ", "say exactly: "});
  wishes.words = words_wanted(lower);
  wishes.topic = topic_of(wishes.prompt, lower);
  wishes.markdown =
      has_word(lower, "markdown") || has_word(lower, "table") || has_word(lower, "list");
  for (const auto& sample : code_samples())
    if (wishes.code == nullptr && lower.find(sample.name) != std::string::npos)
      wishes.code = &sample;
  if (wishes.code == nullptr &&
      (has_word(lower, "code") || has_word(lower, "function") || has_word(lower, "program")))
    wishes.code = &code_samples().front();
  wishes.json = request.generation_config &&
                request.generation_config->response_mime_type == "application/json";
  if (wishes.json && request.generation_config->response_json_schema)
    wishes.schema = **request.generation_config->response_json_schema;
  else if (wishes.json && request.generation_config->response_schema)
    wishes.schema = **request.generation_config->response_schema;
  wishes.phrases = choose_phrases(wishes.prompt, lower);
  return wishes;
}

}  // namespace parley::emulator::detail
