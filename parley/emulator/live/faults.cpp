#include <algorithm>

#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/emulator/detail/wire.hpp"
#include "parley/emulator/live/detail/shape.hpp"
#include "parley/emulator/live/detail/state.hpp"

namespace parley::emulator {

using Kind = LiveFault::Kind;

namespace {

std::string error_message(int code) {
  std::string text;
  for (const auto& piece : detail::usual_error(code, "").pieces) text += piece;
  return text;
}

std::string of_size(std::size_t bytes) {
  const std::string_view before = R"({"serverContent":{"modelTurn":{"parts":[{"text":")";
  const std::string_view behind = R"("}]}}})";
  const std::size_t rest = before.size() + behind.size();
  return fmt::format("{}{}{}", before, std::string(bytes > rest ? bytes - rest : 0, 'A'), behind);
}

// What comes before the message that the fault stands at; empty: nothing.
std::optional<std::string> message_before(const LiveFault& fault) {
  switch (fault.kind) {
    case Kind::huge:
      return of_size(fault.bytes);
    case Kind::error:
      return error_message(fault.code);
    case Kind::goaway:
      return detail::pretty(fmt::format(R"({{"goAway":{{"timeLeft":"{}s"}}}})",
                                        static_cast<double>(fault.time.count()) / 1000));
    case Kind::empty:
      return "{}\n";
    case Kind::unknown:
      return "{\n  \"somethingNew\": {\n    \"number\": 7\n  }\n}\n";
    default:
      return std::nullopt;
  }
}

}  // namespace

std::optional<LiveOutput> detail::shape_by_fault(const LiveFault& fault, LiveOutput& output) {
  switch (fault.kind) {
    case Kind::garbage:
      output.text = to_valid_utf8(std::string_view(output.text).substr(0, fault.bytes)) + "}\\{";
      break;
    case Kind::opcode:
      output.behind_reserved = true;
      break;
    case Kind::flip:
      output.flipped = true;
      break;
    case Kind::fragments:
      output.fragment = fault.bytes;
      break;
    case Kind::drip:
      output.drip = fault.bytes;
      output.pause = fault.time;
      break;
    default:
      if (auto text = message_before(fault)) {
        LiveOutput before;
        before.text = std::move(*text);
        return before;
      }
  }
  return std::nullopt;
}

void LiveSession::State::put(LiveOutput output) {
  ++sent;
  outputs.push_back(std::move(output));
}

bool LiveSession::State::fault_is_due() const {
  return door.fault.kind != Kind::none && sent >= door.fault.after;
}

// True where what is coming was put off, once.
bool LiveSession::State::put_off(TimePoint now) {
  if (!fault_is_due() || door.fault.kind != Kind::delay) return false;
  const auto later = now + std::exchange(door.fault, LiveFault()).time;
  for (auto& due : coming) due.at = std::max(due.at, later);
  return true;
}

// One message goes out, or what the fault puts in its place.
void LiveSession::State::emit(std::string text) {
  emit_as_it_is(detail::pretty(text));
}

void LiveSession::State::emit_as_it_is(std::string text) {
  LiveOutput output;
  output.text = std::move(text);
  if (fault_is_due() && door.fault.kind != Kind::delay && replaced(output)) return;
  if (!closed) put(std::move(output));
}

// What the fault does, once. True: the message does not go out, now or ever.
bool LiveSession::State::replaced(LiveOutput& output) {
  if (door.fault.kind == Kind::silence) return true;
  const LiveFault fault = std::exchange(door.fault, LiveFault());
  switch (fault.kind) {
    case Kind::close:
      close(fault.code, fault.reason.empty() ? "The emulator was asked for this." : fault.reason);
      return true;
    case Kind::cut:
      output.cut_at = fault.bytes;
      put(std::move(output));
      closed = true;
      return true;
    default:
      if (auto before = detail::shape_by_fault(fault, output)) put(std::move(*before));
      return false;
  }
}

}  // namespace parley::emulator
