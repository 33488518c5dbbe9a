#include "parley/audio/pcm.hpp"

#include <gtest/gtest.h>

#include "parley/audio/test_signal.hpp"

namespace parley::audio {
namespace {

using namespace std::chrono_literals;

TEST(PcmFormat_B42, TypesAreWrittenAndReadWithTheirRate) {
  EXPECT_EQ(mime_of(kInputRate), "audio/pcm;rate=16000");
  EXPECT_EQ(parse_mime(mime_of(44'100))->rate, 44'100);
  EXPECT_EQ(parse_mime("audio/pcm")->rate, 24'000) << "Vertex AI tells no rate";
  EXPECT_EQ(parse_mime("audio/pcm", 16'000)->rate, 16'000);
  EXPECT_EQ(parse_mime(" Audio/PCM ; Rate=\"8000\" ; channels = 2 ; x")->channels, 2);
  EXPECT_FALSE(parse_mime("audio/L16;codec=pcm;rate=24000")->big_endian) << "as Gemini says it";
  EXPECT_TRUE(parse_mime("audio/L16; rate=8000")->big_endian) << "RFC 2586";
}

TEST(PcmFormat_B42, OtherTypesAndNumbersAreRefusedByName) {
  for (const auto* wrong : {"", "audio/mpeg", "audio/pcmx", "audio/pcm;rate=", "audio/pcm;rate=0",
                            "audio/pcm;rate=16000x", "audio/pcm;rate=99999999999", "audio/pcm;rate",
                            "audio/pcm;channels=0", "audio/pcm;rate=-16000"}) {
    const auto format = parse_mime(wrong);
    ASSERT_FALSE(format) << wrong;
    EXPECT_EQ(format.error().kind(), ErrorKind::invalid_argument);
  }
  EXPECT_EQ(parse_mime("audio/pcm;rate=16k").error().message(),
            "audio type: rate must be 1000 to 384000, not '16k'");
}

TEST(PcmTime_B42, DurationsSamplesAndBytesAreExact) {
  EXPECT_EQ(samples_in(20ms, 16'000), 320u);
  EXPECT_EQ(bytes_in(1s, PcmFormat()), 48'000u);
  EXPECT_EQ(duration_of_bytes(32'001, PcmFormat{16'000}), 1s) << "half a sample is none";
  EXPECT_EQ(duration_of(24'000ull * 3600 * 24 * 365, 24'000), 24h * 365);
  EXPECT_EQ(samples_in(-1s, 16'000), 0u);
  SeededRandom random(1);
  for (int round = 0; round < 20'000; ++round) {
    const int rate = kLowestRate + static_cast<int>(random.below(kHighestRate - kLowestRate + 1));
    const auto samples = random.below(1ull << (1 + random.below(40)));
    ASSERT_EQ(samples_in(duration_of(samples, rate), rate), samples) << rate;
  }
}

TEST(PcmReader_B42, AnySplitOfTheBytesGivesTheSameSamples) {
  SeededRandom random(2);
  for (int round = 0; round < 300; ++round) {
    PcmFormat format;
    format.channels = 1 + static_cast<int>(random.below(3));
    format.big_endian = random.below(2) == 1;
    Bytes bytes(random.below(400));
    for (auto& byte : bytes) byte = static_cast<std::byte>(random.next());
    Samples whole, pieces;
    PcmReader once(format), often(format);
    once.read(bytes, whole);
    for (std::size_t at = 0; at < bytes.size();) {
      const auto size = std::min<std::size_t>(random.below(7), bytes.size() - at);
      often.read(BytesView(bytes).subspan(at, size), pieces);
      at += size;
    }
    ASSERT_EQ(whole, pieces);
    ASSERT_EQ(once.left_over(), often.left_over());
    ASSERT_EQ(once.left_over(), bytes.size() % (2 * static_cast<std::size_t>(format.channels)));
  }
}

TEST(PcmReader_B42, SamplesGoOutAsTheyCameInAndChannelsAreMixed) {
  const Samples samples = {0, 1, -1, 258, 32'767, -32'768};
  Samples back;
  PcmReader reader;
  reader.read(to_bytes(samples), back);
  EXPECT_EQ(back, samples);
  EXPECT_EQ(to_bytes(Samples{258}), (Bytes{std::byte{2}, std::byte{1}})) << "little endian";

  Samples mono;
  PcmFormat format;
  format.channels = 2;
  PcmReader stereo(format);
  stereo.read(to_bytes(Samples{100, 200, 32'767, 32'767, -32'768, -32'768, -1, -2}), mono);
  EXPECT_EQ(mono, (Samples{150, 32'767, -32'768, -2}));
}

TEST(Base64_B42, BadTextIsAnErrorAndNotAudio) {
  EXPECT_EQ(*decode_base64("AAEC_-8"), *decode_base64("AAEC/+8="));
  const auto bad = decode_base64("AAEC*");
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().message(), "audio: 5 characters that are no base64");
}

TEST(Chunker_B42, ChunksEndAtWholeMultiplesOfTheirTime) {
  SeededRandom random(3);
  for (const int rate : {8'000, 11'025, 16'000, 22'050, 24'000, 44'100, 48'000}) {
    const auto all = test::counting(static_cast<std::size_t>(rate) * 2 + 17);
    Chunker chunker(rate, 20ms);
    Samples joined;
    std::uint64_t chunks = 0;
    for (std::size_t at = 0; at < all.size();) {
      const auto size = std::min<std::size_t>(random.below(2000), all.size() - at);
      chunker.push(SamplesView(all).subspan(at, size));
      at += size;
      while (auto chunk = chunker.poll()) {
        test::append(joined, *chunk);
        ++chunks;
        ASSERT_EQ(joined.size(), samples_in(20ms * chunks, rate));
      }
    }
    EXPECT_EQ(chunks, 100u);
    test::append(joined, chunker.finish());
    EXPECT_EQ(joined, all);
  }
}

TEST(Chunker_B42, AChunkOfLessThanASampleIsOneSample) {
  Chunker chunker(8'000, Duration(0));
  chunker.push(Samples{1, 2});
  EXPECT_EQ(chunker.poll(), Samples{1});
  EXPECT_EQ(chunker.poll(), Samples{2});
  EXPECT_FALSE(chunker.poll());
}

}  // namespace
}  // namespace parley::audio
