#include <array>

#include <fmt/format.h>

#include "parley/audio/wav.hpp"
#include "parley/base/text.hpp"
#include "parley/emulator/live/detail/voice.hpp"
#include "parley/emulator/script/detail/reader.hpp"
#include "parley/json/codec.hpp"

namespace parley::emulator::detail {

using schematic::MapReader;
using schematic::Tree;
using std::chrono::milliseconds;
using Kind = Step::Kind;

namespace {

struct Word {
  std::string_view name;
  Kind kind;
};
constexpr std::array<Word, 17> kWords = {{
    {"text", Kind::text},
    {"thought", Kind::thought},
    {"call", Kind::call},
    {"audio", Kind::audio},
    {"part", Kind::part},
    {"heard", Kind::heard},
    {"transcript", Kind::transcript},
    {"message", Kind::message},
    {"raw", Kind::raw},
    {"wait", Kind::wait},
    {"error", Kind::error},
    {"go_away", Kind::go_away},
    {"handle", Kind::handle},
    {"interrupted", Kind::interrupted},
    {"cancel", Kind::cancel},
    {"close", Kind::close},
    {"cut", Kind::cut},
}};

void wrong_kind(const Tree& at, ScriptReading& reading, std::string_view key,
                std::string_view wanted) {
  reading.diagnostics.error(at.at, "E0101", fmt::format("\"{}\" must be {}", key, wanted));
}

void read_call(const Tree& tree, ScriptReading& reading, Step& out) {
  MapReader in(tree, "the call", reading.diagnostics);
  if (!in.ok()) return;
  auto& call = out.calls.emplace_back();
  std::string name, id;
  in.require_text("name", name);
  call.name = name;
  if (in.text("id", id)) call.id = id;
  if (auto args = object_at(in, "args")) call.args = json::Members(std::move(*args));
  in.finish();
}

void read_calls(const Tree& tree, ScriptReading& reading, Step& out) {
  if (!tree.is_list()) return read_call(tree, reading, out);
  for (const auto& item : tree.items) read_call(item, reading, out);
}

void read_wav(const Tree& name, ScriptReading& reading, Step& out) {
  const auto refuse = [&](const std::string& why) {
    reading.diagnostics.error(name.at, "E0105", fmt::format("\"{}\": {}", name.text, why));
  };
  if (!reading.files) return refuse("files can be named only in a script that is a file");
  const auto bytes = reading.files(name.text);
  if (!bytes) return refuse(bytes.error().message());
  const auto sound = audio::read_wav(as_bytes(*bytes));
  if (!sound) return refuse(sound.error().message());
  out.pcm = audio::to_bytes(sound->samples);
  out.rate = sound->format.rate;
}

// One step, or one for each `piece` of time.
void read_audio(const Tree& tree, ScriptReading& reading, std::vector<Step>& out) {
  MapReader in(tree, "\"audio\"", reading.diagnostics);
  if (!in.ok()) return;
  Step sound;
  sound.kind = Kind::audio;
  std::string words;
  milliseconds time{0}, piece{0};
  const Tree* wav = in.take("wav");
  if (wav) read_wav(*wav, reading, sound);
  if (in.text("hum", words)) sound.pcm = speak(words);
  in.duration("time", time);
  in.duration("piece", piece);
  in.finish();
  const bool timed = tree.find("time") != nullptr;
  if (int(wav != nullptr) + int(tree.find("hum") != nullptr) + int(timed) != 1)
    return reading.diagnostics.error(tree.at, "E0105",
                                     "\"audio\" has one of \"wav\", \"hum\" and \"time\"");
  constexpr auto most = std::chrono::minutes(10);
  if (time > most || (tree.find("piece") && piece < milliseconds(1)))
    return reading.diagnostics.error(tree.at, "E0105",
                                     "\"time\" is at most 10 minutes, and \"piece\" at least 1 ms");
  if (timed) {
    const auto samples = static_cast<std::size_t>(time.count()) * kVoiceRate / 1000;
    const auto letters =
        static_cast<std::size_t>(static_cast<double>(time.count()) / 1000 * kCharsPerSecond + 1);
    sound.pcm = speak(std::string(letters, 'm'));
    sound.pcm.resize(2 * samples);
  }
  const auto step = piece.count() == 0 ? std::max<std::size_t>(sound.pcm.size(), 1)
                                       : 2 * static_cast<std::size_t>(piece.count()) *
                                             static_cast<std::size_t>(sound.rate) / 1000;
  for (std::size_t at = 0; at < sound.pcm.size(); at += std::max<std::size_t>(step, 2)) {
    auto& one = out.emplace_back();
    one.kind = Kind::audio;
    one.rate = sound.rate;
    const auto rest = BytesView(sound.pcm).subspan(at);
    const auto part = rest.first(std::min(rest.size(), std::max<std::size_t>(step, 2)));
    one.pcm.assign(part.begin(), part.end());
  }
}

void read_close(const Tree& tree, ScriptReading& reading, Step& out) {
  if (tree.is_scalar()) {
    const auto code = tree.value();
    if (code.is_int64() && code.get_int64() >= 1000 && code.get_int64() <= 4999)
      out.code = static_cast<std::uint16_t>(code.get_int64());
    else
      wrong_kind(tree, reading, "close", "a code from 1000 to 4999, or a map");
    return;
  }
  MapReader in(tree, "\"close\"", reading.diagnostics);
  number_at(in, "code", out.code, 1000, 4999);
  in.text("reason", out.text);
  in.finish();
}

void time_of(const Tree& tree, ScriptReading& reading, std::string_view key, Step& out) {
  if (const auto time = schematic::read_duration(tree))
    out.time = *time;
  else
    wrong_kind(tree, reading, key, "a time such as 15s, 500ms or 2m");
}

void read_flag(const Tree& tree, ScriptReading& reading, std::string_view key, bool& out) {
  const auto value = tree.is_scalar() ? tree.value() : json::Value();
  if (value.is_bool())
    out = value.get_bool();
  else
    wrong_kind(tree, reading, key, "true or false");
}

void read_handle(const Tree& tree, ScriptReading& reading, Step& out) {
  MapReader in(tree, "\"handle\"", reading.diagnostics);
  in.flag("resumable", out.resumable);
  in.finish();
}

void read_cancel(const Tree& tree, ScriptReading& reading, Step& out) {
  if (tree.is_scalar() && tree.text == "all") return;
  if (!tree.is_list()) return wrong_kind(tree, reading, "cancel", "\"all\" or a list of ids");
  for (const auto& item : tree.items) out.ids.push_back(item.text);
}

void add_texts(const Tree& tree, ScriptReading& reading, const Word& word, std::vector<Step>& out) {
  const auto add = [&](const Tree& one) {
    auto& step = out.emplace_back();
    step.kind = word.kind;
    step.text = one.text;
    if (!one.is_scalar()) wrong_kind(one, reading, word.name, "a text, or a list of texts");
  };
  if (!tree.is_list()) return add(tree);
  for (const auto& item : tree.items) add(item);
}

void read_part(const Tree& tree, ScriptReading& reading, Step& out) {
  if (!tree.is_map()) return wrong_kind(tree, reading, "part", "a map");
  out.value = value_of(tree);
  const auto part = json::decode_text<gemini::Part>(json::to_string(out.value));
  if (!part) reading.diagnostics.error(tree.at, "E0105", "\"part\": " + part.error().message());
}

// One step but text and audio, which may be several.
void read_one(const Tree& tree, ScriptReading& reading, const Word& word, Step& out) {
  out.kind = word.kind;
  bool flag = true;
  switch (word.kind) {
    case Kind::call:
      return read_calls(tree, reading, out);
    case Kind::part:
      return read_part(tree, reading, out);
    case Kind::message:
      if (!tree.is_map()) wrong_kind(tree, reading, word.name, "a map");
      out.value = value_of(tree);
      return;
    case Kind::wait:
    case Kind::go_away:
      return time_of(tree, reading, word.name, out);
    case Kind::error:
      return read_error(tree, reading, out.error);
    case Kind::handle:
      return read_handle(tree, reading, out);
    case Kind::cancel:
      return read_cancel(tree, reading, out);
    case Kind::close:
      return read_close(tree, reading, out);
    default:  // interrupted, cut
      read_flag(tree, reading, word.name, flag);
      if (!flag) wrong_kind(tree, reading, word.name, "true");
  }
}

void read_step(const Tree& tree, ScriptReading& reading, std::vector<Step>& out) {
  MapReader in(tree, "the step", reading.diagnostics);
  if (!in.ok()) return;
  const auto first = out.size();
  int found = 0;
  for (const auto& word : kWords) {
    const Tree* value = in.take(word.name);
    if (!value) continue;
    ++found;
    if (word.kind == Kind::audio)
      read_audio(*value, reading, out);
    else if (word.kind <= Kind::thought || word.kind == Kind::heard ||
             word.kind == Kind::transcript || word.kind == Kind::raw)
      add_texts(*value, reading, word, out);
    else
      read_one(*value, reading, word, out.emplace_back());
  }
  std::optional<LiveFault> fault;
  fault_at(in, "fault", fault);
  in.finish();
  if (found != 1)
    reading.diagnostics.error(tree.at, "E0105",
                              found == 0 ? "the step does nothing: text, call, audio, wait …"
                                         : "a step does one thing; a list has several steps");
  for (auto i = first; i < out.size(); ++i) out[i].fault = fault;
}

}  // namespace

void read_steps(const Tree& tree, ScriptReading& reading, std::vector<Step>& out) {
  if (tree.is_scalar()) {
    out.emplace_back().text = tree.text;
  } else if (tree.is_list()) {
    for (const auto& item : tree.items) {
      if (item.is_scalar())
        out.emplace_back().text = item.text;
      else
        read_step(item, reading, out);
    }
  } else {
    read_step(tree, reading, out);
  }
}

void read_error(const Tree& tree, ScriptReading& reading, ScriptError& out) {
  if (tree.is_scalar()) {
    const auto code = tree.value();
    if (code.is_int64() && code.get_int64() >= 400 && code.get_int64() <= 599)
      out.code = static_cast<int>(code.get_int64());
    else
      wrong_kind(tree, reading, "error", "a code from 400 to 599, or a map");
    return;
  }
  MapReader in(tree, "\"error\"", reading.diagnostics);
  if (!in.ok()) return;
  if (in.require("code")) number_at(in, "code", out.code, 400, 599);
  in.text("status", out.status);
  in.text("message", out.message);
  if (const Tree* details = in.take("details")) {
    if (details->is_list())
      out.details = value_of(*details).get_array();
    else
      wrong_kind(*details, reading, "details", "a list");
  }
  using Shape = ScriptError::Shape;
  in.word("as", out.shape, {{"bare", Shape::bare}, {"event", Shape::event}, {"end", Shape::end}});
  QuotaRefusal quota;
  using Window = QuotaRefusal::Window;
  in.word("quota", quota.window,
          {{"minute", Window::minute_requests},
           {"minute_tokens", Window::minute_tokens},
           {"day", Window::day_requests}});
  number_at(in, "limit", quota.limit, 0, 1'000'000'000'000);
  in.duration("retry_in", quota.retry_in);
  in.word<std::string>("tier", quota.tier, {{"free", "FreeTier"}, {"paid", "PaidTier"}});
  if (tree.find("quota") || tree.find("limit") || tree.find("retry_in")) {
    if (out.code != 429)
      reading.diagnostics.error(tree.at, "E0105", "a quota belongs to the code 429");
    out.quota = quota;
  }
  in.finish();
}

}  // namespace parley::emulator::detail
