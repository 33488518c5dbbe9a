#include "parley/narrative/detail/check_live.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "parley/base/text.hpp"

namespace parley::narrative::detail {
namespace {

using ReferenceKind = Template::Reference::Kind;

bool has_settings(const Settings& own) {
  return !own.model.empty() || own.temperature || own.top_p || own.max_tokens || own.top_k ||
         own.seed || own.thinking || !own.stop.empty() || !own.system.empty();
}

class LiveCheck {
 public:
  LiveCheck(const Narrative& narrative, Diagnostics& diagnostics)
      : narrative_(narrative), diagnostics_(diagnostics) {
    for (const auto& act : narrative.acts) names_.push_back(act.name);
  }

  // What needs a session is told where there is none.
  void other() {
    for (const auto& act : narrative_.acts) {
      for (const auto& input : act.inputs)
        if (std::holds_alternative<MicrophoneInput>(input.what))
          needs_live(input.place, act, "an input of type \"microphone\"");
      if (!act.barge_in.empty()) needs_live(act.barge_in_place, act, "barge_in");
      if (act.only_after_barge_in) needs_live(act.place, act, "only_after_barge_in");
      if (!act.audio_output.empty()) needs_live(act.place, act, "audio_output");
    }
  }

  void run() {
    whole();
    for (const auto& act : narrative_.acts) {
      one(act);
      for (const auto& input : act.inputs) heard(act, input);
    }
  }

 private:
  void complain(const Place& place, std::string_view code, std::string message) {
    diagnostics_.emplace_back(place, code, std::move(message));
  }
  void refuse(const Place& place, const std::string& whose, std::string_view what) {
    complain(place, "live", fmt::format("{}: {}", whose, what));
  }
  void needs_live(const Place& place, const Act& act, std::string_view what) {
    refuse(place, "act " + act.name,
           fmt::format("{} needs a Live narrative ([narrative.live])", what));
  }

  void whole() {
    const auto whose = "narrative " + narrative_.name;
    const auto& place = narrative_.live->place;
    if (narrative_.history.kind != History::Kind::all)
      refuse(place, whose, "history \"none\": a session remembers what was said in it");
    if (narrative_.keep_independents)
      refuse(place, whose, "on_error \"continue\": acts of one session follow each other");
    if (!narrative_.retry.fallback.empty())
      refuse(place, whose, "retry.fallback: a session has one model");
    if (!narrative_.settings.stop.empty())
      refuse(place, whose, "stop: Live sessions take no stop sequences");
    for (const auto& piece : narrative_.settings.system.pieces)
      if (piece.is_reference && (piece.reference.kind == ReferenceKind::act ||
                                 piece.reference.kind == ReferenceKind::previous ||
                                 piece.reference.kind == ReferenceKind::iteration))
        refuse(piece.reference.place, whose,
               piece.reference.text() +
                   " in system: the instruction is given once, before the first act");
    if (std::ranges::all_of(narrative_.acts, &Act::only_after_barge_in))
      refuse(place, whose, "all its acts are only_after_barge_in: none would ever run");
  }

  void one(const Act& act) {
    const auto whose = "act " + act.name;
    if (has_settings(act.settings))
      refuse(act.place, whose,
             "model, system and other settings of a Live session stand in [narrative]");
    if (!act.nested.empty())
      refuse(act.nested_place, whose,
             "narrative: an act of a Live narrative is a turn of its session; "
             "use \"narrative:name\" as an input");
    if (act.history) refuse(act.place, whose, "history: a session remembers what was said in it");
    if (act.retry && !act.retry->fallback.empty())
      refuse(act.place, whose, "retry.fallback: a session has one model");
    if (act.cache.value_or(false))
      refuse(act.place, whose, "cache: an answer belongs to its session");
    for (const auto& assertion : act.assertions)
      if (!assertion.judge.empty() && assertion.judge_model.empty())
        refuse(assertion.place, whose,
               "judge needs model: the session's model is not asked beside it");
    if (!act.audio_output.empty() && narrative_.live->answer == LiveSettings::Answer::text)
      refuse(act.place, whose, "audio_output: [narrative.live] says answer = \"text\"");
    if (!act.barge_in.empty() && act.carousel)
      refuse(act.barge_in_place, whose, "carousel and barge_in do not go together; use loop");
    if (act.barge_in.empty() || narrative_.find(act.barge_in)) return;
    complain(act.barge_in_place, "missing_act",
             fmt::format("act {}: barge_in names act {}, which is not in narrative {}{}", act.name,
                         act.barge_in, narrative_.name, did_you_mean(act.barge_in, names_)));
  }

  void heard(const Act& act, const Input& input) {
    const auto* medium = std::get_if<MediaInput>(&input.what);
    if (!medium) return;
    const auto whose = "act " + act.name;
    if (!medium->url.empty())
      refuse(input.place, whose, "url: a Live session takes file or base64, not addresses");
    if (medium->kind == MediaKind::video || medium->kind == MediaKind::document)
      refuse(input.place, whose,
             fmt::format("{}: a Live session takes texts, pictures and speech",
                         to_string(medium->kind)));
    if (medium->kind == MediaKind::audio && medium->mime != "audio/wav")
      refuse(input.place, whose,
             fmt::format("{}: speech for a Live session is a WAV file", medium->mime));
  }

  const Narrative& narrative_;
  Diagnostics& diagnostics_;
  std::vector<std::string_view> names_;
};

}  // namespace

bool is_spoken(const Input& input) {
  const auto* medium = std::get_if<MediaInput>(&input.what);
  return medium && medium->kind == MediaKind::audio;
}

bool hears_always(const Narrative& narrative) {
  return std::ranges::any_of(narrative.acts, [](const Act& act) {
    return !act.barge_in.empty() || std::ranges::any_of(act.inputs, [](const Input& input) {
      return std::holds_alternative<MicrophoneInput>(input.what);
    });
  });
}

void check_live(const Narrative& narrative, Diagnostics& diagnostics) {
  LiveCheck check(narrative, diagnostics);
  if (narrative.live)
    check.run();
  else
    check.other();
}

}  // namespace parley::narrative::detail
