#pragma once

#include <span>
#include <string_view>

namespace parley::emulator::detail {

// What the offline model can say in one language. "{}" stands for a quotation or a number.
struct Phrases {
  std::string_view code;     // "de"
  std::string_view english;  // "german": how a prompt asks for it
  std::string_view opening;  // who is speaking
  std::string_view heard;    // {}: the prompt
  std::string_view context;  // {}: how many messages it was given
  std::string_view before;   // {}: the message before
  std::string_view name;     // {}: a name it was told
  std::span<const std::string_view> filler;
  std::string_view space;  // between two sentences; empty where the script has none
};

std::span<const Phrases> all_phrases();  // English is first

// Sentences about a topic, for long texts; "{}" is the topic.
std::span<const std::string_view> topic_sentences();

struct CodeSample {
  std::string_view name;   // how a prompt names the language, lower case
  std::string_view fence;  // after ```
  std::string_view code;
};
std::span<const CodeSample> code_samples();

}  // namespace parley::emulator::detail
