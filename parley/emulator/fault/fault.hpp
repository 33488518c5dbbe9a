#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "parley/base/error.hpp"
#include "parley/base/random.hpp"

namespace parley::emulator {

// What goes wrong on purpose with one answer over REST. Bytes are those of the body.
struct Fault {
  Fault() = default;
  // Parts in any order, each at most once, with ';' between them: "status=503; delay=200; cut=100".
  //   status=400…599  that answer instead, in the service's words (429 with RetryInfo …)
  //   delay=MS        before the answer's first byte
  //   cut=N           the connection is dropped after N bytes
  //   stall=N         nothing more comes after N bytes; the connection stays open
  //   garbage=N       after N bytes, bytes that are no JSON and no UTF-8
  //   split=N         pieces of N bytes, wherever that cuts
  //   drip=N/MS       the same, with that many milliseconds between two pieces
  //   error=400…599   in the middle of a stream, behind `after` messages (0 unless given)
  //   as=event|bare   how that error is written: as an event, or as JSON that is no event
  // Errors (invalid_argument) name the part.
  static Result<Fault> parse(std::string_view text);
  bool operator==(const Fault&) const = default;

  int status = 0;  // 0: as it would be
  std::chrono::milliseconds delay{0};
  std::optional<std::size_t> cut, stall, garbage;
  std::size_t piece = 0;  // bytes; 0: as the service sends them
  std::chrono::milliseconds pause{0};
  int error = 0;  // 0: none
  std::size_t after = 0;
  bool bare = false;
};

// What goes wrong on purpose with one Live session, in place of, or before, the server's next
// message when it has sent `after` of them.
struct LiveFault {
  LiveFault() = default;
  // "after=3; close=1011; reason=Deadline expired", with one of
  //   close=CODE      a close frame, with `reason`
  //   cut[=N]         the connection is dropped after N bytes of the message, with its frame's
  //   header garbage[=N]     only the first N bytes of the message, and then bytes that are no JSON
  //   silence         nothing more is said; pings are answered
  //   delay=MS        this message and all behind it come so much later
  //   opcode          a frame before it whose opcode is reserved (RFC 6455, 5.2)
  //   flip            the message in the other kind of data frame
  //   huge=N          before it, a message of N bytes
  //   error=CODE      before it, a message {"error": …} with that HTTP code
  //   goaway=MS       before it, goAway with that time left
  //   empty           before it, {}
  //   unknown         before it, a message with a member that no client knows
  //   fragments=N     the message in frames of N bytes
  //   drip=N/MS       this and all that follows in pieces of N bytes, so many milliseconds apart
  // Errors (invalid_argument) name the part.
  static Result<LiveFault> parse(std::string_view text);

  enum class Kind {
    none,
    close,
    cut,
    garbage,
    silence,
    delay,
    opcode,
    flip,
    huge,
    error,
    goaway,
    empty,
    unknown,
    fragments,
    drip
  };
  Kind kind = Kind::none;
  std::size_t after = 0;
  std::uint16_t code = 1011;  // of close; of error: the HTTP code
  std::string reason;
  std::size_t bytes = 0;
  std::chrono::milliseconds time{0};
};

// How often something goes wrong by chance; the same seed gives the same faults in the same order.
struct FaultRate {
  FaultRate() = default;
  double rest = 0;  // share of the answers, 0 to 1
  double live = 0;  // share of the sessions
  std::uint64_t seed = 1;
};
// One of the faults that a network or an overloaded service has.
Fault random_fault(Random& random);
LiveFault random_live_fault(Random& random);
// True for that share of the calls.
bool happens(double share, Random& random);

}  // namespace parley::emulator
