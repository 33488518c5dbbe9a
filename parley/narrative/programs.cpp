#include "parley/narrative/programs.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "parley/base/text.hpp"

namespace parley::narrative {
namespace {

namespace asio = boost::asio;

// A running program; killed with all that it started where it goes away before its end.
class Child {
 public:
  Child() = default;
  ~Child() {
    stop();
    if (pid > 0 && !reaped_) ::waitpid(pid, nullptr, 0);
    for (const int descriptor : {input, output, errors, ended})
      if (descriptor >= 0) ::close(descriptor);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  void stop() const {
    if (pid > 0 && !reaped_) ::kill(-pid, SIGKILL);
  }
  int wait() {
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
    reaped_ = true;
    return status;
  }
  // The end of what it wrote on its standard error.
  std::string last_words() const {
    char text[2048];
    const auto size = ::lseek(errors, 0, SEEK_END);
    const auto from = std::max<off_t>(0, size - static_cast<off_t>(sizeof text));
    const auto count = ::pread(errors, text, sizeof text, from);
    const auto clean = strip_control(to_valid_utf8(
        std::string_view(text, static_cast<std::size_t>(std::max<ssize_t>(count, 0)))));
    return std::string(trim(std::string_view(clean)));
  }

  pid_t pid = -1;
  int input = -1, output = -1, errors = -1, ended = -1;

 private:
  bool reaped_ = false;
};

// What posix_spawn is told; freed at the end.
struct SpawnPlan {
  SpawnPlan(int input, int output, int errors) {
    posix_spawn_file_actions_init(&files);
    if (input >= 0)
      posix_spawn_file_actions_adddup2(&files, input, 0);
    else
      posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, output, 1);
    posix_spawn_file_actions_adddup2(&files, errors, 2);
    posix_spawnattr_init(&rules);
    sigset_t all, none;
    sigfillset(&all);
    sigemptyset(&none);
    posix_spawnattr_setsigdefault(&rules, &all);
    posix_spawnattr_setsigmask(&rules, &none);
    posix_spawnattr_setpgroup(&rules, 0);
    posix_spawnattr_setflags(
        &rules, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  }
  ~SpawnPlan() {
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&rules);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;
  posix_spawn_file_actions_t files;
  posix_spawnattr_t rules;
};

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (auto& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

std::vector<std::string> environment_of(const ProgramCall& call) {
  auto out = call.set;
  const auto add = [&out](const char* name) {
    if (const char* value = std::getenv(name)) out.push_back(fmt::format("{}={}", name, value));
  };
  add("PATH");
  for (const auto& name : call.environment) add(name.c_str());
  return out;
}

// A file without a name that has the text; -1: it cannot be made.
int file_of(std::string_view text) {
  const int file = ::memfd_create("input", MFD_CLOEXEC);
  while (file >= 0 && !text.empty()) {
    const auto count = ::write(file, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return ::close(file), -1;
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  if (file >= 0) ::lseek(file, 0, SEEK_SET);
  return file;
}

Result<void> start(Child& child, ProgramCall& call) {
  auto& line = call.line;
  int ends[2] = {-1, -1};
  child.input = call.input.empty() ? -1 : file_of(call.input);
  if (!call.input.empty() && child.input < 0)
    return fail(ErrorKind::internal, fmt::format("no input: {}", std::strerror(errno)));
  child.errors = ::memfd_create("errors", MFD_CLOEXEC);
  if (child.errors < 0 || ::pipe2(ends, O_CLOEXEC) != 0)
    return fail(ErrorKind::internal, fmt::format("no pipe: {}", std::strerror(errno)));
  child.output = ends[0];
  auto variables = environment_of(call);
  const auto words = pointers(line);
  const auto environment = pointers(variables);
  const SpawnPlan plan(child.input, ends[1], child.errors);
  const int code = ::posix_spawnp(&child.pid, words.front(), &plan.files, &plan.rules, words.data(),
                                  environment.data());
  ::close(ends[1]);
  if (code != 0) {
    child.pid = -1;
    return fail(code == ENOENT ? ErrorKind::not_found : ErrorKind::permission_denied,
                fmt::format("cannot start {}: {}", line.front(), std::strerror(code)));
  }
  child.ended = static_cast<int>(::syscall(SYS_pidfd_open, child.pid, 0));
  if (child.ended < 0)
    return fail(ErrorKind::internal, fmt::format("cannot wait: {}", std::strerror(errno)));
  return {};
}

Result<std::string> judged(Child& child, std::string output, const std::string& program) {
  const int status = child.wait();
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return output;
  const auto words = child.last_words();
  const auto how = WIFEXITED(status) ? fmt::format("exit code {}", WEXITSTATUS(status))
                                     : fmt::format("signal {}", WTERMSIG(status));
  Error error(ErrorKind::service,
              fmt::format("{} failed with {}{}{}", program, how, words.empty() ? "" : ": ", words));
  if (!WIFEXITED(status)) return fail(std::move(error));
  return fail(std::move(error).with_detail("exit_code", std::to_string(WEXITSTATUS(status))));
}

}  // namespace

Task<Result<std::string>> Programs::run(CommandCall call) {
  auto line = command_line(policy_, call);
  if (!line) co_return fail(std::move(line.error()));
  const auto name = call.platform + "." + call.command;
  const auto& rule = policy_.commands.at(name);
  if (calls_[name] >= rule.at_most)
    co_return fail(ErrorKind::rate_limited,
                   fmt::format("{} ran {} times in this run, as often as the policy allows", name,
                               rule.at_most));
  ++calls_[name];
  ProgramCall program;
  program.line = std::move(*line);
  program.environment = rule.environment;
  program.timeout = rule.timeout;
  program.max_output = rule.max_output;
  co_return co_await run_program(std::move(program));
}

Task<Result<std::string>> run_program(ProgramCall call) {
  co_await asio::this_coro::throw_if_cancelled(false);
  const auto executor = co_await asio::this_coro::executor;
  const auto program = call.line.front();
  const auto child = std::make_shared<Child>();
  if (auto started = start(*child, call); !started) co_return fail(std::move(started.error()));
  asio::posix::stream_descriptor output(executor, std::exchange(child->output, -1));
  asio::posix::stream_descriptor ended(executor, std::exchange(child->ended, -1));
  asio::steady_timer limit(executor, call.timeout);
  const auto late = std::make_shared<bool>(false);
  limit.async_wait([child, late](const boost::system::error_code& error) {
    if (error) return;
    *late = true;
    child->stop();
  });
  std::string text;
  char block[8192];
  bool large = false, cancelled = false, open = true;
  while (open) {
    const auto [error, count] =
        co_await output.async_read_some(asio::buffer(block), asio::as_tuple(asio::use_awaitable));
    text.append(block, count);
    large = text.size() > call.max_output;
    cancelled = error == asio::error::operation_aborted;
    open = !error && !large;
  }
  if (large || cancelled) child->stop();
  if (!cancelled) {
    const auto [error] = co_await ended.async_wait(asio::posix::stream_descriptor::wait_read,
                                                   asio::as_tuple(asio::use_awaitable));
    cancelled = error == asio::error::operation_aborted;
  }
  limit.cancel();
  if (cancelled) co_return fail(ErrorKind::cancelled, fmt::format("{} was stopped", program));
  if (*late)
    co_return fail(ErrorKind::timeout,
                   fmt::format("{} did not end within {} ms", program, call.timeout.count()));
  if (large)
    co_return fail(ErrorKind::too_large,
                   fmt::format("{} wrote more than {} bytes", program, call.max_output));
  co_return judged(*child, std::move(text), program);
}

}  // namespace parley::narrative
