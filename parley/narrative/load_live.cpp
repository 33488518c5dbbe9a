#include <fmt/format.h>

#include "parley/narrative/detail/readers.hpp"

// What Live narratives have besides.
namespace parley::narrative::detail {

using Kind = Node::Kind;

// `live = true`, or a table.
LiveSettings FileReader::live(const Node& node) {
  LiveSettings out;
  out.place = node.place;
  if (node.kind != Kind::table) return out;
  TableReader in(context_, node, "live");
  if (const auto answer = in.choice("answer", {"automatic", "audio", "text"}))
    out.answer = static_cast<LiveSettings::Answer>(*answer);
  out.voice = in.text("voice");
  out.reconnects = static_cast<int>(in.whole("reconnects", 0, 1000).value_or(out.reconnects));
  out.silence = in.duration("silence").value_or(out.silence);
  if (out.silence.count() <= 0) in.complain(node.place, "out_of_range", "silence must be above 0");
  out.barge_ins = static_cast<int>(in.whole("barge_ins", 1, 1000).value_or(out.barge_ins));
  in.finish();
  return out;
}

void FileReader::act_live(TableReader& in, Act& out) {
  if (const Node* node = in.take("barge_in", {Kind::text})) {
    out.barge_in = node->text;
    out.barge_in_place = node->place;
  }
  out.only_after_barge_in = in.flag("only_after_barge_in").value_or(false);
  const Node* node = in.take("audio_output", {Kind::text});
  if (!node) return;
  out.audio_output = node->text;
  const bool leaves = node->text.starts_with('/') || node->text.find("..") != std::string::npos;
  if (!node->text.ends_with(".wav") || leaves)
    in.complain(node->place, "out_of_range",
                fmt::format("audio_output is \"{}\", and must name a .wav file in the folder of "
                            "outputs, or in one below it",
                            node->text));
}

}  // namespace parley::narrative::detail
