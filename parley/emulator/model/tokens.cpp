#include "parley/emulator/model/tokens.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>

#include "parley/audio/wav.hpp"
#include "parley/base/text.hpp"

namespace parley::emulator {
namespace {

constexpr int kTokensOfPicture = 258;
constexpr double kTokensOfSecond = 25;
constexpr double kBytesOfSecond = 128'000.0 / 8;

int to_tokens(double amount) {
  return static_cast<int>(std::clamp(amount, 1.0, 1e9));
}

// "audio/L16;codec=pcm;rate=24000"
double seconds_of_pcm(std::string_view mime_type, std::size_t size) {
  int rate = 16'000;
  if (const auto at = mime_type.find("rate="); at != std::string_view::npos)
    std::from_chars(mime_type.data() + at + 5, mime_type.data() + mime_type.size(), rate);
  return static_cast<double>(size) / (2.0 * std::max(rate, 1));
}

double seconds_of_sound(std::string_view mime_type, std::string_view bytes) {
  const auto type = to_lower_ascii(mime_type);
  if (type.starts_with("audio/l16") || type.starts_with("audio/pcm"))
    return seconds_of_pcm(type, bytes.size());
  if (const auto sound = audio::read_wav(as_bytes(bytes)))
    return static_cast<double>(sound->samples.size()) / std::max(sound->format.rate, 1);
  return static_cast<double>(bytes.size()) / kBytesOfSecond;
}

std::uint32_t big_endian(std::string_view bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i)
    value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

// ISO/IEC 14496-12, 8.2.2: the movie header of version 0 has its time scale and duration 16 and 20
// bytes behind its name.
double seconds_of_video(std::string_view bytes) {
  const auto at = bytes.find("mvhd");
  if (at == std::string_view::npos || bytes.size() - at < 24 || bytes[at + 4] != 0) return 1;
  const auto scale = big_endian(bytes, at + 16);
  return scale == 0 ? 1 : static_cast<double>(big_endian(bytes, at + 20)) / scale;
}

int pages_of_pdf(std::string_view bytes) {
  int pages = 0;
  for (const std::string_view word : {"/Type/Page", "/Type /Page"})
    for (auto at = bytes.find(word); at != std::string_view::npos; at = bytes.find(word, at + 1)) {
      const auto next = at + word.size();
      if (next >= bytes.size() || bytes[next] != 's') ++pages;
    }
  return std::max(pages, 1);
}

}  // namespace

int count_tokens(std::string_view text) {
  return text.empty() ? 0 : to_tokens(static_cast<double>((count_scalars(text) + 3) / 4));
}

int count_tokens(const std::vector<gemini::Content>& contents) {
  int total = 0;
  for (const auto& content : contents)
    for (const auto& part : gemini::parts_of(content)) {
      if (part.text) total += count_tokens(std::string_view(*part.text));
      if (part.inline_data)
        total += tokens_of_media(part.inline_data->mime_type.value_or(""),
                                 as_text(part.inline_data->data.value_or(Bytes())));
    }
  return total;
}

int tokens_of_media(std::string_view mime_type, std::string_view bytes) {
  const auto type = to_lower_ascii(mime_type);
  if (type.starts_with("audio/")) return to_tokens(kTokensOfSecond * seconds_of_sound(type, bytes));
  if (type.starts_with("video/"))
    return to_tokens(kTokensOfPicture * std::max(seconds_of_video(bytes), 1.0));
  if (type.starts_with("image/")) return kTokensOfPicture;
  if (type.starts_with("application/pdf"))
    return to_tokens(double{kTokensOfPicture} * pages_of_pdf(bytes));
  return is_valid_utf8(bytes) ? count_tokens(bytes) : kTokensOfPicture;
}

}  // namespace parley::emulator
