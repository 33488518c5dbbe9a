#include "parley/emulator/fault/detail/shape.hpp"

#include <algorithm>

#include "parley/emulator/detail/wire.hpp"
#include "parley/json/value.hpp"

namespace parley::emulator::detail {

void put_error(Answer& answer, const Fault& fault) {
  if (fault.error == 0 || !answer.streamed) return;
  const auto type = answer.headers.find("Content-Type");
  const bool events = type && type->starts_with("text/event-stream");
  std::string text;
  for (const auto& piece : usual_error(fault.error, "").pieces) text += piece;
  answer.pieces.resize(std::min(fault.after, answer.pieces.size()));
  if (events && !fault.bare) {
    // An event's data is one line.
    text = "data: " + spaced(json::to_string(json::parse(text).value())) + "\r\n\r\n";
  } else if (!events) {
    text = (answer.pieces.empty() ? "[" : ",\r\n") + text + "]";
  }
  answer.pieces.push_back(std::move(text));
}

namespace {

// Where the body ends early, and what stands at its end.
std::optional<std::size_t> early_end(const Fault& fault, BodyPlan::End& end) {
  std::optional<std::size_t> at;
  if (fault.cut) at = fault.cut, end = BodyPlan::End::cut;
  if (fault.stall && (!at || *fault.stall < *at)) at = fault.stall, end = BodyPlan::End::stall;
  return at;
}

void add(BodyPlan& plan, std::string bytes, std::chrono::milliseconds wait, const Fault& fault) {
  const std::size_t size = fault.piece == 0 ? bytes.size() : fault.piece;
  for (std::size_t at = 0; at < bytes.size(); at += size) {
    auto& step = plan.steps.emplace_back();
    step.wait = at == 0 ? wait : fault.pause;
    step.bytes = bytes.substr(at, size);
  }
}

}  // namespace

BodyPlan plan_body(const Answer& answer, const Fault& fault) {
  BodyPlan plan;
  const auto end = early_end(fault, plan.end);
  std::size_t sent = 0;
  for (std::size_t i = 0; i < answer.pieces.size(); ++i) {
    std::string bytes = answer.pieces[i];
    const std::size_t size = bytes.size();
    if (fault.garbage && *fault.garbage >= sent && *fault.garbage < sent + size)
      bytes.insert(*fault.garbage - sent, "\xff\xfe}]{\x01");
    const bool last = end && *end < sent + size;
    if (last) bytes.resize(*end - sent);
    const auto usual = i == 0 ? fault.pause : answer.pace;
    add(plan, std::move(bytes), i < answer.waits.size() ? answer.waits[i] : usual, fault);
    if (last) return plan;
    sent += size;
  }
  if (end) return plan;  // behind the body: cut and stall come before its end is marked
  plan.end = BodyPlan::End::whole;
  return plan;
}

}  // namespace parley::emulator::detail
