#include <algorithm>

#include <fmt/format.h>

#include "parley/audio/wav.hpp"
#include "parley/narrative/detail/act_run.hpp"
#include "parley/narrative/detail/check_live.hpp"
#include "parley/narrative/detail/live_stage.hpp"

// Acts that are turns of a Live session.
namespace parley::narrative::detail {
namespace {

// "a.wav", and "a-2.wav" where the act comes again.
std::string numbered(const std::string& name, int number) {
  if (number < 2) return name;
  return fmt::format("{}-{}.wav", name.substr(0, name.size() - 4), number);
}

}  // namespace

bool ActRun::was_barged() const {
  return !act_.barge_in.empty() && outcome_.result.finish_reason == "INTERRUPTED";
}

Task<Result<ModelAnswer>> ActRun::ask_live(std::string model,
                                           gemini::GenerateContentRequest request) {
  LiveTurn turn;
  turn.act = path();
  turn.parts = gemini::parts_of(gemini::contents_of(request).back());
  turn.listens = repair_ == 0 && std::ranges::any_of(act_.inputs, [](const Input& input) {
                   return std::holds_alternative<MicrophoneInput>(input.what);
                 });
  turn.ends_at_barge_in = !act_.barge_in.empty();
  turn.note = [this](std::string line) { outcome_.result.notes.push_back(std::move(line)); };
  auto answer = co_await pass_.live->turn(std::move(model), std::move(request), std::move(turn));
  if (!answer) co_return fail(std::move(answer.error()));
  if (!act_.audio_output.empty())
    if (auto kept = keep_audio(answer->pcm, answer->rate); !kept)
      co_return fail(std::move(kept.error()));
  co_return std::move(answer->answer);
}

// A barge-in leads to it or to an act before it.
bool ActRun::barge_in_may_repeat() const {
  return std::ranges::any_of(narrative_.acts, [this](const Act& act) {
    return !act.barge_in.empty() && narrative_.index_of(act.barge_in) <= index_;
  });
}

// Before the answer is recorded: what stands in a record has its file.
Result<void> ActRun::keep_audio(BytesView pcm, int rate) {
  if (!session_.ports.output_files)
    return fail(Error(ErrorKind::not_found, "no files can be written here")
                    .with_detail("code", "audio_output"));
  audio::Samples samples;
  audio::PcmReader().read(pcm, samples);
  auto wav = audio::write_wav(samples, rate);
  if (!wav) return fail(Error(wav.error()).with_detail("code", "audio_output"));
  const auto name = numbered(act_.audio_output, std::max(visit_, 1) + std::max(round_ - 1, 0));
  auto written = session_.ports.output_files->write(name, *wav);
  if (!written) return fail(Error(written.error()).with_detail("code", "audio_output"));
  return {};
}

// In the history speech stands as the text that was understood.
void ActRun::tell_speech_as_text(const std::string& heard) {
  bool told = false;
  std::vector<gemini::Part> parts;
  for (auto& part : remembered_) {
    const bool speech = part.inline_data && part.inline_data->mime_type == "audio/wav";
    const bool marked = part.text && *part.text == kMicrophone;
    if (!speech && !marked) {
      parts.push_back(std::move(part));
    } else if (!told) {
      told = true;
      parts.push_back(gemini::text_part(heard.empty() ? "(speech that was not understood as text)"
                                                      : std::string_view(heard)));
    }
  }
  // Somebody spoke into the act before, and is answered here.
  if (!told && !heard.empty()) parts.push_back(gemini::text_part(heard));
  remembered_ = std::move(parts);
}

}  // namespace parley::narrative::detail
