#include "parley/api/text_delivery.hpp"

#include <gtest/gtest.h>

#include "parley/api/batcher.hpp"
#include "parley/base/random.hpp"
#include "parley/base/text.hpp"

namespace parley::api {
namespace {

using std::chrono::milliseconds;
using Pieces = std::vector<std::string>;

constexpr TimePoint t0{};

DeliveryOptions by(DeliveryMode mode) {
  DeliveryOptions options;
  options.mode = mode;
  return options;
}

TEST(TextDelivery_A38, ByPieceAsItComes) {
  TextDelivery delivery(by(DeliveryMode::by_piece));
  EXPECT_EQ(delivery.add("a", t0), Pieces{"a"});
  EXPECT_EQ(delivery.add("", t0), Pieces{});
  EXPECT_FALSE(delivery.next_timeout());
}

TEST(TextDelivery_A38, ByTimeFromTheFirstThatWaits) {
  TextDelivery delivery(by(DeliveryMode::by_time));
  EXPECT_EQ(delivery.add("a", t0), Pieces{});
  EXPECT_EQ(delivery.add("b", t0 + milliseconds(40)), Pieces{});
  EXPECT_EQ(delivery.next_timeout(), t0 + milliseconds(50));
  EXPECT_EQ(delivery.handle_timeout(t0 + milliseconds(49)), "");
  EXPECT_EQ(delivery.handle_timeout(t0 + milliseconds(50)), "ab");
  EXPECT_FALSE(delivery.next_timeout());
  EXPECT_EQ(delivery.add("c", t0 + milliseconds(70)), Pieces{});
  EXPECT_EQ(delivery.next_timeout(), t0 + milliseconds(120));
  EXPECT_EQ(delivery.finish(), "c");
}

TEST(TextDelivery_A38, BySizeBetweenCharacters) {
  auto options = by(DeliveryMode::by_size);
  options.bytes = 5;
  TextDelivery delivery(options);
  EXPECT_EQ(delivery.add("1234", t0), Pieces{});
  EXPECT_EQ(delivery.add("5678901", t0), (Pieces{"12345", "67890"}));
  EXPECT_EQ(delivery.finish(), "1");
  EXPECT_EQ(delivery.add("aaaa\u00fcb", t0), (Pieces{"aaaa"}));
  EXPECT_EQ(delivery.finish(), "\u00fcb");
}

TEST(TextDelivery_A38, ByLineWithItsFeed) {
  auto options = by(DeliveryMode::by_line);
  options.max_line = 8;
  options.at_most = milliseconds(20);
  TextDelivery delivery(options);
  EXPECT_EQ(delivery.add("one\ntwo\nth", t0), (Pieces{"one\n", "two\n"}));
  EXPECT_EQ(delivery.add("ree\n", t0), Pieces{"three\n"});
  EXPECT_EQ(delivery.add("a very long line\n", t0), (Pieces{"a very l", "ong line", "\n"}));
  EXPECT_EQ(delivery.add("rest", t0 + milliseconds(5)), Pieces{});
  EXPECT_EQ(delivery.next_timeout(), t0 + milliseconds(25));
  EXPECT_EQ(delivery.handle_timeout(t0 + milliseconds(25)), "rest");
}

TEST(TextDelivery_A38, NothingIsLostAndNoCharacterCut) {
  SeededRandom random(5);
  const Pieces letters = {"a", "\u00fc", "\u20ac", "\U0001F600", "\n"};
  for (int round = 0; round < 300; ++round) {
    DeliveryOptions options;
    options.mode = static_cast<DeliveryMode>(random.below(4));
    options.bytes = 1 + random.below(9);
    options.max_line = 1 + random.below(9);
    if (random.below(2)) options.at_most = milliseconds(random.below(20));
    TextDelivery delivery(options);
    std::string in, out;
    TimePoint now = t0;
    for (int n = 0; n < 30; ++n) {
      std::string text;
      for (auto length = random.below(6); length > 0; --length)
        text += letters[random.below(letters.size())];
      in += text;
      now += milliseconds(random.below(30));
      auto pieces = delivery.add(text, now);
      pieces.push_back(delivery.handle_timeout(now));
      for (const auto& piece : pieces) {
        ASSERT_TRUE(is_valid_utf8(piece));
        out += piece;
      }
    }
    out += delivery.finish();
    ASSERT_EQ(out, in);
  }
}

// A source with a pause in the middle that only a cancellation ends.
class Words {
 public:
  explicit Words(Pieces words) : words_(std::move(words)) {}
  Task<std::optional<std::string>> next() {
    if (at_ == words_.size()) co_return std::nullopt;
    auto word = words_[at_++];
    if (word == "wait") {
      co_await sleep_for(std::chrono::milliseconds(20));
      word = "!";
    }
    co_return word;
  }
  Result<void> outcome() const { return {}; }

