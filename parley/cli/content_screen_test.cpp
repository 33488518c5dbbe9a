#include "parley/cli/content_screen.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace parley::cli {
namespace {

using narrative::ContentRow;

class ContentScreen_D55 : public ::testing::Test {
 protected:
  ContentScreen_D55() {
    for (int i = 1; i <= 30; ++i) {
      ContentRow row;
      row.id = fmt::format("item-{:02}-of-thirty", i);
      row.status = "good";
      row.mistakes = "[]";
      row.item = fmt::format("{{\"title\":\"Post {}\"}}", i);
      rows.push_back(row);
    }
  }
  ContentScreen screen() {
    ContentSource source;
    source.tables = [this]() -> Result<std::vector<std::pair<std::string, std::int64_t>>> {
      return std::vector<std::pair<std::string, std::int64_t>>{
          {"posts", static_cast<std::int64_t>(rows.size())}, {"other", 0}};
    };
    source.rows = [this](const std::string& table) -> Result<std::vector<ContentRow>> {
      return table == "posts" ? rows : std::vector<ContentRow>();
    };
    source.change = [this](const std::string&, const std::string& id,
                           const std::string& status) -> Result<void> {
      for (auto& row : rows)
        if (row.id == id) row.status = status;
      return {};
    };
    return ContentScreen(std::move(source), Style::plain());
  }
  static void press(ContentScreen& screen, std::initializer_list<const char*> keys) {
    for (const char* key : keys) EXPECT_TRUE(screen.key(key));
  }
  static bool shows(const ContentScreen& screen, std::string_view text) {
    return screen.draw(60, 12).find(text) != std::string::npos;
  }
  std::vector<ContentRow> rows;
};

TEST_F(ContentScreen_D55, KeysLeadFromTablesToAnItemAndBack) {
  auto one = screen();
  EXPECT_TRUE(shows(one, "> posts  30 items"));
  press(one, {"\r"});
  EXPECT_TRUE(shows(one, "content / posts\r\n> good      item-01-"));
  press(one, {"j", "\x1b[B", "k", "\r"});
  EXPECT_TRUE(shows(one, "\"title\": \"Post 2\""));
  press(one, {"\x1b", "h"});
  EXPECT_TRUE(shows(one, "> posts"));
  EXPECT_FALSE(one.key("\x1b")) << "there is nothing above";
  EXPECT_FALSE(one.key("q"));
}

TEST_F(ContentScreen_D55, ItemsAreAcceptedAndRejected) {
  auto one = screen();
  press(one, {"\r", "a", "r"});
  EXPECT_EQ(rows[0].status, "accepted");
  EXPECT_EQ(rows[1].status, "rejected") << "it goes on with the next one";
  EXPECT_TRUE(shows(one, "is rejected"));
  rows[2].status = "posted";
  press(one, {"\x1b", "\r", "j", "j", "r"});
  EXPECT_EQ(rows[2].status, "posted");
  EXPECT_TRUE(shows(one, "it is posted: see parley bots settle"));
}

TEST_F(ContentScreen_D55, TheChosenOneIsAlwaysSeenAndTheScreenFits) {
  auto one = screen();
  press(one, {"\r", " ", " ", " ", " "});
  const auto drawn = one.draw(60, 10);
  EXPECT_NE(drawn.find("Post 30"), std::string::npos);
  EXPECT_EQ(std::ranges::count(drawn, '\n'), 9);
  rows[0].item = "{\"text\":\"" + std::string(500, 'x') + "\x1b[31mred\"}";
  press(one, {"\x1b", "\r", "\r"});
  const auto item = one.draw(40, 60);
  EXPECT_EQ(item.find("\x1b[31m"), std::string::npos) << "content cannot steer the terminal";
  EXPECT_EQ(item.find(std::string(41, 'x')), std::string::npos) << "wrapped";
}

TEST_F(ContentScreen_D55, AnEmptyTableAndErrorsAreTold) {
  auto one = screen();
  press(one, {"j", "\r"});
  EXPECT_TRUE(shows(one, "(no items)"));
  press(one, {"a", "r", "\r"});
  EXPECT_TRUE(shows(one, "(no items)"));
}

TEST(Keys_D55, AreTakenWhole) {
  std::string bytes = "j\x1b[B\x1b[5~\x1b[";
  EXPECT_EQ(take_key(bytes), "j");
  EXPECT_EQ(take_key(bytes), "\x1b[B");
  EXPECT_EQ(take_key(bytes), "\x1b[5~");
  EXPECT_FALSE(take_key(bytes)) << "not whole yet";
  bytes += "A";
  EXPECT_EQ(take_key(bytes), "\x1b[A");
  bytes = "\x1b";
  EXPECT_EQ(take_key(bytes), "\x1b");
}

}  // namespace
}  // namespace parley::cli
