#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "parley/base/error.hpp"
#include "parley/base/secret.hpp"
#include "parley/base/time.hpp"

namespace parley::net {

// A certificate that nobody vouches for, made on the spot: for a server on the own machine whose
// clients are told to trust it.
struct SelfSigned {
  SelfSigned() = default;
  std::string certificate;  // PEM
  Secret key;               // PEM (PKCS #8), ECDSA P-256
};

// For these host names and IP addresses, with the first as its common name; usable as an authority
// of itself (RFC 5280, 4.2.1.9). It begins an hour before `now`, for clocks that differ, and ends
// `life` after it. Errors: invalid_argument (no name, or one that fits no certificate), internal
// (OpenSSL's own).
Result<SelfSigned> make_self_signed(const std::vector<std::string>& names, WallTime now,
                                    std::chrono::hours life = std::chrono::hours(24 * 30));

}  // namespace parley::net
