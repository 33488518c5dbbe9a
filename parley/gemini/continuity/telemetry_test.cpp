#include "parley/gemini/continuity/telemetry.hpp"

#include <gtest/gtest.h>

namespace parley::gemini {
namespace {

TEST(LiveTelemetry_B46, SessionsTellTheirStepsAndNothingThatWasSaid) {
  LiveGoAway away;
  away.left = std::chrono::seconds(9);
  auto event = telemetry_event(LiveEvent(away));
  ASSERT_TRUE(event);
  EXPECT_EQ(event->name, "gemini.live_go_away");
  EXPECT_EQ(event->field("left_ms"), "9000");

  ConnectionLost lost;
  lost.error = Error(ErrorKind::disconnected, "secret words of a reason").with_close(1011, "why");
  event = telemetry_event(lost);
  EXPECT_EQ(event->field("kind"), "disconnected");
  EXPECT_EQ(event->field("code"), "1011");
  EXPECT_EQ(event->fields.size(), 2u);

  EXPECT_EQ(telemetry_event(LiveEvent(LiveStarted{"s-1"}))->fields.size(), 0u);
  EXPECT_EQ(telemetry_event(LiveEvent(LiveTurnComplete()))->name, "gemini.live_turn_complete");
  EXPECT_EQ(telemetry_event(LiveEvent(LiveToolCalls()))->field("calls"), "0");
  EXPECT_FALSE(telemetry_event(LiveEvent(LiveText{"said"})));
  EXPECT_FALSE(telemetry_event(LiveEvent(LiveAudio())));
  EXPECT_FALSE(telemetry_event(LiveEvent(LiveResumption())));
}

}  // namespace
}  // namespace parley::gemini
