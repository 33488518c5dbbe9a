#include <gtest/gtest.h>

#include "parley/emulator/record/player.hpp"
#include "parley/emulator/record/recording.hpp"

namespace parley::emulator {
namespace {

TEST(SessionLog_W21, MessagesAreReadByTheirLengths) {
  const auto session = read_session_log(
      ">13 {\"setup\":{}}\n<27 {\n  \"setupComplete\": {}\n}\n\n>11 {\"a\":\"\xC3\xBC\"}\n<16 "
      "{\"b\":\"\\n<27 {\"}\n\n");
  ASSERT_TRUE(session) << session.error().message();
  ASSERT_EQ(session->pieces.size(), 4u);
  EXPECT_TRUE(session->live);
  EXPECT_TRUE(session->pieces[0].of_client);
  EXPECT_EQ(session->pieces[1].bytes, "{\n  \"setupComplete\": {}\n}\n");
  EXPECT_TRUE(session->pieces[1].binary);
  EXPECT_EQ(session->pieces[2].bytes, "{\"a\":\"\xC3\xBC\"}");
  EXPECT_EQ(session->pieces[3].bytes, "{\"b\":\"\\n<27 {\"}");
}

TEST(SessionLog_W21, WhatDoesNotFitIsToldWithItsPlace) {
  for (const auto& [log, told] : {std::pair{"", "byte 0: there is no message"},
                                  std::pair{"{}", "byte 0: a message begins with"},
                                  std::pair{"> {}", "byte 0: there is no length"},
                                  std::pair{">9 {}\n", "byte 3: 9 bytes are announced"},
                                  std::pair{">3 {}\n<2 {\n", "byte 9: "}}) {
    const auto session = read_session_log(log);
    ASSERT_FALSE(session) << log;
    EXPECT_TRUE(session.error().message().starts_with(told)) << session.error().message();
  }
}

TEST(SessionLog_W21, ItIsPlayedOnAnyPathOfLive) {
  auto session = read_session_log(">3 {}\n<8 {\"a\":1}\n");
  ASSERT_TRUE(session) << session.error().message();
  Player player({std::move(*session)}, false);
  const auto voice = player.session("/ws/anything?key=k", TimePoint());
  ASSERT_TRUE(voice);
  EXPECT_FALSE(voice->poll());
  voice->received("{\"setup\":{}}", TimePoint());
  const auto output = voice->poll();
  ASSERT_TRUE(output);
  EXPECT_EQ(output->text, "{\"a\":1}");
}

}  // namespace
}  // namespace parley::emulator
