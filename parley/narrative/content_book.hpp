#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "parley/base/error.hpp"

namespace parley::narrative {

// An item of content as it is kept. Its status: "good" or "bad" as it was made; "accepted" or
// "rejected" by curation; "posting" while it is being posted, then "posted" or "failed".
struct ContentRow {
  ContentRow() = default;
  std::string id, run, at, narrative, act, model, status;
  std::string mistakes;  // JSON, a list of texts
  std::string item;      // JSON
  std::string source;
  std::string note;  // why it has its status
};

// What one run of a narrative has put into a table.
struct Generation {
  Generation() = default;
  std::string table, run, narrative, at;                    // of its first item
  std::vector<std::pair<std::string, std::int64_t>> items;  // by status
};

struct ContentFilter {
  ContentFilter() = default;
  std::string status;     // empty: any
  std::int64_t last = 0;  // that many of the newest, the newest first; 0: all, the oldest first
};

// The file of content of a state folder (SqliteContent writes it). Belongs to one thread; processes
// may share the file. Errors: not_found (file, table, item), storage.
class ContentBook {
 public:
  // `write`: it may be changed, and is made where it is not there.
  static Result<ContentBook> open(const std::string& file, bool write = false);
  ContentBook(ContentBook&&) noexcept;
  ContentBook& operator=(ContentBook&&) noexcept;
  ~ContentBook();

  // Tables with their number of items, by name.
  Result<std::vector<std::pair<std::string, std::int64_t>>> tables();
  Result<std::vector<ContentRow>> rows(const std::string& table, const ContentFilter& filter);
  // By its id, or the beginning of one, of at least 6 letters, that only it has (else conflict).
  Result<ContentRow> row(const std::string& table, const std::string& id);
  // Of all tables, or of one; the newest first.
  Result<std::vector<Generation>> generations(const std::string& table = "");

  // The oldest item of that status gets another one, on the disk before it is returned: two
  // processes never take the same. Empty: there is none.
  Result<std::optional<ContentRow>> take(const std::string& table, const std::string& from,
                                         const std::string& to);
  // Errors besides: conflict where it has not the status `from` (any more); empty: any.
  Result<void> change(const std::string& table, const std::string& id, const std::string& from,
                      const std::string& to, const std::string& note);

 private:
  struct State;
  explicit ContentBook(std::unique_ptr<State> state);
  Result<void> know(const std::string& table);
  std::unique_ptr<State> state_;
};

}  // namespace parley::narrative
