#include "parley/audio/repeated_speech.hpp"

#include <algorithm>
#include <cstdint>

namespace parley::audio {

namespace {

constexpr std::size_t kMostKnown = 16 * 1024;
// Bytes that are kept back; behind them no repetition is looked for.
constexpr std::size_t kMostRepeated = 2 * kMostKnown;
// So many bytes have to agree before two texts are taken for the same speech.
constexpr std::size_t kAlike = 3;

// One character, by its bytes.
struct Piece {
  std::size_t size = 1;
  bool is_letter = false;
};

bool is_mark(unsigned char lead, unsigned char second, unsigned char third) {
  if (lead == 0xc2) return true;            // U+0080 to U+00BF
  if (lead == 0xe2) return second <= 0x81;  // U+2000 to U+207F
  if (lead == 0xe3) return second == 0x80;  // U+3000 to U+303F
  const bool before_digits = third < 0x90, behind = third >= 0x9a && third <= 0xa0;
  return lead == 0xef && second == 0xbc && (before_digits || behind);  // U+FF00 and following
}

// In other scripts all is a letter but the marks of general, CJK and full width punctuation.
Piece piece_at(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t n) {
    return at + n < text.size() ? static_cast<unsigned char>(text[at + n]) : std::uint8_t{0};
  };
  const auto lead = byte(0);
  Piece piece;
  if (lead < 0x80) {
    piece.is_letter =
        (lead >= '0' && lead <= '9') || ((lead | 0x20) >= 'a' && (lead | 0x20) <= 'z');
    return piece;
  }
  piece.size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
  piece.size = std::min(piece.size, text.size() - at);
  piece.is_letter = !is_mark(lead, byte(1), byte(2));
  return piece;
}

std::string letters_of(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto piece = piece_at(text, at);
    if (piece.is_letter) out += text.substr(at, piece.size);
    at += piece.size;
  }
  for (char& letter : out)
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  return out;
}

// What is behind so many bytes of letters, and the punctuation after them.
std::string_view behind(std::string_view text, std::size_t letters) {
  std::size_t at = 0;
  while (at < text.size()) {
    const auto piece = piece_at(text, at);
    if (letters == 0 && (piece.is_letter || text[at] == ' ')) break;
    if (piece.is_letter) letters -= std::min(letters, piece.size);
    at += piece.size;
  }
  return text.substr(at);
}

std::size_t overlap(std::string_view known, std::string_view heard) {
  for (std::size_t size = std::min(known.size(), heard.size()); size >= kAlike; --size)
    if (known.ends_with(heard.substr(0, size))) return size;
  return 0;
}

}  // namespace

void RepeatedSpeech::know(std::string_view text) {
  known_ += letters_of(text);
  if (known_.size() > kMostKnown) known_.erase(0, known_.size() - kMostKnown);
}

RepeatedSpeech::Found RepeatedSpeech::look(const std::string& raw) const {
  Found found;
  const auto heard = letters_of(raw);
  found.repeated = known_.find(heard) != std::string::npos;
  if (found.repeated) return found;
  const auto same = overlap(known_, heard);
  found.fresh = same > 0 ? behind(raw, same) : raw;
  found.differs = same == 0 && heard.compare(0, kAlike, known_, 0, kAlike) == 0;
  return found;
}

std::string RepeatedSpeech::pass(std::string_view text) {
  differs_ = false;
  if (!again_) {
    know(text);
    return std::string(text);
  }
  raw_ += text;
  auto found = look(raw_);
  if (found.repeated && raw_.size() <= kMostRepeated) return {};
  again_ = false;
  differs_ = found.differs;
  if (differs_) known_.clear();
  know(found.fresh);
  return std::move(found.fresh);
}

std::string RepeatedSpeech::guess(std::string_view text) const {
  if (!again_) return std::string(text);
  return look(raw_ + std::string(text)).fresh;
}

void RepeatedSpeech::again() {
  again_ = !known_.empty();
  raw_.clear();
}

void RepeatedSpeech::over(std::string_view open) {
  known_.clear();
  again_ = differs_ = false;
  know(open);
}

}  // namespace parley::audio
