#include "parley/http/sse.hpp"

#include <gtest/gtest.h>

namespace parley::http {
namespace {

std::vector<std::string> data_of(std::string_view text, bool finish = false) {
  SseDecoder decoder;
  EXPECT_TRUE(decoder.receive(text));
  if (finish) {
    EXPECT_TRUE(decoder.finish());
  }
  std::vector<std::string> all;
  while (auto event = decoder.poll_event()) all.push_back(event->data);
  return all;
}
using Data = std::vector<std::string>;

TEST(Whatwg_9_2_6, TheExamplesOfTheStandard) {
  EXPECT_EQ(data_of("data: YHOO\ndata: +2\ndata: 10\n\n"), (Data{"YHOO\n+2\n10"}));
  EXPECT_EQ(data_of(": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  "
                    "third event"),
            (Data{"first event", "second event"}));
  EXPECT_EQ(data_of("data\n\ndata\ndata\n\ndata:"), (Data{"", "\n"}));
  EXPECT_EQ(data_of("data:test\n\ndata: test\n\n"), (Data{"test", "test"}));
}

TEST(Whatwg_9_2_6, LineEndsOfAllThreeKindsAndABom) {
  EXPECT_EQ(data_of("\xef\xbb\xbf"
                    "data: a\r\n\r\ndata: b\r\rdata: c\n\n"),
            (Data{"a", "b", "c"}));
  EXPECT_EQ(data_of("data: \xef\xbb\xbfx\n\n"), (Data{"\xef\xbb\xbfx"}))
      << "only the first is a BOM";
}

TEST(Whatwg_9_2_6, TypesIdsAndRetry) {
  SseDecoder decoder;
  ASSERT_TRUE(
      decoder.receive("event: add\nid: 7\nretry: 1500\ndata: x\n\ndata: y\n\nid: a\0b\n\n"));
  const auto first = decoder.poll_event(), second = decoder.poll_event();
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->type, "add");
  EXPECT_EQ(first->id, "7");
  EXPECT_EQ(second->type, "message") << "a type is for one event";
  EXPECT_EQ(second->id, "7") << "an id stays";
  EXPECT_EQ(decoder.retry_ms(), 1500u);
}

TEST(SseDecoder_B57, EverySplitGivesTheSameEvents) {
  const std::string text =
      "\xef\xbb\xbf: c\r\ndata: gr\xc3\xbc\xc3\x9f \r\n\r\ndata:  two\rdata: lines\r\rid: 1\ndata: "
      "x\n\n";
  const auto whole = data_of(text);
  EXPECT_EQ(whole, (Data{"gr\xc3\xbc\xc3\x9f ", " two\nlines", "x"}));
  for (std::size_t i = 0; i <= text.size(); ++i)
    for (std::size_t k = i; k <= text.size(); ++k) {
      SseDecoder decoder;
      Data all;
      for (const auto& part : {text.substr(0, i), text.substr(i, k - i), text.substr(k)}) {
        ASSERT_TRUE(decoder.receive(part));
        while (auto event = decoder.poll_event()) all.push_back(event->data);
      }
      ASSERT_EQ(all, whole) << i << " " << k;
    }
}

TEST(SseDecoder, AnEventThatLacksItsEmptyLineComesAtTheEnd) {
  EXPECT_EQ(data_of("data: last\r\n"), Data{});
  EXPECT_EQ(data_of("data: last\r\n", true), (Data{"last"}));
  EXPECT_EQ(data_of("data: last", true), (Data{"last"}));
  EXPECT_EQ(data_of("id: 1\n", true), Data{});
}

TEST(SseDecoder, ADocumentBehindTheEventsIsKept) {
  SseDecoder decoder;
  ASSERT_TRUE(decoder.receive("data: a\n\n{\"error\":\n{\"code\": 503}}\n"));
  ASSERT_TRUE(decoder.finish());
  EXPECT_EQ(decoder.poll_event()->data, "a");
  EXPECT_EQ(decoder.foreign_text(), "{\"error\":\n{\"code\": 503}}");
}

TEST(SseDecoder, AnEventOverTheLimitIsAnError) {
  SseDecoder decoder(10);
  EXPECT_TRUE(decoder.receive("data: 0123456789\n\n"));
  const auto over = decoder.receive("data: 01234\ndata: 56789\n\n");
  ASSERT_FALSE(over);
  EXPECT_EQ(over.error().kind(), ErrorKind::too_large);
  SseDecoder endless(10);
  EXPECT_FALSE(endless.receive("data: " + std::string(1000, 'x'))) << "before its line ends";
}

TEST(SseDecoder, WhatIsSerializedReadsBack) {
  for (const std::string data : {"a", "", "a\nb\n", " leading", "gr\xc3\xbc\xc3\x9f"})
    for (const char* end : {"\n", "\r\n"})
      EXPECT_EQ(data_of(serialize_event(data, end)), (Data{data}));
}

}  // namespace
}  // namespace parley::http
