#pragma once

#include <memory>
#include <string>

#include "parley/narrative/live_ports.hpp"
#include "parley/narrative/record.hpp"

// The ports that are files of this machine. Each belongs to one thread. What is written is whole or
// not there, also when the machine stops in the middle; folders are made where they are missing,
// readable by their owner alone. Errors: storage, with the file and the system's words.
namespace parley::narrative {

// Files by their path, of at most 50 MB.
class DiskSources final : public Sources {
 public:
  Result<std::string> read(const std::string& file) override;
};

// A record on disk, locked while it is open.
class FileJournal final : public Journal {
 public:
  ~FileJournal() override;
  FileJournal(const FileJournal&) = delete;
  FileJournal& operator=(const FileJournal&) = delete;

  // A file that must not exist yet (conflict).
  static Result<std::unique_ptr<FileJournal>> create(const std::string& file);
  // An existing record, to go on with it: what it says, and a last line that a crash left without
  // its end is cut off. Errors besides: not_found; conflict (another process writes it);
  // invalid_argument, see parse_record().
  static Result<std::unique_ptr<FileJournal>> resume(const std::string& file);

  Result<void> append(std::string_view line, bool durable) override;
  // The entries that resume() found.
  const std::vector<Entry>& entries() const { return *entries_; }

 private:
  FileJournal(std::string file, int descriptor);
  std::string file_;
  int descriptor_;
  std::unique_ptr<std::vector<Entry>> entries_;
};

// Reads a record without changing it. Errors: those of FileJournal::resume() but conflict.
Result<std::vector<Entry>> read_record(const std::string& file);

// State in a folder: a file of JSON for each scope, replaced as a whole. Processes may share it.
class FolderState final : public StateStore {
 public:
  explicit FolderState(std::string folder) : folder_(std::move(folder)) {}
  Result<std::optional<std::string>> read(const std::string& scope,
                                          const std::string& key) override;
  Result<void> write(const std::string& scope, const std::string& key,
                     const std::string& value) override;

 private:
  std::string folder_;
};

// Answers in a folder: a file for each hash.
class FolderAnswers final : public AnswerCache {
 public:
  explicit FolderAnswers(std::string folder) : folder_(std::move(folder)) {}
  std::optional<ModelAnswer> find(const std::string& hash) override;
  Result<void> keep(const std::string& hash, const ModelAnswer& answer) override;

 private:
  std::string folder_;
};

// Outputs of commands in a folder. A file's time says how old an output is.
class FolderOutputs final : public OutputCache {
 public:
  explicit FolderOutputs(std::string folder) : folder_(std::move(folder)) {}
  std::optional<std::string> find(const std::string& hash, std::chrono::seconds age) override;
  Result<void> keep(const std::string& hash, const std::string& output) override;

 private:
  std::string folder_;
};

// Files that a run makes, in a folder and below it.
class FolderFiles final : public OutputFiles {
 public:
  explicit FolderFiles(std::string folder) : folder_(std::move(folder)) {}
  Result<void> write(const std::string& name, BytesView content) override;

 private:
  std::string folder_;
};

Result<void> make_folder(const std::string& folder);
// Replaces a file as a whole.
Result<void> replace_file(const std::string& file, std::string_view content);

}  // namespace parley::narrative
