#pragma once

#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/base/bytes.hpp"

namespace parley {

// True where the bytes are well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms).
bool is_valid_utf8(std::string_view text);

// Number of Unicode scalar values; the text must be valid UTF-8.
std::size_t count_scalars(std::string_view text);

// The longest prefix of at most `limit` scalar values; never cuts a code point in two.
std::string_view first_scalars(std::string_view text, std::size_t limit);
template <std::same_as<std::string> Temporary>
std::string_view first_scalars(Temporary&& text, std::size_t limit) = delete;  // it would dangle

// Replaces each malformed sequence by U+FFFD (maximal subparts, as WHATWG decoders do).
std::string to_valid_utf8(std::string_view text);

// Removes what a terminal could obey: ESC sequences, C0 but \n and \t, C1, DEL. Bidirectional
// control characters are made visible as U+FFFD. The input must be valid UTF-8.
std::string strip_control(std::string_view text);

// Without ASCII white space (and U+00A0, U+3000) at both ends.
std::string_view trim(std::string_view text);
template <std::same_as<std::string> Temporary>
std::string_view trim(Temporary&& text) = delete;  // it would dangle

bool iequals_ascii(std::string_view a, std::string_view b);
std::string to_lower_ascii(std::string_view text);
std::vector<std::string_view> split(std::string_view text, char separator);

// Standard alphabet with padding (RFC 4648, 4).
std::string to_base64(BytesView bytes);
void append_base64(std::string& out, BytesView bytes);
// URL-safe alphabet without padding (RFC 4648, 5; RFC 7515, 2).
std::string to_base64url(BytesView bytes);
// Accepts the standard and the URL-safe alphabet, with or without padding; empty on any other byte.
std::optional<Bytes> from_base64(std::string_view text);

// The nearest of `candidates` to `word` within a third of its length, for "did you mean"; two
// letters that changed places are one slip.
std::optional<std::string_view> nearest_name(std::string_view word,
                                             const std::vector<std::string_view>& candidates);

}  // namespace parley
