#include "parley/base/seal.hpp"

#include <set>

#include <gtest/gtest.h>

namespace parley {
namespace {

SealKey bytes_key(char fill) {
  const std::string bytes(32, fill);
  return SealKey::of_bytes(as_bytes(bytes)).value();
}

TEST(Seal, WhatWasSealedIsOpenedWithTheSameKeyOnly) {
  SeededRandom random(1);
  for (const auto* text : {"", "a", "my name is Bob, and the handle is 7f3a"}) {
    const auto sealed = seal(text, bytes_key('k'), "conversation", random);
    EXPECT_EQ(sealed.find("Bob"), std::string::npos);
    EXPECT_EQ(open_sealed(sealed, bytes_key('k'), "conversation").value(), text);
    EXPECT_FALSE(open_sealed(sealed, bytes_key('l'), "conversation"));
    EXPECT_FALSE(open_sealed(sealed, bytes_key('k'), "something else"));
  }
}

TEST(Seal, EveryChangedCharacterIsNoticed) {
  SeededRandom random(2);
  const auto sealed = seal("forty-two", bytes_key('k'), "", random);
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    auto changed = sealed;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    const auto opened = open_sealed(changed, bytes_key('k'), "");
    EXPECT_FALSE(opened) << "character " << i;
    EXPECT_FALSE(open_sealed(sealed.substr(0, i), bytes_key('k'), "")) << "cut at " << i;
  }
}

TEST(Seal, NoTwoSealedTextsAreAlike) {
  SeededRandom random(3);
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) seen.insert(seal("the same", bytes_key('k'), "", random));
  EXPECT_EQ(seen.size(), 100u);
}

TEST(Seal, APassphraseIsAKeyOfItsOwnKind) {
  SeededRandom random(4);
  const auto key = SealKey::of_passphrase(Secret("correct horse battery")).value();
  const auto sealed = seal("forty-two", key, "", random);
  EXPECT_EQ(open_sealed(sealed, key, "").value(), "forty-two");
  const auto other = SealKey::of_passphrase(Secret("correct horse batterz")).value();
  EXPECT_FALSE(open_sealed(sealed, other, ""));
  const auto refusal = open_sealed(sealed, bytes_key('k'), "");
  EXPECT_EQ(refusal.error().message(),
            "the text was sealed with a passphrase, not with 32 bytes");
  EXPECT_FALSE(SealKey::of_passphrase(Secret("short")));
  EXPECT_FALSE(SealKey::of_bytes(as_bytes("short")));
}

}  // namespace
}  // namespace parley
