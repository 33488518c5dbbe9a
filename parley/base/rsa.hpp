#pragma once

#include <string>
#include <string_view>

#include "parley/base/error.hpp"
#include "parley/base/secret.hpp"

namespace parley {

// The signature of `message` by an RSA key of at least 2048 bits: RSASSA-PKCS1-v1_5 with SHA-256
// (RFC 8017, 8.2), which JSON Web Tokens call RS256 (RFC 7518, 3.3). The same input gives the same
// bytes. `private_key` is PEM, PKCS#8 or PKCS#1, without a passphrase. Errors: invalid_argument (no
// such key); nothing of the key is in them.
Result<std::string> sign_rs256(const Secret& private_key, std::string_view message);

// True where `signature` is that of the message by the key whose public part `public_key` is (PEM,
// SubjectPublicKeyInfo); false as well where that is no RSA key.
bool verify_rs256(std::string_view public_key, std::string_view message,
                  std::string_view signature);

}  // namespace parley
