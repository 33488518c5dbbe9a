#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "parley/base/error.hpp"
#include "parley/http/message.hpp"

namespace parley::emulator {

// One call over REST or one Live session as it went between a client and the service, without
// credentials. Times count from the recording's beginning.
struct RecordedExchange {
  RecordedExchange() = default;
  struct Piece {
    Piece() = default;
    std::chrono::milliseconds at{0};
    bool of_client = false;  // Live: a message of the client
    bool binary = false;     // Live: in a binary frame
    std::string bytes;       // of a body, or a whole message
  };
  bool live = false;
  std::string method;  // REST
  std::string target;  // empty: of any Live session
  std::string body;    // of the request
  int status = 0;
  http::Headers headers;  // of the answer
  std::vector<Piece> pieces;
  bool whole = false;  // REST: the body came to its end
  std::uint16_t close_code = 0;
  std::string close_reason;
};

// The exchanges of a recording, in the order in which they began (docs/emulator.md has the format:
// JSON lines, version 1). Errors (invalid_argument) begin with "line N: ".
Result<std::vector<RecordedExchange>> read_recording(std::string_view text);

// A Live session in the format of the recordings that Google's SDKs are tested with: ">N " and N
// bytes of the client, "<N " and N bytes of the service, which are a message and the end of its
// line; where the size leaves that end out, it stands behind. They name neither path nor time nor
// end: `target` stays empty, all is at 0, and the service's messages are in binary frames, as it
// sends them. Errors (invalid_argument) begin with "byte N: ".
Result<RecordedExchange> read_session_log(std::string_view text);

// Makes the lines of a recording, without clock and I/O. Credentials are taken out: the headers and
// query parameters that carry them, members of JSON that hold one (access_token, private_key …),
// names of short-lived tokens, and wherever else a credential stands that was seen once.
class RecordingWriter {
 public:
  // The first line.
  std::string begin() const;
  // Each gives one line. `exchange` numbers are the caller's.
  std::string request(int exchange, std::chrono::milliseconds at, const http::Request& request);
  std::string open(int exchange, std::chrono::milliseconds at, const http::Request& upgrade);
  std::string response(int exchange, std::chrono::milliseconds at, const http::Response& head);
  std::string piece(int exchange, std::chrono::milliseconds at, std::string_view bytes) const;
  std::string end(int exchange, std::chrono::milliseconds at, bool whole) const;
  std::string message(int exchange, std::chrono::milliseconds at, bool of_client, bool binary,
                      std::string_view text) const;
  std::string close(int exchange, std::chrono::milliseconds at, std::uint16_t code,
                    std::string_view reason) const;

 private:
  void learn(const http::Request& request);
  std::string clean(std::string_view text) const;

  std::set<std::string> secrets_;
};

}  // namespace parley::emulator
