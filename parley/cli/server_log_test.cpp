#include "parley/cli/server_log.hpp"

#include <gtest/gtest.h>

namespace parley::cli {
namespace {

Event message() {
  return Event("chat.message")
      .with("connection", "12345678-aaaa")
      .with("type", "chat")
      .with("preview", "he said \"hi\"\x1b[2J\nfake line");
}

TEST(ServerLog_C57, OffATerminalAnEventIsOneLineWhateverIsInIt) {
  const ServerLog log(Style::plain());
  EXPECT_EQ(log.format(message(), from_unix_ms(0)),
            "1970-01-01T00:00:00.000Z chat.message connection=\"12345678-aaaa\" type=\"chat\" "
            "preview=\"he said \\\"hi\\\"\\nfake line\"\n");
}

TEST(ServerLog_C57, OnATerminalItIsAPanelThatNobodyCanDrive) {
  const ServerLog log(Style::coloured());
  const auto panel = log.format(message(), from_unix_ms(0));
  for (const char* part : {"WEBSOCKET MESSAGE", "12345678...", "he said"})
    EXPECT_NE(panel.find(part), std::string::npos) << part;
  EXPECT_EQ(panel.find("\x1b[2J"), std::string::npos);
  const auto chunk = log.format(Event("chat.chunk")
                                    .with("connection", "12345678-aaaa")
                                    .with("number", "3")
                                    .with("preview", "text"),
                                from_unix_ms(0));
  EXPECT_NE(chunk.find("Chunk #3 → 12345678..."), std::string::npos) << chunk;
}

}  // namespace
}  // namespace parley::cli
