#include "parley/base/rsa.hpp"

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "parley/base/text.hpp"

namespace parley {
namespace {

struct Pair {
  Pair() = default;
  Secret secret;
  std::string open;
};

std::string text_of(BIO* bio) {
  const char* data = nullptr;
  const auto size = BIO_get_mem_data(bio, &data);
  std::string text(data, static_cast<std::size_t>(size));
  BIO_free(bio);
  return text;
}

Pair make_pair(unsigned bits) {
  EVP_PKEY* key = EVP_RSA_gen(bits);
  BIO* secret = BIO_new(BIO_s_mem());
  PEM_write_bio_PKCS8PrivateKey(secret, key, nullptr, nullptr, 0, nullptr, nullptr);
  BIO* open = BIO_new(BIO_s_mem());
  PEM_write_bio_PUBKEY(open, key);
  EVP_PKEY_free(key);
  Pair pair;
  pair.secret = Secret(text_of(secret));
  pair.open = text_of(open);
  return pair;
}

TEST(Rs256_Rfc8017_8_2, TheOtherHalfOfTheKeyKnowsTheSignature) {
  const auto pair = make_pair(2048), other = make_pair(2048);
  const auto signature = sign_rs256(pair.secret, "message");
  ASSERT_TRUE(signature);
  EXPECT_EQ(signature->size(), 256u);
  EXPECT_EQ(*sign_rs256(pair.secret, "message"), *signature);
  EXPECT_TRUE(verify_rs256(pair.open, "message", *signature));
  EXPECT_FALSE(verify_rs256(pair.open, "massage", *signature));
  EXPECT_FALSE(verify_rs256(other.open, "message", *signature));
  EXPECT_FALSE(verify_rs256(pair.open, "message", signature->substr(1)));
  EXPECT_FALSE(verify_rs256("no key", "message", *signature));
}

TEST(Rs256_B10, WhatIsNoKeyIsRefusedWithoutBeingQuoted) {
  const std::string begin = "-----BEGIN PRIVATE KEY-----\n", end = "\n-----END PRIVATE KEY-----\n";
  for (const std::string& text :
       {std::string(), std::string("canary-key"), begin + "canary" + end, make_pair(2048).open}) {
    const auto signature = sign_rs256(Secret(text), "message");
    ASSERT_FALSE(signature);
    EXPECT_EQ(signature.error().kind(), ErrorKind::invalid_argument);
    EXPECT_EQ(signature.error().describe().find("canary"), std::string::npos);
  }
  EXPECT_EQ(sign_rs256(make_pair(1024).secret, "message").error().message(),
            "the private key has less than 2048 bits");
}

TEST(Base64Url_Rfc7515_2, HasNoPaddingAndIsSafeInUrls) {
  EXPECT_EQ(to_base64url(as_bytes("\xff\xfe\xfd")), "__79");
  EXPECT_EQ(to_base64url(as_bytes("a")), "YQ");
  EXPECT_EQ(to_base64url(as_bytes("")), "");
}

}  // namespace
}  // namespace parley
