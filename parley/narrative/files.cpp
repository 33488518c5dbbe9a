#include "parley/narrative/files.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace parley::narrative {
namespace {

constexpr std::size_t kMostBytes = 50 * 1024 * 1024;
namespace fs = std::filesystem;

std::unexpected<Error> storage(std::string_view doing, const std::string& file, int code) {
  return fail(code == ENOENT ? ErrorKind::not_found : ErrorKind::storage,
              fmt::format("cannot {} {}: {}", doing, file, std::strerror(code)));
}

// A descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int of) : value(of) {}
  ~Descriptor() {
    if (value >= 0) ::close(value);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int release() { return std::exchange(value, -1); }
  int value;
};

Result<std::string> read_all(int descriptor, const std::string& file) {
  std::string out;
  char block[65536];
  for (;;) {
    const auto count = ::read(descriptor, block, sizeof block);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return storage("read", file, errno);
    if (count == 0) return out;
    out.append(block, static_cast<std::size_t>(count));
    if (out.size() > kMostBytes)
      return fail(ErrorKind::too_large, fmt::format("{} has more than 50 MB", file));
  }
}

Result<void> write_all(int descriptor, std::string_view text, const std::string& file) {
  while (!text.empty()) {
    const auto count = ::write(descriptor, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return storage("write", file, errno);
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

// So that a new name in it is there after a crash.
void flush_folder(const fs::path& folder) {
  const Descriptor opened(
      ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened.value >= 0) ::fsync(opened.value);
}

}  // namespace

Result<void> make_folder(const std::string& folder) {
  if (folder.empty()) return {};
  std::error_code failed;
  if (fs::create_directories(folder, failed) && !failed)
    fs::permissions(folder, fs::perms::owner_all, failed);
  if (failed) return storage("make", folder, failed.value());
  return {};
}

Result<std::string> DiskSources::read(const std::string& file) {
  const Descriptor opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (opened.value < 0) return storage("read", file, errno);
  return read_all(opened.value, file);
}

Result<void> replace_file(const std::string& file, std::string_view content) {
  const auto folder = fs::path(file).parent_path();
  if (auto made = make_folder(folder.string()); !made) return made;
  auto beside = fmt::format("{}.{}.new", file, ::getpid());
  const Descriptor opened(::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (opened.value < 0) return storage("write", beside, errno);
  if (auto written = write_all(opened.value, content, beside); !written) {
    ::unlink(beside.c_str());
    return written;
  }
  if (::fsync(opened.value) != 0 || ::rename(beside.c_str(), file.c_str()) != 0) {
    const int code = errno;
    ::unlink(beside.c_str());
    return storage("write", file, code);
  }
  flush_folder(folder);
  return {};
}

FileJournal::FileJournal(std::string file, int descriptor)
    : file_(std::move(file)),
      descriptor_(descriptor),
      entries_(std::make_unique<std::vector<Entry>>()) {}

FileJournal::~FileJournal() {
  ::close(descriptor_);
}

Result<std::unique_ptr<FileJournal>> FileJournal::create(const std::string& file) {
  const auto folder = fs::path(file).parent_path();
  if (auto made = make_folder(folder.string()); !made) return fail(made.error());
  const int opened = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
  if (opened < 0 && errno == EEXIST)
    return fail(ErrorKind::conflict, file + " is there already; resume it, or name another record");
  if (opened < 0) return storage("write", file, errno);
  std::unique_ptr<FileJournal> journal(new FileJournal(file, opened));
  if (::flock(opened, LOCK_EX | LOCK_NB) != 0) return storage("lock", file, errno);
  flush_folder(folder);
  return journal;
}

Result<std::unique_ptr<FileJournal>> FileJournal::resume(const std::string& file) {
  const int opened = ::open(file.c_str(), O_RDWR | O_APPEND | O_CLOEXEC);
  if (opened < 0) return storage("read", file, errno);
  std::unique_ptr<FileJournal> journal(new FileJournal(file, opened));
  if (::flock(opened, LOCK_EX | LOCK_NB) != 0)
    return fail(ErrorKind::conflict, file + " is being written by another run");
  const auto text = read_all(opened, file);
  if (!text) return fail(text.error());
  auto entries = parse_record(*text);
  if (!entries) return fail(ErrorKind::invalid_argument, file + ": " + entries.error().message());
  const auto whole = text->rfind('\n') + 1;  // no line's end: 0
  if (whole < text->size() && ::ftruncate(opened, static_cast<off_t>(whole)) != 0)
    return storage("write", file, errno);
  *journal->entries_ = std::move(*entries);
  return journal;
}

Result<void> FileJournal::append(std::string_view line, bool durable) {
  std::string whole(line);
  whole += '\n';
  if (auto written = write_all(descriptor_, whole, file_); !written) return written;
  if (durable && ::fdatasync(descriptor_) != 0) return storage("write", file_, errno);
  return {};
}

Result<std::vector<Entry>> read_record(const std::string& file) {
  DiskSources sources;
  const auto text = sources.read(file);
  if (!text) return fail(text.error());
  auto entries = parse_record(*text);
  if (!entries) return fail(ErrorKind::invalid_argument, file + ": " + entries.error().message());
  return entries;
}

}  // namespace parley::narrative
