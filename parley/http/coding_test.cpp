#include "parley/http/coding.hpp"

#include <gtest/gtest.h>

#include "parley/base/random.hpp"

namespace parley::http {
namespace {

constexpr Coding kPacked[] = {Coding::gzip, Coding::deflate, Coding::br};

std::string lines(int count) {
  std::string out;
  for (int n = 0; n < count; ++n) out += "line " + std::to_string(n) + " of a long text\n";
  return out;
}

// Pieces of `size` bytes in, whatever comes out; the error's message at a failure.
std::string decoded(Coding coding, std::string_view body, std::size_t size) {
  ContentDecoder decoder(coding);
  std::string out;
  for (std::size_t at = 0; at < body.size(); at += size) {
    decoder.receive(body.substr(at, size));
    for (;;) {
      auto piece = decoder.poll();
      if (!piece) return piece.error().message();
      EXPECT_LE(piece->size(), 64u * 1024);
      if (piece->empty()) break;
      out += *piece;
    }
  }
  const auto end = decoder.finish();
  return end ? out : end.error().message();
}

TEST(ContentCoding_A36, ABodyComesBackHoweverItIsCut) {
  for (const auto coding : {Coding::identity, Coding::gzip, Coding::deflate, Coding::br})
    for (const int count : {0, 1, 50, 20'000}) {
      const auto text = lines(count);
      const auto packed = encode_content(coding, text);
      for (const std::size_t size : {std::size_t(1), std::size_t(7), packed.size() + 1}) {
        if (size == 1 && count > 50) continue;
        EXPECT_EQ(decoded(coding, packed, size), text) << to_string(coding) << count;
      }
    }
}

TEST(ContentCoding_A36, PackedTextIsSmaller) {
  const auto text = lines(100);
  for (const auto coding : kPacked) {
    EXPECT_LT(encode_content(coding, text, 6).size(), text.size() / 3) << to_string(coding);
    EXPECT_LE(encode_content(coding, text, 6).size(), encode_content(coding, text, 0).size());
  }
}

TEST(ContentCoding_Rfc9110_8_4_1, DeflateIsTakenWithoutItsFrameAndGzipInMembers) {
  const auto text = lines(30);
  const auto framed = encode_content(Coding::deflate, text);
  const auto bare = framed.substr(2, framed.size() - 6);
  EXPECT_EQ(decoded(Coding::deflate, bare, 5), text);
  const auto twice = encode_content(Coding::gzip, "one ") + encode_content(Coding::gzip, "two");
  EXPECT_EQ(decoded(Coding::gzip, twice, 3), "one two");
  EXPECT_EQ(decoded(Coding::gzip, twice, 1000), "one two");
}

TEST(ContentCoding_A36, WhatIsCutOrDamagedIsAnError) {
  const auto text = lines(30);
  for (const auto coding : kPacked) {
    SCOPED_TRACE(to_string(coding));
    const auto packed = encode_content(coding, text);
    const auto cut = decode_content(coding, packed.substr(0, packed.size() - 3), 1 << 20);
    ASSERT_FALSE(cut);
    EXPECT_EQ(cut.error().kind(), ErrorKind::protocol_violation);
    EXPECT_FALSE(decode_content(coding, "this is plain text", 1 << 20));
    EXPECT_FALSE(decode_content(coding, packed + "more", 1 << 20));
  }
}

TEST(ContentCoding_A36, ABombIsStoppedAtTheLimit) {
  const std::string zeros(50 * 1024 * 1024, '\0');
  for (const auto coding : kPacked) {
    const auto bomb = encode_content(coding, zeros, 9);
    EXPECT_LT(bomb.size(), 100'000u);
    const auto whole = decode_content(coding, bomb, 1024 * 1024);
    ASSERT_FALSE(whole);
    EXPECT_EQ(whole.error().kind(), ErrorKind::too_large);
  }
}

TEST(ContentCoding, NamesAreRead) {
  EXPECT_EQ(coding_of(""), Coding::identity);
  EXPECT_EQ(coding_of(" GZip "), Coding::gzip);
  EXPECT_EQ(coding_of("x-gzip"), Coding::gzip);
  EXPECT_EQ(coding_of("br"), Coding::br);
  EXPECT_EQ(coding_of("gzip, br"), std::nullopt);
  EXPECT_EQ(coding_of("zstd"), std::nullopt);
}

}  // namespace
}  // namespace parley::http
