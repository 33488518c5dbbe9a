#include "parley/audio/wav.hpp"

#include <bit>

#include <gtest/gtest.h>

#include "parley/audio/detail/wav_layout.hpp"
#include "parley/audio/test_signal.hpp"

namespace parley::audio {
namespace {

using detail::append_little_endian;

void append_text(Bytes& out, std::string_view text) {
  const auto bytes = as_bytes(text);
  out.insert(out.end(), bytes.begin(), bytes.end());
}

// A file by hand. `size`: what the header says of the sound, where it is not the truth.
Bytes file_of(std::uint32_t tag, int channels, int rate, int bits, const Bytes& sound,
              std::optional<std::uint32_t> size = {}, std::string_view before = "") {
  Bytes out;
  append_text(out, "RIFF");
  append_little_endian(out, size.value_or(36 + static_cast<std::uint32_t>(sound.size())), 4);
  append_text(out, "WAVE");
  append_text(out, before);
  append_text(out, "fmt ");
  const auto frame = static_cast<std::uint32_t>(channels * bits / 8);
  const bool extensible = tag > 0xffff;
  append_little_endian(out, extensible ? 40 : 16, 4);
  append_little_endian(out, extensible ? detail::kWavExtensible : tag, 2);
  append_little_endian(out, static_cast<std::uint32_t>(channels), 2);
  append_little_endian(out, static_cast<std::uint32_t>(rate), 4);
  append_little_endian(out, static_cast<std::uint32_t>(rate) * frame, 4);
  append_little_endian(out, frame, 2);
  append_little_endian(out, static_cast<std::uint32_t>(bits), 2);
  if (extensible) {
    append_little_endian(out, 22, 2);
    append_little_endian(out, static_cast<std::uint32_t>(bits), 2);
    append_little_endian(out, 0, 4);
    append_little_endian(out, tag & 0xffff, 2);
    append_text(out, std::string_view("\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71", 14));
  }
  append_text(out, "data");
  append_little_endian(out, size.value_or(static_cast<std::uint32_t>(sound.size())), 4);
  out.insert(out.end(), sound.begin(), sound.end());
  return out;
}

Bytes bytes_of(std::initializer_list<int> values) {
  Bytes out;
  for (const int value : values) out.push_back(static_cast<std::byte>(value));
  return out;
}

TEST(Wav_B42, WhatIsWrittenIsReadBack) {
  const auto samples = test::sine(440, 16'000, 1'001, 32'000);
  const auto sound = read_wav(*write_wav(samples, 16'000));
  ASSERT_TRUE(sound) << sound.error().describe();
  EXPECT_EQ(sound->samples, samples);
  EXPECT_EQ(sound->format, (WavFormat{16'000, 1, 16, false}));
}

TEST(Wav_B42, AStreamHasNoLengthUntilItsHeaderIsWrittenAgain) {
  WavWriter writer(24'000);
  Bytes file;
  ASSERT_TRUE(writer.write(Samples{1, 2, 3}, file));
  ASSERT_TRUE(writer.write(Samples{4}, file));
  EXPECT_EQ(file.size(), 44u + 8u);
  EXPECT_EQ(read_wav(file)->samples, (Samples{1, 2, 3, 4}));
  const auto header = writer.header();
  EXPECT_EQ(detail::little_endian(header.data() + 4, 4), 44u) << "36 and the sound";
  EXPECT_EQ(detail::little_endian(header.data() + 40, 4), 8u);
  std::ranges::copy(header, file.begin());
  EXPECT_EQ(read_wav(file)->samples, (Samples{1, 2, 3, 4}));
  EXPECT_TRUE(read_wav(*write_wav({}, 8'000))->samples.empty());
}

TEST(Wav_B42, EveryDepthIsReadOnTheScaleOfSixteenBits) {
  const auto samples_of = [](std::uint32_t tag, int bits, const Bytes& sound) {
    const auto plain = read_wav(file_of(tag, 1, 8'000, bits, sound));
    const auto extensible = read_wav(file_of(0x1'0000 | tag, 1, 8'000, bits, sound));
    EXPECT_TRUE(plain && extensible);
    EXPECT_EQ(plain->samples, extensible->samples);
    return plain->samples;
  };
  EXPECT_EQ(samples_of(1, 8, bytes_of({0, 128, 255})), (Samples{-32'768, 0, 32'512}));
  EXPECT_EQ(samples_of(1, 16, bytes_of({0, 128, 255, 127})), (Samples{-32'768, 32'767}));
  EXPECT_EQ(samples_of(1, 24, bytes_of({0, 0, 128, 255, 255, 127, 0, 1, 0})),
            (Samples{-32'768, 32'767, 1}));
  EXPECT_EQ(samples_of(1, 32, bytes_of({0, 0, 0, 128, 0, 0, 1, 0})), (Samples{-32'768, 1}));
  Bytes floats, doubles;
  for (const double value : {-1.0, 0.5, 1.5, std::nan(""), 1e300}) {
    append_little_endian(floats, std::bit_cast<std::uint32_t>(static_cast<float>(value)), 4);
    const auto bits = std::bit_cast<std::uint64_t>(value);
    append_little_endian(doubles, static_cast<std::uint32_t>(bits), 4);
    append_little_endian(doubles, static_cast<std::uint32_t>(bits >> 32), 4);
  }
  const Samples wanted = {-32'768, 16'384, 32'767, 0, 32'767};
  EXPECT_EQ(samples_of(3, 32, floats), wanted);
  EXPECT_EQ(samples_of(3, 64, doubles), wanted);
}

TEST(Wav_B42, ChannelsAreMixedAndOtherChunksPassedOver) {
  const std::string_view list("LIST\x05\0\0\0abcde\0JUNK\0\0\0\0", 22);
  const auto file = file_of(1, 2, 44'100, 16, to_bytes(Samples{100, 300, -5, -5}), {}, list);
  const auto sound = read_wav(file);
  ASSERT_TRUE(sound) << sound.error().describe();
  EXPECT_EQ(sound->samples, (Samples{200, -5}));
  EXPECT_EQ(sound->format, (WavFormat{44'100, 2, 16, false}));
}

TEST(Wav_B42, UnknownLengthsOfOtherProgramsGoOnToTheEnd) {
  const auto sound = to_bytes(Samples{7, 8});
  for (const std::uint32_t size : {0xffff'ffffu, 0u, 0x7fff'f000u, 0x8000'0000u, 0xffff'ffdbu})
    EXPECT_EQ(read_wav(file_of(1, 1, 8'000, 16, sound, size))->samples, (Samples{7, 8})) << size;
}

TEST(Wav_B42, ATruncatedFileSaysWhereAndKeepsWhatItHad) {
  const auto file = *write_wav(Samples{1, 2, 3, 4}, 8'000);
  WavReader reader;
  ASSERT_TRUE(reader.receive(BytesView(file).first(49)));
  const auto end = reader.finish();
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().message(), "WAV: the sound ends after 5 of 8 bytes");
  EXPECT_EQ(reader.take(), (Samples{1, 2}));
  const auto problem = [&](std::size_t size) {
    return read_wav(BytesView(file).first(size)).error().message();
  };
  EXPECT_EQ(problem(0), "WAV: the file ends after 0 bytes, within its header");
  EXPECT_EQ(problem(30), "WAV: the file ends after 30 bytes, within its header");
  EXPECT_EQ(problem(36), "WAV: the file has no sound (chunk 'data')");
  EXPECT_EQ(problem(40), "WAV: the file ends after 40 bytes, within the head of chunk 'data'");
  for (std::size_t size = 0; size < file.size(); ++size)
    EXPECT_FALSE(read_wav(BytesView(file).first(size))) << size;
  auto cut = file_of(1, 1, 8'000, 16, bytes_of({1, 0, 2}), 0xffff'ffff);
  EXPECT_EQ(read_wav(cut).error().message(), "WAV: the sound ends after 1 bytes of a sample");
}

TEST(Wav_B42, WhatIsNotReadIsNamed) {
  const auto problem = [](const Bytes& file) { return read_wav(file).error().message(); };
  const Bytes sound(8);
  EXPECT_EQ(problem(file_of(7, 1, 8'000, 8, sound)),
            "WAV: sound of format 7 (mu-law) is not read, only PCM and floating point");
  EXPECT_EQ(problem(file_of(1, 0, 8'000, 8, sound)), "WAV: 0 channels, 1 to 32 are read");
  EXPECT_EQ(problem(file_of(1, 1, 10, 8, sound)),
            "WAV: 10 samples per second, 1000 to 384000 are read");
  EXPECT_EQ(problem(file_of(3, 1, 8'000, 16, sound)),
            "WAV: 16 bits in 2 bytes for 1 channels do not fit together (floating point)");
  EXPECT_EQ(problem(file_of(1, 1, 8'000, 64, sound)),
            "WAV: 64 bits in 8 bytes for 1 channels do not fit together");
  Bytes other;
  append_text(other, "ID3\x04 and so on, an MP3 file");
  EXPECT_EQ(problem(other), "WAV: the file does not begin as WAV files do (RIFF … WAVE)");
  Bytes large;
  append_text(large, std::string_view("RF64\xff\xff\xff\xffWAVE", 12));
  EXPECT_EQ(problem(large), "WAV: RF64 files are not read, only RIFF");
  WavReader reader;
  EXPECT_FALSE(reader.receive(other));
  EXPECT_FALSE(reader.receive(*write_wav({}, 8'000))) << "an error stays";
}

TEST(Wav_B42, AnySplitGivesTheSame) {
  SeededRandom random(4);
  const auto sound = test::noise(60, 30'000, random);
  for (const int channels : {1, 2, 3})
    for (const auto& file : {file_of(1, channels, 8'000, 24, to_bytes(sound)),
                             file_of(0x1'0003, channels, 8'000, 32, to_bytes(sound))}) {
      WavReader whole;
      ASSERT_TRUE(whole.receive(file));
      const auto wanted = whole.take();
      for (std::size_t step = 1; step < 50; ++step) {
        WavReader reader;
        Samples out;
        for (std::size_t at = 0; at < file.size(); at += step) {
          ASSERT_TRUE(
              reader.receive(BytesView(file).subspan(at, std::min(step, file.size() - at))));
          test::append(out, reader.take());
        }
        ASSERT_EQ(out, wanted) << step;
      }
    }
}

}  // namespace
}  // namespace parley::audio
