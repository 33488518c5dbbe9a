#pragma once

#include <memory>
#include <string>

#include "parley/limit/gate.hpp"

namespace parley::api::detail {

// The counts of a limiter in a file. A second file, "PATH.lock", is locked (flock) around each
// decision; the counts are replaced by renaming, so that a process that dies leaves them whole.
// Places that its processes held count until they are gone.
class LimitFile final : public limit::SharedState {
 public:
  // Error: storage, where the lock file cannot be made.
  static Result<std::unique_ptr<LimitFile>> open(std::string path);
  LimitFile(std::string path, int lock);
  LimitFile(const LimitFile&) = delete;
  LimitFile& operator=(const LimitFile&) = delete;
  ~LimitFile() override;

  // Reads and writes the file as it is. Error: storage.
  Result<void> try_out(const Clock& clock);

  Result<void> lock() override;
  void unlock() override;
  Result<void> load(limit::Limiter& limiter, const limit::Moment& now) override;
  Result<void> store(limit::Limiter& limiter, const limit::Moment& now) override;

 private:
  Result<std::string> read() const;

  std::string path_;
  int lock_;  // its descriptor
  std::string boot_;
  std::string owner_;
};

}  // namespace parley::api::detail