 private:
  Pieces words_;
  std::size_t at_ = 0;
};

Task<Pieces> delivered(Pieces words, DeliveryOptions options) {
  Words source(std::move(words));
  auto stream = co_await control_stream(std::move(source));
  const std::function<std::string(const std::string&)> same = [](const std::string& text) {
    return text;
  };
  DeliveredText<Words> text(std::move(*stream), same, options);
  Pieces out;
  while (auto piece = co_await text.next()) out.push_back(*piece);
  EXPECT_TRUE(text.outcome());
  co_return out;
}

TEST(TextDelivery_A38, AStreamIsDeliveredByLineAndByTime) {
  EXPECT_EQ(run(delivered({"a", "b\nc", "d", "\n", "e"}, by(DeliveryMode::by_line))),
            (Pieces{"ab\n", "cd\n", "e"}));
  auto options = by(DeliveryMode::by_time);
  options.every = milliseconds(1);
  const auto pieces = run(delivered({"a", "b", "wait", "c"}, options));
  std::string all;
  for (const auto& piece : pieces) all += piece;
  EXPECT_EQ(all, "ab!c");
  EXPECT_GE(pieces.size(), 2u) << "what came before the pause did not wait for what came behind it";
}

TEST(Batcher_A21, TenItemsOrAHundredMilliseconds) {
  Batcher<int> batcher{BatchOptions()};
  for (int n = 0; n < 9; ++n) EXPECT_TRUE(batcher.add(n, 1, t0 + milliseconds(n)).empty());
  EXPECT_EQ(batcher.next_timeout(), t0 + milliseconds(100));
  const auto full = batcher.add(9, 1, t0 + milliseconds(9));
  ASSERT_EQ(full.size(), 1u);
  EXPECT_EQ(full[0], (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
  EXPECT_FALSE(batcher.next_timeout());
  EXPECT_TRUE(batcher.add(10, 1, t0 + milliseconds(50)).empty());
  EXPECT_TRUE(batcher.handle_timeout(t0 + milliseconds(149)).empty());
  EXPECT_EQ(batcher.handle_timeout(t0 + milliseconds(150)), std::vector<int>{10});
}

TEST(Batcher_A21, BytesAreBoundedAndALargeItemGoesAlone) {
  BatchOptions options;
  options.max_bytes = 100;
  Batcher<int> batcher(options);
  EXPECT_TRUE(batcher.add(1, 60, t0).empty());
  const auto first = batcher.add(2, 60, t0);
  ASSERT_EQ(first.size(), 1u);
  EXPECT_EQ(first[0], std::vector<int>{1});
  const auto both = batcher.add(3, 500, t0);
  ASSERT_EQ(both.size(), 2u);
  EXPECT_EQ(both[0], std::vector<int>{2});
  EXPECT_EQ(both[1], std::vector<int>{3});
  EXPECT_EQ(batcher.waiting(), 0u);
}

}  // namespace
}  // namespace parley::api
