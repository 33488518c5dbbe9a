#include "parley/audio/spoken_text.hpp"

#include "parley/base/text.hpp"

namespace parley::audio {
namespace {

constexpr std::size_t kMostMarks = 2048;
constexpr std::string_view kSpaces = " \t\r\n";

// The longest beginning of at most `size` bytes that ends with a word; in a script without spaces,
// with a character.
std::string_view whole_words(std::string_view text, std::size_t size) {
  if (size >= text.size()) return text;
  if (kSpaces.find(text[size]) == std::string_view::npos) {
    const auto space = text.substr(0, size).find_last_of(kSpaces);
    if (space != std::string_view::npos) {
      size = space;
    } else if (text.find_first_of(kSpaces) != std::string_view::npos) {
      size = 0;
    }
  }
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) --size;
  return trim(text.substr(0, size));
}

}  // namespace

void SpokenText::words(std::string_view more) {
  text_ += more;
  mark();
}

void SpokenText::replace_words(std::string all) {
  text_ = std::move(all);
  mark();
}

void SpokenText::mark() {
  if (sound_ == 0) return;
  if (!marks_.empty() && marks_.back().first == sound_) {
    marks_.back().second = text_.size();
    return;
  }
  marks_.emplace_back(sound_, text_.size());
  if (marks_.size() < kMostMarks) return;
  for (std::size_t i = 0; 2 * i + 1 < marks_.size(); ++i) marks_[i] = marks_[2 * i + 1];
  marks_.resize(marks_.size() / 2);
}

std::string SpokenText::heard_text(std::uint64_t heard) const {
  if (heard == 0) return {};
  if (heard >= sound_) return std::string(trim(std::string_view(text_)));
  // On the line between the marks around it, of which the last is all text with all sound.
  std::pair<std::uint64_t, std::size_t> before(0, 0), after(sound_, text_.size());
  for (const auto& mark : marks_) {
    if (mark.first >= sound_) break;
    if (mark.first > heard) {
      after = mark;
      break;
    }
    before = mark;
  }
  const double share =
      static_cast<double>(heard - before.first) / static_cast<double>(after.first - before.first);
  const auto size = before.second + static_cast<std::size_t>(
                                        share * static_cast<double>(after.second - before.second));
  return std::string(whole_words(text_, size));
}

}  // namespace parley::audio
