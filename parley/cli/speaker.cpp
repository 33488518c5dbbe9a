#include "parley/cli/detail/alsa.hpp"

#ifdef PARLEY_ALSA

#include <atomic>
#include <condition_variable>
#include <csignal>
#include <deque>
#include <mutex>
#include <thread>

#include "parley/audio/resampler.hpp"
#include "parley/cli/sound.hpp"

namespace parley::cli {
namespace {

constexpr auto kDirection = SND_PCM_STREAM_PLAYBACK;
constexpr auto kIdle = std::chrono::milliseconds(60);

}  // namespace

struct Speaker::State {
  State(alsa::Device opened, audio::Resampler from_output)
      : device(std::move(opened)), resampler(std::move(from_output)) {}

  struct Piece {
    audio::Samples samples;
    bool continues = false;
  };
  enum class Work { piece, emptying, idle, finishing };

  void run();
  Work wait(Piece& piece);
  bool write(const audio::Samples& samples, bool continues);
  bool end_of_answer();
  bool drop();
  void failed(long code, std::string_view doing);

  // Of the thread that plays.
  alsa::Device device;
  audio::Resampler resampler;
  bool pending = false;  // an answer whose end has not been told
  std::atomic<std::uint64_t> underruns{0};

  std::mutex mutex;  // guards what follows
  std::condition_variable changed;
  std::deque<Piece> pieces;
  bool emptying = false, finishing = false, done = false;
  std::optional<Error> failure;
};

void Speaker::State::failed(long code, std::string_view doing) {
  const std::lock_guard lock(mutex);
  failure = alsa::error_of(static_cast<int>(code), kDirection, device.name, doing);
}

Speaker::State::Work Speaker::State::wait(Piece& piece) {
  std::unique_lock lock(mutex);
  const auto something = [this] { return emptying || !pieces.empty() || finishing; };
  if (pending) {
    if (!changed.wait_for(lock, kIdle, something)) return Work::idle;
  } else {
    changed.wait(lock, something);
  }
  if (std::exchange(emptying, false)) return Work::emptying;
  if (pieces.empty()) return Work::finishing;
  piece = std::move(pieces.front());
  pieces.pop_front();
  return Work::piece;
}

// False: the device has failed.
bool Speaker::State::write(const audio::Samples& samples, bool continues) {
  audio::Samples frames;
  for (const auto sample : samples) frames.insert(frames.end(), device.channels, sample);
  const auto* next = frames.data();
  auto left = static_cast<snd_pcm_uframes_t>(samples.size());
  while (left > 0) {
    auto written = snd_pcm_writei(device.pcm.get(), next, left);
    if (written == -EPIPE || written == -ESTRPIPE || written == -EINTR || written == -EAGAIN) {
      underruns += written == -EPIPE && continues ? 1 : 0;
      written = snd_pcm_recover(device.pcm.get(), static_cast<int>(written), 1);
      if (written >= 0) continue;
    }
    if (written < 0) return failed(written, "playing"), false;
    left -= static_cast<snd_pcm_uframes_t>(written);
    next += static_cast<std::size_t>(written) * device.channels;
  }
  return true;
}

// What the resampler holds back, and a short answer that has not begun.
bool Speaker::State::end_of_answer() {
  pending = false;
  audio::Samples rest;
  resampler.finish(rest);
  if (!write(rest, true)) return false;
  if (snd_pcm_state(device.pcm.get()) != SND_PCM_STATE_PREPARED) return true;
  if (const int code = snd_pcm_start(device.pcm.get()); code < 0 && code != -EPIPE)
    return failed(code, "playing"), false;
  return true;
}

bool Speaker::State::drop() {
  pending = false;
  resampler.clear();
  int code = snd_pcm_drop(device.pcm.get());
  if (code >= 0) code = snd_pcm_prepare(device.pcm.get());
  if (code < 0) return failed(code, "stopping"), false;
  return true;
}

void Speaker::State::run() {
  for (bool good = true; good;) {
    Piece piece;
    switch (wait(piece)) {
      case Work::emptying:
        good = drop();
        break;
      case Work::idle:
        good = end_of_answer();
        break;
      case Work::finishing:
        if (pending) end_of_answer();
        snd_pcm_drain(device.pcm.get());
        good = false;
        break;
      case Work::piece:
        if (!piece.continues && pending) good = end_of_answer();
        if (!good) break;
        pending = true;
        audio::Samples samples;
        resampler.process(piece.samples, samples);
        good = write(samples, piece.continues);
        break;
    }
  }
  device.pcm.reset();
  const std::lock_guard lock(mutex);
  done = true;
  changed.notify_all();
}

Result<Speaker> Speaker::open(const std::string& device) {
  auto opened = alsa::open(device, kDirection, audio::kOutputRate);
  if (!opened) return fail(std::move(opened.error()));
  auto resampler = audio::Resampler::create(audio::kOutputRate, static_cast<int>(opened->rate));
  if (!resampler) return fail(std::move(resampler.error()));
  auto state = std::make_shared<State>(std::move(*opened), std::move(*resampler));
  std::thread([state] {
    // Devices of ALSA may be pipes to programs, whose end is an error and no signal.
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
    state->run();
  }).detach();
  return Speaker(std::move(state));
}

Speaker::Speaker(std::shared_ptr<State> state) : state_(std::move(state)) {}
Speaker::Speaker(Speaker&&) noexcept = default;
Speaker& Speaker::operator=(Speaker&&) noexcept = default;
Speaker::~Speaker() {
  if (state_) finish();
}

void Speaker::play(audio::Samples samples, bool continues) {
  const std::lock_guard lock(state_->mutex);
  if (state_->done) return;
  state_->pieces.push_back({std::move(samples), continues});
  state_->changed.notify_all();
}

void Speaker::empty() {
  const std::lock_guard lock(state_->mutex);
  state_->pieces.clear();
  state_->emptying = true;
  state_->changed.notify_all();
}

void Speaker::finish() {
  std::unique_lock lock(state_->mutex);
  state_->finishing = true;
  state_->changed.notify_all();
  state_->changed.wait_for(lock, std::chrono::seconds(2), [this] { return state_->done; });
}

int Speaker::rate() const {
  return static_cast<int>(state_->device.rate);
}
std::uint64_t Speaker::underruns() const {
  return state_->underruns;
}
std::optional<Error> Speaker::failure() const {
  const std::lock_guard lock(state_->mutex);
  return state_->failure;
}

}  // namespace parley::cli

#endif
