#include "parley/cli/live_terminal.hpp"

#include <array>
#include <cstdlib>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "parley/base/text.hpp"
#include "parley/cli/lines.hpp"
#include "parley/cli/live_commands.hpp"

namespace parley::cli {
namespace {

constexpr auto kFrame = std::chrono::milliseconds(100);
constexpr std::size_t kTypedPiece = 256;
// Prebuilt voices of the Live API that all its models have (speech generation guide).
constexpr std::array<std::string_view, 8> kVoices = {"Puck",  "Charon", "Kore", "Fenrir",
                                                     "Aoede", "Leda",   "Orus", "Zephyr"};

void put(std::string_view text) {
  while (!text.empty()) {
    const auto written = ::write(STDOUT_FILENO, text.data(), text.size());
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

std::string next_voice(std::string_view voice) {
  for (std::size_t at = 0; at < kVoices.size(); ++at)
    if (kVoices[at] == voice) return std::string(kVoices[(at + 1) % kVoices.size()]);
  return std::string(kVoices[0]);
}

}  // namespace

struct LiveTerminal::State {
  std::shared_ptr<LiveScreen> screen;
  std::shared_ptr<LiveVoice> voice;
  std::shared_ptr<gemini::Conversation> talk;
  Style style = Style::of(stdout);
  termios before{};
  std::string typed;
  bool help = false, left = false;

  void draw() const;
  bool obey(const Key& key);
  void erase_one();
};

void LiveTerminal::State::draw() const {
  auto picture = screen->picture();
  picture.voice = voice_of(*talk);
  picture.microphone = voice->has_microphone();
  picture.muted = voice->muted();
  if (voice->held()) picture.state = LivePicture::State::held;
  if (voice->has_speaker() && !voice->quiet() && !voice->held())
    picture.state = LivePicture::State::answering;
  picture.typed = typed;
  picture.help = help;
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) size = {24, 80, 0, 0};
  put(draw_live(picture, size.ws_col, size.ws_row, style));
}

void LiveTerminal::State::erase_one() {
  while (!typed.empty() && (static_cast<unsigned char>(typed.back()) & 0xC0) == 0x80)
    typed.pop_back();
  if (!typed.empty()) typed.pop_back();
}

// False: the user wants to end.
bool LiveTerminal::State::obey(const Key& key) {
  switch (key.kind) {
    case Key::Kind::text:
      typed += key.text;
      break;
    case Key::Kind::backspace:
      erase_one();
      break;
    case Key::Kind::erase_line:
      typed.clear();
      break;
    case Key::Kind::interrupt:
      voice->interrupt();
      break;
    case Key::Kind::mute:
      if (voice->has_microphone()) voice->mute(!voice->muted());
      break;
    case Key::Kind::voice:
      change_voice(*talk, *screen, next_voice(voice_of(*talk)));
      break;
    case Key::Kind::help:
      help = !help;
      break;
    case Key::Kind::enter:
      break;
    case Key::Kind::quit:
      return false;
  }
  return true;
}

bool LiveTerminal::possible() {
  const char* term = std::getenv("TERM");
  return isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1 && term != nullptr &&
         std::string_view(term) != "dumb";
}

LiveTerminal::LiveTerminal(std::shared_ptr<LiveScreen> screen, std::shared_ptr<LiveVoice> voice,
                           std::shared_ptr<gemini::Conversation> talk)
    : state_(std::make_shared<State>()) {
  state_->screen = std::move(screen);
  state_->voice = std::move(voice);
  state_->talk = std::move(talk);
  tcgetattr(STDIN_FILENO, &state_->before);
  auto raw = state_->before;
  cfmakeraw(&raw);
  tcsetattr(STDIN_FILENO, TCSANOW, &raw);
  put("\x1b[?1049h\x1b[?25l\x1b[2J");
  state_->screen->draw_on_picture(true);
}

LiveTerminal::~LiveTerminal() {
  leave();
}

void LiveTerminal::leave() {
  if (std::exchange(state_->left, true)) return;
  state_->screen->draw_on_picture(false);
  put("\x1b[?25h\x1b[?1049l");
  tcsetattr(STDIN_FILENO, TCSANOW, &state_->before);
  put(captions_of(state_->screen->picture()));
}

Task<void> LiveTerminal::draw_again_and_again(std::shared_ptr<State> state) {
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
  while (!state->left) {
    state->draw();
    timer.expires_after(kFrame);
    co_await timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
  }
}

Task<Result<void>> LiveTerminal::run() {
  const auto state = state_;
  const auto executor = co_await boost::asio::this_coro::executor;
  boost::asio::co_spawn(executor, draw_again_and_again(state), boost::asio::detached);
  LineReader reader(executor, kTypedPiece);
  KeyReader keys;
  for (;;) {
    auto bytes = co_await reader.next();
    if (!bytes || state->left || state->screen->ended()) co_return Result<void>();
    const auto pressed = keys.read(*bytes);
    for (const auto& key : pressed) {
      if (!state->obey(key)) co_return Result<void>();
      if (key.kind != Key::Kind::enter) continue;
      const std::string line = std::exchange(state->typed, "");
      const std::string text(trim(line));
      if (text == "/quit") co_return Result<void>();
      if (text.empty() || obey_line(*state->talk, *state->screen, *state->voice, text)) continue;
      state->screen->typed(text);
      auto sent = co_await state->talk->say(text);
      if (!sent) co_return sent;
    }
    state->draw();
  }
}

}  // namespace parley::cli
