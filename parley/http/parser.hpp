#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "parley/base/bytes.hpp"
#include "parley/base/error.hpp"
#include "parley/http/message.hpp"

namespace parley::http {

struct ParserLimits {
  ParserLimits() = default;
  std::size_t max_header = 16 * 1024;      // bytes of start line and headers
  std::size_t max_header_fields = 100;
  std::size_t max_target = 8 * 1024;       // bytes
  std::size_t max_body = 8 * 1024 * 1024;  // bytes; counts what was received, taken or not
};

// Reads one HTTP/1.x message from bytes as they come (RFC 9112), split anywhere. What could be
// understood in two ways is refused: Content-Length with Transfer-Encoding, different lengths, bare
// LF, obsolete line folding, space before a colon, no or several Host fields in HTTP/1.1.
// Errors are protocol_violation or too_large; http_status() is what a server answers (400, 413,
// 414, 431, 501, 505). After an error or done() the parser takes no more.
class RequestParser {
 public:
  explicit RequestParser(const ParserLimits& limits = ParserLimits());
  RequestParser(RequestParser&&) noexcept;
  RequestParser& operator=(RequestParser&&) noexcept;
  ~RequestParser();

  // Returns how many bytes were used; the rest belongs to the next message.
  Result<std::size_t> receive(BytesView input);
  bool started() const;      // at least one byte was used
  bool header_done() const;  // request() has method, target, headers
  bool done() const;         // the body is whole
  const Request& request() const;
  Request take();            // with the body; after done()
  bool keep_alive() const;   // after header_done()

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

class ResponseParser {
 public:
  // `to_head`: the answer to a HEAD request, which has no body whatever its headers say.
  explicit ResponseParser(const ParserLimits& limits = ParserLimits(), bool to_head = false);
  ResponseParser(ResponseParser&&) noexcept;
  ResponseParser& operator=(ResponseParser&&) noexcept;
  ~ResponseParser();

  // Returns how many bytes were used. Interim answers (1xx but 101) are passed over.
  Result<std::size_t> receive(BytesView input);
  // The peer closed its side: ends a body that is delimited so; else a disconnected error.
  Result<void> finish();
  bool header_done() const;
  bool done() const;
  const Response& response() const;
  // The body's bytes that came since the last call (chunked coding removed); for streaming.
  std::string take_body();
  Response take();  // after done(); the body is what take_body() did not take
  bool keep_alive() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace parley::http
