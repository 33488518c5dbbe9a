#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "parley/base/bytes.hpp"
#include "parley/base/error.hpp"
#include "parley/base/random.hpp"
#include "parley/base/secret.hpp"

namespace parley {

// What texts are sealed with: 32 random bytes, or a passphrase, which is stretched by scrypt
// (RFC 7914; N = 32768, r = 8, p = 1: 32 MiB and some tens of milliseconds for each use).
class SealKey {
 public:
  // Errors: invalid_argument for other lengths than 32 bytes.
  static Result<SealKey> of_bytes(BytesView bytes);
  // Errors: invalid_argument for less than 12 bytes.
  static Result<SealKey> of_passphrase(Secret passphrase);

  bool is_passphrase() const { return passphrase_; }
  const Secret& secret() const { return secret_; }

 private:
  SealKey(Secret secret, bool passphrase) : secret_(std::move(secret)), passphrase_(passphrase) {}
  Secret secret_;
  bool passphrase_;
};

// Encrypted and authenticated with AES-256-GCM (NIST SP 800-38D), as base64 with "parley-sealed-1."
// before it: kind of key (1 byte), salt (16), nonce (12), cipher text, tag (16). Salt and nonce come
// from `random`, which must be the system's. The AES key is HKDF-SHA256 (RFC 5869) of the 32 bytes,
// or scrypt of the passphrase, each with the salt, so that no two texts have the same. `about` is
// authenticated with it and must be the same when it is opened: what the text is for.
std::string seal(std::string_view text, const SealKey& key, std::string_view about, Random& random);

// Errors: invalid_argument: no sealed text; made for something else, with another key, or damaged
// (which of these cannot be told); made with the other kind of key.
Result<std::string> open_sealed(std::string_view sealed, const SealKey& key,
                                std::string_view about);

}  // namespace parley
