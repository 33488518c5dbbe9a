#ifndef PARLEY_ALSA

#include "parley/cli/sound.hpp"

namespace parley::cli {
namespace {

std::unexpected<Error> absent() {
  return fail(ErrorKind::invalid_state,
              "this program was built without sound devices: install libasound2-dev and build with "
              "-DPARLEY_ALSA=ON, or use --input and --output with files or pipes");
}

}  // namespace

struct Microphone::State {};
struct Speaker::State {};

Result<std::vector<SoundDevice>> sound_devices() {
  return absent();
}

Result<Microphone> Microphone::open(const Executor&, const std::string&) {
  return absent();
}
Microphone::Microphone(std::shared_ptr<State> state) : state_(std::move(state)) {}
Microphone::Microphone(Microphone&&) noexcept = default;
Microphone& Microphone::operator=(Microphone&&) noexcept = default;
Microphone::~Microphone() = default;
Task<Result<std::optional<audio::Samples>>> Microphone::next() {
  co_return absent();
}
int Microphone::rate() const {
  return audio::kInputRate;
}
std::uint64_t Microphone::overruns() const {
  return 0;
}

Result<Speaker> Speaker::open(const std::string&) {
  return absent();
}
Speaker::Speaker(std::shared_ptr<State> state) : state_(std::move(state)) {}
Speaker::Speaker(Speaker&&) noexcept = default;
Speaker& Speaker::operator=(Speaker&&) noexcept = default;
Speaker::~Speaker() = default;
void Speaker::play(audio::Samples, bool) {}
void Speaker::empty() {}
void Speaker::finish() {}
int Speaker::rate() const {
  return audio::kOutputRate;
}
std::uint64_t Speaker::underruns() const {
  return 0;
}
std::optional<Error> Speaker::failure() const {
  return std::nullopt;
}

}  // namespace parley::cli

#endif
