#include "parley/api/access_token.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "parley/base/rsa.hpp"
#include "parley/base/text.hpp"
#include "parley/json/value.hpp"

namespace parley::api {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
constexpr milliseconds kMargin{225'000};

HeldToken held_for(seconds life) {
  HeldToken held;
  held.token.value = Secret("t");
  held.token.life = life;
  held.asked = TimePoint(seconds(1000));
  held.asked_wall = from_unix_ms(1'700'000'000'000);
  return held;
}

TokenAge after(const HeldToken& held, milliseconds steady, milliseconds wall) {
  return age_of(held, kMargin, held.asked + steady, held.asked_wall + wall);
}

TEST(TokenAge_B13, ATokenIsRenewedBeforeItEnds) {
  const auto held = held_for(seconds(3600));
  EXPECT_EQ(after(held, seconds(0), seconds(0)), TokenAge::fresh);
  EXPECT_EQ(after(held, milliseconds(3'374'999), milliseconds(3'374'999)), TokenAge::fresh);
  EXPECT_EQ(after(held, seconds(3375), seconds(3375)), TokenAge::due);
  EXPECT_EQ(after(held, milliseconds(3'599'999), milliseconds(3'599'999)), TokenAge::due);
  EXPECT_EQ(after(held, seconds(3600), seconds(3600)), TokenAge::expired);
}

TEST(TokenAge_B13, AShortLifeHasAShortMargin) {
  const auto held = held_for(seconds(60));
  EXPECT_EQ(after(held, seconds(44), seconds(44)), TokenAge::fresh);
  EXPECT_EQ(after(held, seconds(45), seconds(45)), TokenAge::due);
}

TEST(TokenAge_B13, ClocksThatJumpDoNotKeepATokenForLonger) {
  const auto held = held_for(seconds(3600));
  // Set back by a day: the monotonic clock counts.
  EXPECT_EQ(after(held, seconds(10), -seconds(86'400)), TokenAge::fresh);
  EXPECT_EQ(after(held, seconds(3600), -seconds(82'800)), TokenAge::expired);
  // Set forward, or the machine slept while the monotonic clock stood still.
  EXPECT_EQ(after(held, seconds(10), seconds(86'400)), TokenAge::expired);
  HeldToken endless = held;
  endless.token.life.reset();
  EXPECT_EQ(after(endless, seconds(1'000'000), seconds(1'000'000)), TokenAge::fresh);
}

TEST(TokenAnswer_Rfc6749_5, ATokenAndItsLifeAreRead) {
  const auto token = read_token_answer(
      200, R"({"access_token":"ya29.x","expires_in":3599,"token_type":"Bearer","scope":"s"})");
  ASSERT_TRUE(token);
  EXPECT_EQ(token->value.reveal(), "ya29.x");
  EXPECT_EQ(token->life, seconds(3599));
  EXPECT_EQ(read_token_answer(200, R"({"access_token":"x","expires_in":"60"})")->life, seconds(60));
  EXPECT_FALSE(read_token_answer(200, R"({"access_token":"x"})")->life);
}

TEST(TokenAnswer_Rfc6749_5, WhatIsNoTokenIsAnErrorThatSaysWhy) {
  const auto kind = [](int status, std::string_view body) {
    return read_token_answer(status, body).error().kind();
  };
  EXPECT_EQ(kind(200, "<html>"), ErrorKind::invalid_response);
  EXPECT_EQ(kind(200, "{}"), ErrorKind::invalid_response);
  EXPECT_EQ(kind(200, R"({"access_token":"x","token_type":"mac"})"), ErrorKind::invalid_response);
  EXPECT_EQ(kind(200, R"({"access_token":"x","expires_in":0})"), ErrorKind::invalid_response);
  EXPECT_EQ(kind(200, R"({"access_token":"x","expires_in":-5})"), ErrorKind::invalid_response);
  EXPECT_EQ(kind(200, R"({"access_token":7})"), ErrorKind::invalid_response);
  EXPECT_EQ(kind(503, "<html>"), ErrorKind::unavailable);
  const auto refused = read_token_answer(
      400, R"({"error":"invalid_grant","error_description":"Invalid JWT Signature."})");
  EXPECT_EQ(refused.error().kind(), ErrorKind::unauthenticated);
  EXPECT_EQ(refused.error().service_status(), "invalid_grant");
  EXPECT_EQ(refused.error().http_status(), 400);
  EXPECT_EQ(refused.error().message(),
            "the token server answered 400: invalid_grant: Invalid JWT Signature.");
}

TEST(TokenAnswer_B10, WordsOfTheServerAreRedacted) {
  const auto refused = read_token_answer(
      401, R"({"error":"invalid_client","error_description":"client_secret=canary-1 is wrong"})");
  EXPECT_EQ(refused.error().describe().find("canary"), std::string::npos);
}

TEST(FormBody_Rfc6749_B, ValuesAreEncodedAndEmptyOnesLeftOut) {
  FormBody form;
  form.add("grant_type", "urn:x").add("none", "").add("a", "b c&d");
  EXPECT_EQ(form.text(), "grant_type=urn%3Ax&a=b%20c%26d");
}

std::pair<Secret, std::string> make_pair() {
  EVP_PKEY* key = EVP_RSA_gen(2048);
  const auto text = [](auto write) {
    BIO* bio = BIO_new(BIO_s_mem());
    write(bio);
    const char* data = nullptr;
    const auto size = BIO_get_mem_data(bio, &data);
    std::string out(data, static_cast<std::size_t>(size));
    BIO_free(bio);
    return out;
  };
  Secret secret(text([&](BIO* bio) {
    PEM_write_bio_PKCS8PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
  }));
  std::string open = text([&](BIO* bio) { PEM_write_bio_PUBKEY(bio, key); });
  EVP_PKEY_free(key);
  return {std::move(secret), std::move(open)};
}

json::Object part_of(std::string_view jwt, std::size_t index) {
  const auto bytes = from_base64(split(jwt, '.')[index]);
  return json::parse(as_text(*bytes))->as_object();
}

TEST(Jwt_Rfc7519, ClaimsAreSignedAndCountedInSeconds) {
  const auto [secret, open] = make_pair();
  JwtClaims claims;
  claims.issuer = "a@b.iam.gserviceaccount.com";
  claims.audience = "https://oauth2.googleapis.com/token";
  claims.scope = "s1 s2";
  claims.key_id = "k";
  claims.issued = from_unix_ms(1'700'000'000'999);
  const auto jwt = make_jwt(claims, secret);
  ASSERT_TRUE(jwt);
  const std::string& text = jwt->reveal();
  EXPECT_EQ(json::to_string(part_of(text, 0)), R"({"alg":"RS256","typ":"JWT","kid":"k"})");
  EXPECT_EQ(json::to_string(part_of(text, 1)),
            R"({"iss":"a@b.iam.gserviceaccount.com","aud":"https://oauth2.googleapis.com/token",)"
            R"("scope":"s1 s2","iat":1700000000,"exp":1700003600})");
  const auto signature = from_base64(split(text, '.')[2]);
  EXPECT_TRUE(verify_rs256(open, text.substr(0, text.rfind('.')), as_text(*signature)));
}

}  // namespace
}  // namespace parley::api
