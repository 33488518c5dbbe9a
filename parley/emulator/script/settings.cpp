#include "parley/emulator/script/detail/settings.hpp"

namespace parley::emulator::detail {

void apply(const Script::Live& wanted, LiveOptions& out) {
  out.pace = wanted.pace.value_or(out.pace);
  out.lifetime = wanted.lifetime.value_or(out.lifetime);
  out.notice = wanted.notice.value_or(wanted.lifetime ? *wanted.lifetime / 10 : out.notice);
  out.setup_delay = wanted.setup_delay.value_or(out.setup_delay);
  out.playback = wanted.playback.value_or(out.playback);
  out.text_frames = wanted.text_frames.value_or(out.text_frames);
  out.hears = wanted.hears.value_or(out.hears);
  out.end_code = wanted.end_code.value_or(out.end_code);
  out.end_reason = wanted.end_reason.value_or(out.end_reason);
  out.handles = wanted.handles.value_or(out.handles);
}

}  // namespace parley::emulator::detail
