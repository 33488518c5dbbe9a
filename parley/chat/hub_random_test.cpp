#include <gtest/gtest.h>

#include "parley/chat/detail/test_world.hpp"

namespace parley::chat {
namespace {

using testing::number_of;
using testing::text_of;
using testing::type_of;
using testing::World;

// Random people, commits in random steps, sometimes failing; then the promises are checked.
class RandomChat {
 public:
  explicit RandomChat(std::uint64_t seed) : random_(seed) {
    world_.hold = true;
    for (const char* id : {"a", "b", "c", "d"}) world_.connect(id);
    world_.say("a", R"({"type":"create_session"})");
    world_.commit();
    session_ = text_of(world_.last("a", "session_created"), "session_id");
  }

  void run() {
    for (int step = 0; step < 300; ++step) act();
    // Four people cannot have asked more than this many questions that still wait.
    for (int left = 1000; !over(); --left) {
      ASSERT_GT(left, 0) << world_.hub.statistics(world_.now).under_way << " answers never end";
      if (!world_.log.empty())
        world_.commit(100);
      else
        end_all();  // a chat without a session opens one, so several may be under way
    }
  }

  void check() {
    const auto counts = world_.hub.statistics(world_.now);
    EXPECT_EQ(counts.total, counts.successful + counts.failed + counts.cancelled);
    for (const auto& [id, frames] : world_.seen) check_member(frames);
  }

 private:
  void end_all() {
    const auto started = world_.started;
    for (const auto& generation : started)
      world_.hub.generation_done(generation.generation_id, world_.now);
    world_.settle();
  }
  bool over() const {
    return world_.log.empty() && world_.hub.statistics(world_.now).under_way == 0;
  }
  std::string somebody() { return std::string(1, static_cast<char>('a' + random_.below(4))); }

  void act() {
    switch (random_.below(10)) {
      case 0:
        world_.join(somebody(), session_);
        break;
      case 1:
        world_.chat(somebody(), "question " + std::to_string(random_.below(1000)));
        break;
      case 2:
        world_.say(somebody(), R"({"type":"typing_start"})");
        break;
      case 3: {
        const auto who = somebody();
        world_.hub.disconnected(who, "", world_.now);
        world_.settle();
        world_.seen[who].clear();
        world_.connect(who);
        break;
      }
      case 4:
        if (random_.below(6) == 0)
          (void)world_.hub.clear_session(random_.next(), session_, world_.now);
        world_.settle();
        break;
      case 5:
        if (!world_.started.empty() && random_.below(3) == 0) world_.model_ends();
        break;
      case 6:
        world_.commit(1, random_.below(12) == 0 ? Result<void>(fail(ErrorKind::storage, "no"))
                                                : Result<void>());
        break;
      case 7:
        world_.advance(std::chrono::milliseconds(random_.below(4000)));
        break;
      case 8:
        world_.commit(1 + random_.below(3));
        break;
      default:
        if (!world_.started.empty())
          world_.model_says("w" + std::to_string(random_.below(100)) + " ");
    }
  }

  // Chunks of one answer are a run without gap or double, and make the answer that is completed.
  void check_member(const testing::Frames& frames) {
    std::string text, answer;
    std::int64_t number = 0;
    for (const auto& frame : frames) {
      if (type_of(frame) == "response_start") {
        text.clear();
        number = 0;
        answer = text_of(frame, "message_id");
      } else if (type_of(frame) == "chunk") {
        EXPECT_EQ(text_of(frame, "message_id"), answer);
        EXPECT_TRUE(frame.contains("merged") ? number == 0
                                             : number_of(frame, "chunk_number") == number + 1)
            << json::to_string(frame);
        number = number_of(frame, "chunk_number");
        text += text_of(frame, "text");
      } else if (type_of(frame) == "response_complete") {
        EXPECT_EQ(text, text_of(frame, "full_response"));
        EXPECT_EQ(number, number_of(frame, "total_chunks"));
      }
    }
  }

  SeededRandom random_;
  World world_;
  std::string session_;
};

TEST(Chat_G2_G3, RandomConversationsKeepTheirPromises) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(seed);
    RandomChat chat(seed);
    chat.run();
    chat.check();
    if (::testing::Test::HasFailure()) break;
  }
}

}  // namespace
}  // namespace parley::chat
