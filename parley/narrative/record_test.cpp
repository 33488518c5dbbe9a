#include "parley/narrative/record.hpp"

#include <gtest/gtest.h>

#include "parley/base/random.hpp"
#include "parley/json/value.hpp"

namespace parley::narrative {
namespace {

std::string why(std::string_view text) {
  const auto read = parse_record(text);
  return read ? "" : read.error().message();
}

constexpr auto kBegin = R"({"type":"begin","version":1,"at":"t","run":"r","narrative":"n"})";

TEST(Record_D57, EachLineIsReadAsItWasWritten) {
  Entry entry(EntryType::answer);
  entry.path = "draft[2]";
  entry.key = "abc";
  entry.model = "gemini-2.5-flash";
  entry.finish_reason = "STOP";
  entry.text = "a \"quoted\"\nline é";
  entry.source = "model";
  entry.tokens = Tokens(3, 4);
  entry.cost = 0.25;
  entry.ms = 17;
  entry.notes = {"x", ""};
  const auto line = to_line(entry);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  const auto read = parse_entry(line);
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(to_line(*read), line);
  EXPECT_EQ(read->text, entry.text);
  EXPECT_EQ(read->tokens, entry.tokens);
}

TEST(Record_D57, TheReaderIsStrictAndTellsTheLine) {
  const std::string begin = std::string(kBegin) + "\n";
  EXPECT_EQ(why(begin), "");
  EXPECT_EQ(why(begin + R"({"type":"answer","act":"a","key":"k","te)"), "")
      << "a line without its end is what a crash left";
  EXPECT_EQ(why(begin + "{\"type\":\"answer\",\"txt\":\"\"}\n").substr(0, 15), "record, line 2:");
  EXPECT_NE(why(begin + "{\"type\":\"other\"}\n").find("\"other\" is no type of entry"),
            std::string::npos);
  EXPECT_NE(why(begin + begin).find("it begins a second time"), std::string::npos);
  EXPECT_NE(why("{\"type\":\"end\"}\n").find("does not begin with"), std::string::npos);
  EXPECT_NE(why("{\"type\":\"begin\",\"version\":2}\n")
                .find("version 2; this program reads version "
                      "1"),
            std::string::npos);
  EXPECT_NE(why(begin + "\n").find("line 2"), std::string::npos);
}

TEST(Record_N1, AnswersAreGivenOnceAndBadOnesNotAtAll) {
  std::vector<Entry> entries;
  const auto add = [&](EntryType type, std::string path, std::string text, bool anew = false) {
    Entry entry(type);
    entry.path = std::move(path);
    entry.key = "k";
    entry.what = "state";
    entry.text = std::move(text);
    entry.anew = anew;
    entry.status = anew ? "failed" : "done";
    entries.push_back(std::move(entry));
  };
  add(EntryType::answer, "a", "first");
  add(EntryType::answer, "a", "second");
  add(EntryType::answer, "bad[1]", "wrong");
  add(EntryType::answer, "bad/inner", "wrong");
  add(EntryType::answer, "badly", "good");
  add(EntryType::value, "a", "v");
  add(EntryType::end_act, "bad", "", true);
  add(EntryType::end_act, "a", "");
  Replay replay(entries);
  EXPECT_EQ(replay.answer("a", "k")->text, "first");
  EXPECT_EQ(replay.answer("a", "k")->text, "second");
  EXPECT_FALSE(replay.answer("a", "k"));
  EXPECT_FALSE(replay.answer("bad[1]", "k"));
  EXPECT_FALSE(replay.answer("bad/inner", "k"));
  EXPECT_EQ(replay.left().size(), 1u) << "badly is another act";
  EXPECT_EQ(replay.value("a", "state", "k"), "v");
  EXPECT_FALSE(replay.value("a", "state", "k"));
  EXPECT_TRUE(replay.ended("a"));
  EXPECT_FALSE(replay.ended("bad"));
}

TEST(Record_D57, MediaStandInARecordByTheirHash) {
  auto request = gemini::prompt("look");
  auto& part = request.contents->at(0).parts->emplace_back();
  part.inline_data.emplace().mime_type = "image/png";
  part.inline_data->data = Bytes(3);
  const auto text = json::to_string(*for_record(request));
  EXPECT_NE(text.find("[image/png, 3 bytes, SHA-256 709e80c88487a241"), std::string::npos) << text;
  EXPECT_EQ(sha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  auto other = request;
  other.contents->at(0).parts->at(1).inline_data->data = Bytes(4);
  EXPECT_NE(key_of("m", request), key_of("m", other)) << "media count";
  EXPECT_NE(key_of("m", request), key_of("n", request));
}

}  // namespace
}  // namespace parley::narrative
