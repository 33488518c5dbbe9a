#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "parley/emulator/fault/fault.hpp"
#include "parley/emulator/rest/service.hpp"

namespace parley::emulator::detail {

// How an answer's body goes out.
struct BodyStep {
  BodyStep() = default;
  std::chrono::milliseconds wait{0};  // before the bytes
  std::string bytes;
};
struct BodyPlan {
  BodyPlan() = default;
  enum class End { whole, cut, stall };
  std::vector<BodyStep> steps;
  End end = End::whole;
};

// Puts a mid-stream error behind the messages before it.
void put_error(Answer& answer, const Fault& fault);
// The steps of an answer with its fault. Pure: the same answer, the same steps.
BodyPlan plan_body(const Answer& answer, const Fault& fault);

}  // namespace parley::emulator::detail
