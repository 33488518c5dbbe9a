#include "parley/chat/compat.hpp"

namespace parley::chat {

std::vector<CompatChunks::Chunk> CompatChunks::feed(std::string_view text, bool end) {
  rest_ += text;
  std::size_t used = 0;  // bytes of rest_ whose words are in finished groups
  std::vector<Chunk> chunks;
  std::size_t at = 0;
  std::string group;
  int in_group = 0;
  while (at < rest_.size()) {
    const auto start = rest_.find_first_not_of(" \t\r\n", at);
    if (start == std::string::npos) break;
    const auto stop = rest_.find_first_of(" \t\r\n", start);
    if (stop == std::string::npos && !end) break;  // the word may go on
    // A fifth word shows that the group of four is not the last one.
    if (in_group == 4) {
      chunks.push_back({std::move(group), false});
      group.clear();
      in_group = 0;
      used = start;
    }
    group += (in_group++ == 0 ? "" : " ") + rest_.substr(start, stop - start);
    at = stop == std::string::npos ? rest_.size() : stop;
  }
  if (end) {
    chunks.push_back({std::move(group), true});
    used = rest_.size();
  }
  rest_.erase(0, used);
  count_ += static_cast<int>(chunks.size());
  return chunks;
}

}  // namespace parley::chat
