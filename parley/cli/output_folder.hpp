#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "parley/base/error.hpp"

namespace parley::cli {

// Generated files that change together: all are written beside their places first, and renamed when
// the last is complete, so that a full disk or a missing right changes nothing. A file whose bytes
// are the same is left alone, so that nothing is built again. What an earlier run wrote and this
// one does not is removed: the list is in
// ".generated" of each API's folder.
class OutputFolder {
 public:
  explicit OutputFolder(std::filesystem::path root) : root_(std::move(root)) {}

  // `name` is relative, with '/'; its first part is the API's folder.
  void add(std::string name, std::string text);
  // "new api/types.hpp", "changed …", "removed …".
  std::vector<std::string> changes() const;
  // Errors (storage) name the file and the system's reason.
  Result<void> write();

 private:
  std::vector<std::filesystem::path> stale() const;

  std::filesystem::path root_;
  std::vector<std::pair<std::string, std::string>> files_;
};

}  // namespace parley::cli
