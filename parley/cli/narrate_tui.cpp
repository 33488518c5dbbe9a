#include <cerrno>
#include <csignal>
#include <iostream>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "parley/cli/content_screen.hpp"
#include "parley/cli/narrate.hpp"

namespace parley::cli {
namespace {

// Keys one by one and unseen, and the terminal's other page; both as they were at the end.
class RawTerminal {
 public:
  RawTerminal() {
    ::tcgetattr(STDIN_FILENO, &before_);
    termios raw = before_;
    raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | ISIG);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw);
    std::cout << "\x1b[?1049h\x1b[?25l" << std::flush;
  }
  ~RawTerminal() {
    std::cout << "\x1b[?25h\x1b[?1049l" << std::flush;
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;

 private:
  termios before_{};
};

ContentSource source_of(narrative::ContentBook& book) {
  ContentSource out;
  out.tables = [&book] { return book.tables(); };
  out.rows = [&book](const std::string& table) {
    return book.rows(table, narrative::ContentFilter());
  };
  out.change = [&book](const std::string& table, const std::string& id, const std::string& status) {
    return book.change(table, id, "", status, "by hand");
  };
  return out;
}

void draw(const ContentScreen& screen) {
  winsize size{};
  const bool known = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  std::cout << screen.draw(known ? size.ws_col : 80, known ? size.ws_row : 24) << std::flush;
}

volatile std::sig_atomic_t resized = 0;

}  // namespace

int narrate_tui(const NarrateOptions& options) {
  if (::isatty(STDIN_FILENO) == 0 || ::isatty(STDOUT_FILENO) == 0)
    return narrate_failed("tui needs a terminal; parley narrate content shows the same elsewhere",
                          exit_code::usage);
  auto book = narrative::ContentBook::open(state_folder(options) + "/content.db");
  if (!book) return narrate_failed(book.error().message(), exit_code::failed);
  ContentScreen screen(source_of(*book), Style::of(stdout));
  struct sigaction action {};
  action.sa_handler = [](int) { resized = 1; };
  ::sigaction(SIGWINCH, &action, nullptr);  // ends a read early
  const RawTerminal terminal;
  std::string bytes;
  char block[64];
  draw(screen);
  for (;;) {
    const auto count = ::read(STDIN_FILENO, block, sizeof block);
    if (count < 0 && errno != EINTR) return exit_code::ok;
    if (count == 0) return exit_code::ok;
    if (count > 0) bytes.append(block, static_cast<std::size_t>(count));
    while (const auto key = take_key(bytes))
      if (!screen.key(*key)) return exit_code::ok;
    draw(screen);
  }
}

}  // namespace parley::cli
