#include "parley/api/detail/limit_file.hpp"

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <fstream>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include <fmt/format.h>

#include "parley/base/text.hpp"

namespace parley::api::detail {
namespace {

constexpr off_t max_file = 16 << 20;

struct Descriptor {
  explicit Descriptor(int descriptor) : number(descriptor) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
  int number;
};

std::unexpected<Error> storage_error(std::string_view what, const std::string& path) {
  return fail(ErrorKind::storage, fmt::format("cannot {} the limits' file {}: {}", what, path,
                                              std::generic_category().message(errno)));
}

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

// When the process was started, in ticks since the machine's start (proc(5), field 22): with it, a
// process number that is used again is told apart. Empty: there is no such process.
std::string start_of(std::string_view process) {
  const std::string text = first_line(fmt::format("/proc/{}/stat", process));
  const auto name_end = text.rfind(')');
  if (name_end == std::string::npos) return {};
  const auto rest = std::string_view(text).substr(name_end + 1);
  const auto fields = split(rest, ' ');
  return fields.size() > 20 ? std::string(fields[20]) : std::string();
}

bool is_alive(std::string_view owner) {
  const auto parts = split(owner, ':');
  return parts.size() >= 2 && start_of(parts[0]) == parts[1];
}

// One for each open file, since a process may hold the same file twice.
std::string owner_name() {
  static std::atomic<int> count = 0;
  const auto process = std::to_string(getpid());
  return fmt::format("{}:{}:{}", process, start_of(process), ++count);
}

}  // namespace

Result<std::unique_ptr<LimitFile>> LimitFile::open(std::string path) {
  const std::string lock_path = path + ".lock";
  const int lock = ::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock < 0) return storage_error("lock", lock_path);
  return std::make_unique<LimitFile>(std::move(path), lock);
}

LimitFile::LimitFile(std::string path, int lock)
    : path_(std::move(path)),
      lock_(lock),
      boot_(first_line("/proc/sys/kernel/random/boot_id")),
      owner_(owner_name()) {}

LimitFile::~LimitFile() {
  ::close(lock_);
}

Result<std::string> LimitFile::read() const {
  const Descriptor file(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.number < 0 && errno == ENOENT) return std::string();
  struct stat about {};
  if (file.number < 0 || ::fstat(file.number, &about) != 0) return storage_error("read", path_);
  if (about.st_size > max_file)
    return fail(ErrorKind::storage,
                fmt::format("the limits' file {} has {} bytes, at most {} are read", path_,
                            about.st_size, max_file));
  std::string text(static_cast<std::size_t>(about.st_size), '\0');
  for (std::size_t have = 0; have < text.size();) {
    const auto got = ::read(file.number, text.data() + have, text.size() - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return storage_error("read", path_);
    if (got == 0) text.resize(have);
    have += static_cast<std::size_t>(got);
  }
  return text;
}

Result<void> LimitFile::try_out(const Clock& clock) {
  limit::Limiter none;
  if (auto locked = lock(); !locked) return locked;
  const limit::Moment now(clock.now(), clock.wall_now());
  auto tried = load(none, now);
  if (tried) tried = store(none, now);
  unlock();
  return tried;
}

Result<void> LimitFile::lock() {
  while (::flock(lock_, LOCK_EX) != 0)
    if (errno != EINTR) return storage_error("lock", path_);
  return {};
}

void LimitFile::unlock() {
  ::flock(lock_, LOCK_UN);
}

Result<void> LimitFile::load(limit::Limiter& limiter, const limit::Moment& now) {
  const auto text = read();
  if (!text) return fail(text.error());
  if (text->empty()) return {};
  auto taken = limiter.read_state(*text, now, boot_, owner_, is_alive);
  if (taken) return taken;
  return fail(Error(ErrorKind::storage,
                    fmt::format("{} holds no limits: {}", path_, taken.error().message())));
}

Result<void> LimitFile::store(limit::Limiter& limiter, const limit::Moment& now) {
  const std::string text = limiter.write_state(now, boot_, owner_);
  const std::string next = path_ + ".next";
  const Descriptor file(
      ::open(next.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (file.number < 0) return storage_error("write", next);
  std::string_view rest = text;
  while (!rest.empty()) {
    const auto written = ::write(file.number, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return storage_error("write", next);
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  if (std::rename(next.c_str(), path_.c_str()) != 0) return storage_error("replace", path_);
  return {};
}

}  // namespace parley::api::detail
