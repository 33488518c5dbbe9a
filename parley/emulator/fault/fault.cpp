#include "parley/emulator/fault/fault.hpp"

#include <array>

#include <fmt/format.h>

#include "parley/emulator/fault/detail/parts.hpp"

namespace parley::emulator {

using detail::FaultPart;
using std::chrono::milliseconds;

namespace {

constexpr std::uint64_t kHour = 3'600'000;
constexpr std::uint64_t kMostBytes = 1ull << 40;

bool is_status(std::uint64_t value) {
  return value >= 400 && value <= 599;
}

// False: the part is none of these, or its value is none.
bool read_rest_part(const FaultPart& part, Fault& fault) {
  if (part.name == "as") {
    fault.bare = part.value == "bare";
    return fault.bare || part.value == "event";
  }
  if (part.name == "drip") {
    const auto drip = part.drip();
    if (drip) fault.piece = drip->first, fault.pause = drip->second;
    return drip.has_value();
  }
  const auto value = part.number(part.name == "delay" ? kHour : kMostBytes);
  if (!value) return false;
  if (part.name == "status" && is_status(*value))
    fault.status = static_cast<int>(*value);
  else if (part.name == "error" && is_status(*value))
    fault.error = static_cast<int>(*value);
  else if (part.name == "delay")
    fault.delay = milliseconds(*value);
  else if (part.name == "cut")
    fault.cut = *value;
  else if (part.name == "stall")
    fault.stall = *value;
  else if (part.name == "garbage")
    fault.garbage = *value;
  else if (part.name == "after")
    fault.after = *value;
  else if (part.name == "split" && *value > 0)
    fault.piece = *value;
  else
    return false;
  return true;
}

struct LiveWord {
  std::string_view name;
  LiveFault::Kind kind;
  bool with_value, without_value;
};
using Kind = LiveFault::Kind;
constexpr std::array<LiveWord, 14> kLiveWords = {{
    {"close", Kind::close, true, false},
    {"cut", Kind::cut, true, true},
    {"garbage", Kind::garbage, true, true},
    {"silence", Kind::silence, false, true},
    {"delay", Kind::delay, true, false},
    {"opcode", Kind::opcode, false, true},
    {"flip", Kind::flip, false, true},
    {"huge", Kind::huge, true, false},
    {"error", Kind::error, true, false},
    {"goaway", Kind::goaway, true, false},
    {"empty", Kind::empty, false, true},
    {"unknown", Kind::unknown, false, true},
    {"fragments", Kind::fragments, true, false},
    {"drip", Kind::drip, true, false},
}};

bool read_live_value(const FaultPart& part, LiveFault& fault) {
  if (fault.kind == Kind::drip) {
    const auto drip = part.drip();
    if (drip) fault.bytes = drip->first, fault.time = drip->second;
    return drip.has_value();
  }
  const auto value = part.number(kMostBytes);
  if (!value) return false;
  switch (fault.kind) {
    case Kind::close:
      fault.code = static_cast<std::uint16_t>(*value);
      return *value >= 1000 && *value < 5000;
    case Kind::error:
      fault.code = static_cast<std::uint16_t>(*value);
      return is_status(*value);
    case Kind::delay:
    case Kind::goaway:
      fault.time = milliseconds(*value);
      return *value <= kHour;
    case Kind::fragments:
      fault.bytes = *value;
      return *value > 0;
    case Kind::huge:
      fault.bytes = *value;
      return *value <= 1 << 30;
    default:
      fault.bytes = *value;
      return true;
  }
}

bool read_live_part(const FaultPart& part, LiveFault& fault) {
  if (part.name == "reason") {
    fault.reason = part.value;
    return true;
  }
  if (part.name == "after") {
    const auto value = part.number(kMostBytes);
    fault.after = value.value_or(0);
    return value.has_value();
  }
  for (const auto& word : kLiveWords) {
    if (word.name != part.name) continue;
    if (fault.kind != Kind::none || !(part.has_value ? word.with_value : word.without_value))
      return false;
    fault.kind = word.kind;
    return !part.has_value || read_live_value(part, fault);
  }
  return false;
}

std::string text_of(const FaultPart& part) {
  return part.has_value ? fmt::format("{}={}", part.name, part.value) : std::string(part.name);
}

}  // namespace

Result<Fault> Fault::parse(std::string_view text) {
  Fault fault;
  const auto parts = detail::split_fault(text);
  if (!parts) return fail(parts.error());
  for (const auto& part : *parts)
    if (!read_rest_part(part, fault))
      return fail(ErrorKind::invalid_argument,
                  fmt::format("\"{}\" is no fault: write status=400…599, delay=MILLISECONDS, "
                              "cut=BYTES, stall=BYTES, garbage=BYTES, split=BYTES, drip=BYTES/MS, "
                              "error=400…599, after=MESSAGES or as=event|bare",
                              text_of(part)));
  return fault;
}

Result<LiveFault> LiveFault::parse(std::string_view text) {
  LiveFault fault;
  const auto parts = detail::split_fault(text);
  if (!parts) return fail(parts.error());
  for (const auto& part : *parts)
    if (!read_live_part(part, fault))
      return fail(
          ErrorKind::invalid_argument,
          fmt::format("\"{}\" does not fit: write after=N, reason=TEXT and one of "
                      "close=CODE, cut[=BYTES], garbage[=BYTES], silence, delay=MS, opcode, "
                      "flip, huge=BYTES, error=400…599, goaway=MS, empty, unknown, "
                      "fragments=BYTES and drip=BYTES/MS",
                      text_of(part)));
  if (fault.kind == Kind::none)
    return fail(ErrorKind::invalid_argument, "it names no fault: close=CODE, cut, garbage …");
  return fault;
}

bool happens(double share, Random& random) {
  return static_cast<double>(random.next() >> 11) * 0x1p-53 < share;
}

Fault random_fault(Random& random) {
  constexpr std::array statuses = {429, 500, 503, 504};
  Fault fault;
  switch (random.below(6)) {
    case 0:
      fault.status = statuses[random.below(statuses.size())];
      break;
    case 1:
      fault.cut = random.below(2000);
      break;
    case 2:
      fault.garbage = random.below(2000);
      break;
    case 3:
      fault.error = statuses[random.below(statuses.size())];
      fault.after = random.below(4);
      fault.bare = random.below(2) == 0;
      break;
    case 4:
      fault.piece = 1 + random.below(64);
      break;
    default:
      fault.delay = milliseconds(random.below(300));
      break;
  }
  return fault;
}

LiveFault random_live_fault(Random& random) {
  constexpr std::array<std::uint16_t, 4> codes = {1008, 1011, 1012, 1001};
  LiveFault fault;
  fault.after = random.below(12);
  switch (random.below(6)) {
    case 0:
      fault.kind = Kind::close;
      fault.code = codes[random.below(codes.size())];
      break;
    case 1:
      fault.kind = Kind::garbage;
      fault.bytes = random.below(100);
      break;
    case 2:
      fault.kind = Kind::delay;
      fault.time = milliseconds(random.below(300));
      break;
    case 3:
      fault.kind = Kind::goaway;
      fault.time = milliseconds(1000 + random.below(9000));
      break;
    case 4:
      fault.kind = Kind::fragments;
      fault.bytes = 1 + random.below(64);
      break;
    default:
      fault.kind = Kind::cut;
      fault.bytes = random.below(200);
      break;
  }
  return fault;
}

}  // namespace parley::emulator
