#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace parley::chat {

// Re-creates the chunks of the first chat server (`?compat=v1`): the words of the answer, four at a
// time, joined by one space, for clients that add a space between chunks themselves.
class CompatChunks {
 public:
  struct Chunk {
    std::string text;
    bool final;
  };
  // Chunks that can be told now. With `end` all that is left, the last one flagged final.
  std::vector<Chunk> feed(std::string_view text, bool end);
  int count() const { return count_; }

 private:
  std::string rest_;
  int count_ = 0;
};

}  // namespace parley::chat
