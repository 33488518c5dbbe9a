#include "parley/emulator/model/tokens.hpp"

#include <gtest/gtest.h>

#include "parley/audio/wav.hpp"
#include "parley/base/bytes.hpp"

namespace parley::emulator {
namespace {

std::string bytes_of(std::initializer_list<int> values) {
  std::string text;
  for (const int value : values) text += static_cast<char>(value);
  return text;
}

TEST(Tokens_B34, TextIsAQuarterOfItsScalars) {
  EXPECT_EQ(count_tokens(std::string_view()), 0);
  EXPECT_EQ(count_tokens(std::string_view("a")), 1);
  EXPECT_EQ(count_tokens(std::string_view("ännü ännü")), 3) << "nine scalars of thirteen bytes";
  EXPECT_EQ(tokens_of_media("text/markdown", std::string(4000, 'x')), 1000);
  EXPECT_EQ(tokens_of_media("application/json", "{}"), 1);
  EXPECT_EQ(tokens_of_media("application/zip", "\xff\xfe\x00"), 258);
}

TEST(Tokens_B34, SoundCountsByItsLength) {
  const auto wav = audio::write_wav(audio::Samples(12'000), 8'000);
  ASSERT_TRUE(wav);
  EXPECT_EQ(tokens_of_media("audio/wav", as_text(*wav)), 37) << "a second and a half";
  EXPECT_EQ(tokens_of_media("audio/L16;codec=pcm;rate=24000", std::string(96'000, '\0')), 50)
      << "two seconds";
  EXPECT_EQ(tokens_of_media("audio/pcm", std::string(32'000, '\0')), 25)
      << "16 kHz where none is told";
  EXPECT_EQ(tokens_of_media("audio/pcm;rate=0", ""), 1);
  EXPECT_EQ(tokens_of_media("audio/mpeg", std::string(32'000, 'x')), 50);
}

TEST(Tokens_B34, AVideoCountsItsSecondsAndADocumentItsPages) {
  const auto movie =
      "....mvhd" + bytes_of({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 232, 0, 0, 39, 16});
  EXPECT_EQ(tokens_of_media("video/mp4", movie), 10 * 258) << "10,000 units of a thousandth";
  EXPECT_EQ(tokens_of_media("video/mp4", movie.substr(0, 20)), 258) << "cut off";
  EXPECT_EQ(tokens_of_media("video/webm", "no header"), 258);
  EXPECT_EQ(tokens_of_media("image/png", std::string(100'000, 'p')), 258);
  EXPECT_EQ(tokens_of_media("application/pdf",
                            "%PDF <</Type /Pages>> <</Type /Page>> <</Type/Page/A 1>>"),
            2 * 258);
  EXPECT_EQ(tokens_of_media("application/pdf", "%PDF"), 258);
}

}  // namespace
}  // namespace parley::emulator
