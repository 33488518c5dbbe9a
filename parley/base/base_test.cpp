#include <algorithm>

#include <gtest/gtest.h>

#include "parley/base/error.hpp"
#include "parley/base/random.hpp"
#include "parley/base/secret.hpp"
#include "parley/base/text.hpp"
#include "parley/base/time.hpp"

namespace parley {
namespace {

using std::chrono::milliseconds;

TEST(Error_B8_A32, OnlyWhatMaySucceedLaterIsRetryable) {
  for (const auto kind :
       {ErrorKind::rate_limited, ErrorKind::resolve_failed, ErrorKind::connect_failed,
        ErrorKind::disconnected, ErrorKind::timeout, ErrorKind::unavailable})
    EXPECT_TRUE(Error(kind, "x").retryable()) << to_string(kind);
  for (const auto kind :
       {ErrorKind::invalid_argument, ErrorKind::missing_credentials, ErrorKind::unauthenticated,
        ErrorKind::permission_denied, ErrorKind::not_found, ErrorKind::too_large,
        ErrorKind::invalid_state, ErrorKind::protocol_violation, ErrorKind::cancelled,
        ErrorKind::invalid_response, ErrorKind::internal})
    EXPECT_FALSE(Error(kind, "x").retryable()) << to_string(kind);
}

TEST(Error_A31, KeepsStageStatusCloseCodeAndCause) {
  const Error error = Error(ErrorKind::disconnected, "the session ended\n* for two\r\nreasons")
                          .with_stage(Stage::receive)
                          .with_close(1011, "overloaded")
                          .with_http_status(503)
                          .with_retry_after(milliseconds(1500))
                          .with_detail("quota_id", "PerDay")
                          .with_cause(Error(ErrorKind::timeout, "no byte for 35 s"));
  const std::string text = error.describe();
  for (const char* part : {"disconnected", "the session ended", "receive", "1011", "503",
                           "caused by", "no byte for 35 s"})
    EXPECT_NE(text.find(part), std::string::npos) << part << " in " << text;
  EXPECT_EQ(text.find_first_of("\r\n"), std::string::npos) << "also where a service sent several";
  EXPECT_EQ(Error(ErrorKind::service, "refused: busy now").with_close(1011, "busy now").describe(),
            "service: refused: busy now [close code 1011]")
      << "the message has said the reason";
  EXPECT_EQ(error.detail("quota_id"), "PerDay");
  EXPECT_FALSE(error.detail("nothing"));
  const Error copy = error;
  EXPECT_EQ(copy.cause(), error.cause()) << "copies share the cause";
}

TEST(Rfc9562_5_7, UuidsSortByTimeAndCarryVersionAndVariant) {
  SeededRandom random(1);
  std::string last;
  for (int ms = 0; ms < 300; ++ms) {
    const auto id = make_uuid_v7(from_unix_ms(1'790'000'000'000 + ms), random);
    ASSERT_EQ(id.size(), 36u);
    EXPECT_EQ(id[14], '7');
    EXPECT_NE(std::string("89ab").find(id[19]), std::string::npos);
    EXPECT_LT(last, id);
    last = id;
  }
  EXPECT_EQ(make_uuid_v7(from_unix_ms(0x0123456789ab), random).substr(0, 13), "01234567-89ab");
}

TEST(Random, BelowIsUniformAndBounded) {
  SeededRandom random(3);
  int seen[5] = {};
  for (int i = 0; i < 5000; ++i) ++seen[random.below(5)];
  for (const int count : seen) EXPECT_NEAR(count, 1000, 150);
  EXPECT_EQ(random.below(0), 0u);
  EXPECT_EQ(random.below(1), 0u);
  SeededRandom again(3), other(4);
  EXPECT_EQ(SeededRandom(3).next(), again.next());
  EXPECT_NE(SeededRandom(3).next(), other.next());
}

TEST(Rfc3339, TimesHaveThreeDecimalsAndTheRightDay) {
  EXPECT_EQ(to_iso8601(from_unix_ms(0)), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(to_iso8601(from_unix_ms(951'782'399'999)), "2000-02-28T23:59:59.999Z");
  EXPECT_EQ(to_iso8601(from_unix_ms(951'782'400'007)), "2000-02-29T00:00:00.007Z");
  EXPECT_EQ(to_iso8601(from_unix_ms(-1)), "1969-12-31T23:59:59.999Z");
}

TEST(Secret_B10, CredentialsAreTakenOutOfEveryForm) {
  for (const char* text :
       {"GET /v1beta/models?key=CANARY", "wss://h/ws?a=1&access_token=CANARY&b=2",
        "x-goog-api-key: CANARY\r\nHost: h", "Authorization: Bearer CANARY",
        "authorization: Token CANARY", "?api_key=CANARY", "token=CANARY", "X-API-Key: CANARY"}) {
    const auto clean = redact(text);
    EXPECT_EQ(clean.find("CANARY"), std::string::npos) << clean;
    EXPECT_NE(clean.find("***"), std::string::npos) << clean;
  }
  EXPECT_EQ(redact("monkey=banana&keyboard=qwerty"), "monkey=banana&keyboard=qwerty");
  EXPECT_EQ(redact("?a=1&key=X&b=2"), "?a=1&key=***&b=2") << "what stands around it stays";
}

TEST(Secret_B10, KeysInFilesAndFormsAreTakenOut) {
  const std::string pem =
      "-----BEGIN PRIVATE KEY-----\nCANARY\nCANARY+/=\n-----END PRIVATE KEY-----";
  for (const std::string& text :
       {pem, "\"private_key\": \"" + pem + "\\n\", \"type\": 1", pem.substr(0, 40),
        std::string("-----BEGIN RSA PRIVATE KEY-----\\nCANARY CANARY"),
        std::string("grant_type=x&assertion=CANARY&refresh_token=CANARY&client_secret=CANARY"),
        std::string("subject_token=CANARY"), std::string(R"({"accessToken": "CANARY"})")}) {
    const auto clean = redact(text);
    EXPECT_EQ(clean.find("CANARY"), std::string::npos) << clean;
    EXPECT_NE(clean.find("***"), std::string::npos) << clean;
  }
  EXPECT_EQ(redact("a " + pem + " b"), "a *** b");
  const std::string open = "-----BEGIN PUBLIC KEY-----\nAA\n-----END PUBLIC KEY-----";
  EXPECT_EQ(redact(open), open);
}

TEST(Secret, ComparisonLooksAtEveryByte) {
  EXPECT_TRUE(equal_in_constant_time("abc", "abc"));
  EXPECT_FALSE(equal_in_constant_time("abc", "abd"));
  EXPECT_FALSE(equal_in_constant_time("abc", "ab"));
  EXPECT_TRUE(equal_in_constant_time("", ""));
  Secret a("key"), b = a;
  EXPECT_EQ(b.reveal(), "key");
  const Secret c = std::move(a);
  EXPECT_TRUE(a.empty());  // NOLINT: a moved-from secret is empty, that is promised
  EXPECT_EQ(c.reveal(), "key");
}

TEST(Rfc3629, MalformedUtf8IsFoundAndReplaced) {
  for (const char* good :
       {"", "a", "\xc3\xbc", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf"})
    EXPECT_TRUE(is_valid_utf8(good)) << good;
  for (const char* bad : {"\x80", "\xc0\x80", "\xc3", "\xe0\x80\x80", "\xed\xa0\x80",
                          "\xf4\x90\x80\x80", "\xff", "a\xe2\x82"})
    EXPECT_FALSE(is_valid_utf8(bad));
  EXPECT_EQ(to_valid_utf8("a\xff"
                          "b\xe2\x82"),
            "a\xef\xbf\xbd"
            "b\xef\xbf\xbd");
  EXPECT_EQ(to_valid_utf8("gr\xc3\xbc\xc3\x9f"), "gr\xc3\xbc\xc3\x9f");
}

TEST(Text, PrefixesEndAtCodePoints) {
  EXPECT_EQ(count_scalars("a\xc3\xbc\xf0\x9f\x98\x80"), 3u);
  EXPECT_EQ(first_scalars("a\xc3\xbc\xf0\x9f\x98\x80", 2), "a\xc3\xbc");
  EXPECT_EQ(first_scalars("abc", 10), "abc");
  EXPECT_EQ(first_scalars("abc", 0), "");
}

TEST(Text_C39, NothingThatATerminalObeysIsLeft) {
  EXPECT_EQ(strip_control("a\x1b[31mb\x07\x7f\n\tc"), "ab\n\tc");
  EXPECT_EQ(strip_control("\x1b]0;title\x07x"), "x");
  EXPECT_EQ(strip_control("\xc2\x9b"
                          "31m"),
            "31m")
      << "C1 CSI";
  EXPECT_EQ(strip_control("a\xe2\x80\xae"
                          "b"),
            "a\xef\xbf\xbd"
            "b")
      << "right-to-left override";
  EXPECT_EQ(strip_control("line\r\n"), "line\n");
}

TEST(Rfc4648_4, Base64RoundTripsAndReadsBothAlphabets) {
  const std::pair<const char*, const char*> vectors[] = {
      {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, coded] : vectors) {
    EXPECT_EQ(to_base64(as_bytes(plain)), coded);
    EXPECT_EQ(as_text(*from_base64(coded)), plain);
  }
  EXPECT_EQ(*from_base64("-_8"), *from_base64("+/8="));
  for (const char* bad : {"A", "Zg=x", "Z g=", "Zg===", "\xff\xff"})
    EXPECT_FALSE(from_base64(bad)) << bad;
}

TEST(Rfc4648_4, Base64OfEveryLengthAndWithABadLetterAtEveryPlace) {
  Bytes bytes;
  for (std::size_t size = 0; size < 400; ++size) {
    bytes.push_back(static_cast<std::byte>(size * 151 + size / 7));
    auto text = to_base64(bytes);
    EXPECT_EQ(from_base64(text), bytes) << size;
    auto url = text;
    std::ranges::replace(url, '+', '-');
    std::ranges::replace(url, '/', '_');
    EXPECT_EQ(from_base64(url), bytes) << size;
    text[size * 37 % (text.size() - 2)] = '*';
    EXPECT_FALSE(from_base64(text)) << text;
  }
  // Each byte, alone in a text of letters that is long enough for the widest instructions.
  const std::string letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_";
  for (int byte = 0; byte < 256; ++byte)
    for (const std::size_t at : {0u, 33u, 63u, 70u, 100u, 130u}) {
      std::string text(132, 'x');
      text[at] = static_cast<char>(byte);
      const auto read = from_base64(text);
      ASSERT_EQ(read.has_value(), letters.find(static_cast<char>(byte)) != std::string::npos)
          << byte << " at " << at;
      if (!read) continue;
      auto plain = to_base64(*read);
      std::ranges::replace(text, '-', '+');
      std::ranges::replace(text, '_', '/');
      EXPECT_EQ(plain, text);
    }
}

TEST(Text, TrimsComparesSplitsAndGuesses) {
  EXPECT_EQ(trim(" \t\r\n a b \xe3\x80\x80\xc2\xa0"), "a b");
  EXPECT_EQ(trim(" \n "), "");
  EXPECT_TRUE(iequals_ascii("Content-Type", "content-TYPE"));
  EXPECT_FALSE(iequals_ascii("a", "ab"));
  EXPECT_EQ(split("a,,b", ',').size(), 3u);
  EXPECT_EQ(nearest_name("temprature", {"temperature", "topP"}), "temperature");
  EXPECT_FALSE(nearest_name("zzz", {"temperature", "topP"}));
}

}  // namespace
}  // namespace parley
