#include "parley/cli/live_view.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "parley/base/text.hpp"

namespace parley::cli {
namespace {

constexpr std::size_t kMostCaptions = 500;
constexpr double kQuietest = -60;

std::string_view name_of(LivePicture::State state) {
  switch (state) {
    case LivePicture::State::listening:
      return "listening";
    case LivePicture::State::user_speaks:
      return "you speak";
    case LivePicture::State::waiting:
      return "waiting for the answer";
    case LivePicture::State::answering:
      return "the model answers";
    case LivePicture::State::held:
      return "held: you speak";
    case LivePicture::State::ended:
      return "ended";
  }
  return "";
}

std::string cut(std::string_view text, std::size_t columns) {
  return std::string(first_scalars(text, columns));
}

std::string ms(const std::optional<Duration>& time) {
  if (!time) return "–";
  return fmt::format("{} ms", std::chrono::duration_cast<std::chrono::milliseconds>(*time).count());
}

// Lines of at most `columns` characters, cut at spaces where there are some.
std::vector<std::string> wrap(std::string_view text, std::size_t columns) {
  std::vector<std::string> lines;
  while (count_scalars(text) > columns) {
    auto line = first_scalars(text, columns);
    if (const auto space = line.rfind(' '); space != std::string_view::npos && space > 0)
      line = line.substr(0, space);
    lines.emplace_back(line);
    text.remove_prefix(line.size());
    if (text.starts_with(' ')) text.remove_prefix(1);
  }
  lines.emplace_back(text);
  return lines;
}

std::string one_line(std::string_view text) {
  auto clean = strip_control(to_valid_utf8(text));
  std::ranges::replace(clean, '\n', ' ');
  std::ranges::replace(clean, '\t', ' ');
  return clean;
}

std::string words_of(std::string_view text) {
  const auto line = one_line(text);
  return std::string(trim(line));
}

std::vector<std::string> caption_lines(const LivePicture& picture, std::size_t columns,
                                       const Style& style) {
  std::vector<std::string> lines;
  const auto room = columns > 10 ? columns - 8 : 2;
  for (const auto& caption : picture.captions) {
    const auto label = fmt::format("{:<7}", caption.who.empty() ? "·" : caption.who);
    bool first = true;
    const auto words = words_of(caption.text);
    for (const auto& line : wrap(words, room)) {
      std::string head(7, ' ');
      if (std::exchange(first, false))
        head = caption.who == "you" ? style.cyan(label) : style.bold(label);
      lines.push_back(head + (caption.who.empty() ? style.dim(line) : line));
    }
  }
  return lines;
}

const std::vector<std::string>& help_lines() {
  static const std::vector<std::string> lines = {
      "Speak, or type and press Enter; a line into an answer interrupts it.",
      "Esc      stop the answer",
      "Ctrl-T   mute the microphone, and back",
      "Ctrl-O   another voice, at the end of this turn",
      "Ctrl-U   erase what you typed",
      "Ctrl-G   this help, and back (F1 too)",
      "Ctrl-C   quit (Ctrl-D too)"};
  return lines;
}

std::string level_line(std::string_view who, LivePicture::Level level, std::size_t columns,
                       const Style& style, std::string_view remark) {
  const std::size_t width = columns > 30 ? std::min<std::size_t>(columns - 26, 60) : 4;
  const auto bar = meter(level, width);
  const auto painted = level.peak > -1   ? style.red(bar)
                       : level.rms > -12 ? style.yellow(bar)
                                         : style.green(bar);
  const auto number = level.rms <= audio::kSilenceDb ? std::string("silent")
                                                     : fmt::format("{:.0f} dBFS", level.rms);
  return fmt::format("{:<7}{} {:>8} {}", who, painted, number, remark);
}

}  // namespace

void LivePicture::say(std::string_view who, std::string_view text) {
  for (auto one = captions.rbegin(); one != captions.rend() && one->open; ++one)
    if (one->who == who) {
      one->text += text;
      return;
    }
  captions.push_back({std::string(who), std::string(text), true, false});
  if (captions.size() > kMostCaptions) captions.pop_front();
}

void LivePicture::cut(std::string_view who, std::string_view said, std::string_view text) {
  for (auto one = captions.rbegin(); one != captions.rend(); ++one) {
    const auto words = trim(std::string_view(one->text));
    if (one->who != who || !words.ends_with(trim(said))) continue;
    one->text = std::string(words.substr(0, words.size() - trim(said).size()));
    one->text += text;
    one->text += text.empty() ? "…" : " …";
    return;
  }
}

void LivePicture::note(std::string_view text) {
  captions.push_back({"", std::string(text), false, false});
  if (captions.size() > kMostCaptions) captions.pop_front();
}

void LivePicture::end_captions() {
  for (auto& one : captions) one.open = false;
}

void LivePicture::end_turn() {
  for (auto& one : captions) one.open = false, one.settled = true;
}

void LivePicture::take_back(std::string_view who) {
  std::erase_if(captions, [who](const auto& one) { return one.who == who && !one.settled; });
}

std::string meter(LivePicture::Level level, std::size_t width) {
  const auto cells = [&](double db) {
    return std::clamp((db - kQuietest) / -kQuietest, 0.0, 1.0) * static_cast<double>(width);
  };
  const double full = cells(level.rms);
  const auto peak = static_cast<std::size_t>(std::ceil(cells(level.peak)));
  std::string bar;
  for (std::size_t at = 0; at < width; ++at) {
    const double part = full - static_cast<double>(at);
    bar += part >= 1 ? "█" : part >= 0.5 ? "▌" : at + 1 == peak ? "│" : "·";
  }
  return bar;
}

std::string draw_live(const LivePicture& picture, std::size_t columns, std::size_t rows,
                      const Style& style) {
  columns = std::max<std::size_t>(columns, 20);
  rows = std::max<std::size_t>(rows, 8);
  std::string rule;
  for (std::size_t i = 0; i < columns; ++i) rule += "─";
  std::vector<std::string> lines;
  auto title = one_line(picture.model);
  if (!picture.voice.empty()) title += " · " + one_line(picture.voice);
  const auto state = name_of(picture.state);
  title = cut(title, columns > state.size() + 2 ? columns - state.size() - 2 : 1);
  const auto used = count_scalars(title) + state.size();
  lines.push_back(style.bold(title) + std::string(columns > used ? columns - used : 1, ' ') +
                  style.cyan(cut(state, columns)));
  lines.push_back(style.dim(rule));
  const std::size_t room = rows - 7;
  auto text = picture.help ? help_lines() : caption_lines(picture, columns, style);
  if (picture.help)
    for (auto& line : text) line = cut(line, columns);
  if (!picture.help && text.size() > room)
    text.erase(text.begin(), text.end() - static_cast<std::ptrdiff_t>(room));
  text.resize(room);
  lines.insert(lines.end(), text.begin(), text.end());
  lines.push_back(style.dim(rule));
  const std::string_view remark = !picture.microphone ? "" : picture.muted ? "muted" : "";
  lines.push_back(level_line("you", picture.in, columns, style, remark));
  lines.push_back(level_line("model", picture.out, columns, style, ""));
  lines.push_back(cut(fmt::format("answer after {}, median {}, 95 % {}, {} turns", ms(picture.last),
                                  ms(picture.median), ms(picture.most_of), picture.turns),
                      columns));
  auto typed = one_line(picture.typed);
  while (count_scalars(typed) + 3 > columns)
    typed.erase(0, first_scalars(std::string_view(typed), 1).size());
  lines.push_back(typed.empty()
                      ? style.dim(cut("Esc stop · ^T mute · ^O voice · ^G help · ^C quit", columns))
                      : style.bold("› ") + typed);
  std::string out = "\x1b[H";
  for (std::size_t at = 0; at < lines.size(); ++at)
    out += lines[at] + "\x1b[K" + (at + 1 < lines.size() ? "\r\n" : "");
  return out;
}

std::string captions_of(const LivePicture& picture) {
  std::string out;
  for (const auto& caption : picture.captions)
    out += caption.who.empty() ? fmt::format("({})\n", one_line(caption.text))
                               : fmt::format("{}  {}\n", caption.who, words_of(caption.text));
  return out;
}

}  // namespace parley::cli
