#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "parley/gemini/continuity/event.hpp"

namespace parley::gemini::detail {

// The turns of a conversation, bounded in bytes, and how many of them the newest handle contains.
class History {
 public:
  // Without `keeps` it counts only.
  History(bool keeps, std::size_t bytes) : keeps_(keeps), limit_(bytes) {}

  // Its number, for replace().
  std::uint64_t add(Content turn);
  // Other words in that turn's place; none: it is not told any more. One that was forgotten stays
  // so.
  void replace(std::uint64_t number, std::string_view words);
  // A spoken turn of which nothing is known but that it was.
  void add_unknown() { missing_.push_back(end()); }
  // From a snapshot: `in_handle` of the turns are contained in its handle.
  void restore(std::vector<Content> turns, std::size_t in_handle);
  // The service gave a handle that contains all up to here.
  void mark() { mark_ = end(); }

  bool keeps() const { return keeps_; }
  // Anything at all was said.
  bool empty() const { return end() == 0 && missing_.empty(); }
  // Turns behind the mark.
  bool is_behind_handle() const { return mark_ < end(); }
  std::vector<Content> turns() const;
  // What a new connection is to be told: all, or what is behind the handle. Roles alternate, and it
  // begins with the user.
  std::vector<Content> seed(bool behind_handle, HistorySeeded& told) const;
  std::size_t bytes() const { return bytes_; }
  // Of turns(), how many the handle contains.
  std::size_t in_handle() const;

 private:
  std::uint64_t end() const { return first_ + turns_.size(); }
  void forget();

  bool keeps_;
  std::size_t limit_;
  std::deque<Content> turns_;
  std::deque<std::size_t> sizes_;
  std::size_t bytes_ = 0;
  std::uint64_t first_ = 0;  // turns that were forgotten
  std::uint64_t mark_ = 0;
  std::deque<std::uint64_t> missing_;
};

// How a model's generation wants to be told what was said before (reference of historyConfig and
// of clientContent).
enum class SeedWay {
  content,  // clientContent without turnComplete (2.x, and what is not known)
  initial,  // historyConfig in the setup, then clientContent with turnComplete, which is not
            // answered
  none,     // models that translate or transcribe know no history
};
SeedWay seed_way(std::string_view model);

// Calls and their answers in words: a seeded history may not hold the parts (1007).
std::string call_in_words(const FunctionCall& call, const std::vector<FunctionResponse>& answers);

}  // namespace parley::gemini::detail
