#include <charconv>

#include <fmt/format.h>

#include "parley/emulator/script/detail/pattern.hpp"
#include "parley/emulator/script/detail/reader.hpp"

namespace parley::emulator::detail {

using schematic::MapReader;
using schematic::Tree;

namespace {

// "2", "2-4", "3-"
bool read_times(std::string_view text, When& out) {
  const auto* last = text.data() + text.size();
  std::size_t first_time = 0, last_time = 0;
  auto read = std::from_chars(text.data(), last, first_time);
  if (read.ec != std::errc() || first_time == 0) return false;
  if (read.ptr == last) {
    last_time = first_time;
  } else if (*read.ptr != '-') {
    return false;
  } else if (++read.ptr != last) {
    read = std::from_chars(read.ptr, last, last_time);
    if (read.ec != std::errc() || read.ptr != last || last_time < first_time) return false;
  }
  out.first_time = first_time;
  out.last_time = last_time;
  return true;
}

}  // namespace

void read_when(const Tree& tree, ScriptReading& reading, When& out) {
  MapReader in(tree, "\"when\"", reading.diagnostics);
  if (!in.ok()) return;
  in.word("over", out.over, {{"rest", When::Over::rest}, {"live", When::Over::live}});
  in.word("event", out.event, {{"turn", When::Event::turn}, {"setup", When::Event::setup}});
  in.text("method", out.method);
  in.text("path", out.path);
  in.text("model", out.model);
  in.text("key", out.key);
  in.pairs("headers", out.headers);
  in.texts("text", out.texts);
  if (in.text("matches", out.matches))
    if (const auto pattern = Pattern::make(out.matches); !pattern)
      reading.diagnostics.error(
          tree.find("matches")->at, "E0105",
          fmt::format("\"matches\" is no regular expression: {}", pattern.error().message()));
  in.text("tool_result", out.tool_result);
  if (out.tool_result == "true") out.tool_result = "*";
  out.request = object_at(in, "request");
  std::string times;
  if (in.text("time", times) && !read_times(times, out))
    reading.diagnostics.error(
        tree.find("time")->at, "E0105",
        fmt::format("\"time\" must be a number from 1 or a range such as 2-4 or 3-, found \"{}\"",
                    times));
  in.finish();
}

}  // namespace parley::emulator::detail
