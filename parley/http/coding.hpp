#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "parley/base/error.hpp"

namespace parley::http {

// How a body is packed for its way (RFC 9110, 8.4.1; br: RFC 7932).
enum class Coding { identity, gzip, deflate, br };
// "identity", "gzip", "deflate", "br".
std::string_view to_string(Coding coding);
// The coding that a Content-Encoding names; empty text is identity; nullopt: one that is not known
// here, or several on top of each other.
std::optional<Coding> coding_of(std::string_view content_encoding);

// `level` 0 (none) to 9 (smallest). deflate is the zlib format, as HTTP has it.
std::string encode_content(Coding coding, std::string_view body, int level = 6);

// Unpacks a body as it comes, in pieces of at most 64 KiB: what a small body may blow up to is the
// caller's to limit, nothing of it is held here. Takes deflate with and without its zlib frame, and
// several gzip members in a row.
class ContentDecoder {
 public:
  explicit ContentDecoder(Coding coding);
  ContentDecoder(ContentDecoder&&) noexcept;
  ContentDecoder& operator=(ContentDecoder&&) noexcept;
  ~ContentDecoder();

  void receive(std::string_view input);
  // The next piece; empty: it needs more input, or has ended. Errors (protocol_violation): bytes
  // that are no such coding, or stand behind its end.
  Result<std::string> poll();
  // The body is over. Errors (protocol_violation): the coding has not come to its end.
  Result<void> finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The whole of a body that is there. Errors: those of ContentDecoder; too_large where it is over
// `limit` bytes.
Result<std::string> decode_content(Coding coding, std::string_view body, std::size_t limit);

}  // namespace parley::http
