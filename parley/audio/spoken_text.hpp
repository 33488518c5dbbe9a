#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley::audio {

// The words of one spoken answer, and how much of its sound was there when each piece of them came:
// so that the words up to a place in the sound can be told. Sound is counted in any unit that the
// caller keeps to (samples, microseconds).
class SpokenText {
 public:
  // More sound of it came.
  void sound(std::uint64_t amount) { sound_ += amount; }
  // More of its words, as they are; or all of them so far, to which something was added.
  void words(std::string_view more);
  void replace_words(std::string all);

  const std::string& text() const { return text_; }
  std::uint64_t sound() const { return sound_; }
  // The beginning of it that was heard, in whole words, without white space at its ends: an
  // estimate from which words came beside which sound.
  std::string heard_text(std::uint64_t heard) const;

 private:
  void mark();

  std::uint64_t sound_ = 0;
  std::string text_;
  std::vector<std::pair<std::uint64_t, std::size_t>> marks_;
};

}  // namespace parley::audio
