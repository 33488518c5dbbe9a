#include "parley/cli/detail/alsa.hpp"

#ifdef PARLEY_ALSA

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "parley/audio/resampler.hpp"
#include "parley/cli/sound.hpp"

namespace parley::cli {
namespace {

constexpr std::size_t kMostPieces = 500;  // 10 s
constexpr auto kDirection = SND_PCM_STREAM_CAPTURE;

}  // namespace

struct Microphone::State {
  State(alsa::Device opened, audio::Resampler to_input, const Executor& executor)
      : device(std::move(opened)),
        resampler(std::move(to_input)),
        pcm(audio::PcmFormat{static_cast<int>(device.rate), static_cast<int>(device.channels)}),
        ready(std::make_unique<boost::asio::steady_timer>(executor)) {}

  void record(const std::shared_ptr<State>& self);
  bool keep_time(snd_pcm_sframes_t frames);
  void give(const std::shared_ptr<State>& self, audio::Samples piece);
  void end(const std::shared_ptr<State>& self, std::optional<Error> why);
  void wake(const std::shared_ptr<State>& self);

  // Of the thread that records.
  alsa::Device device;
  audio::Resampler resampler;
  audio::PcmReader pcm;
  std::chrono::steady_clock::time_point due = std::chrono::steady_clock::now();
  std::atomic<std::uint64_t> overruns{0};

  std::mutex mutex;  // guards what follows
  std::condition_variable stopping;
  std::deque<audio::Samples> pieces;
  bool ended = false, stopped = false;
  std::optional<Error> failure;
  // Used on the loop only; null: nobody waits any more, and the loop may be gone.
  std::unique_ptr<boost::asio::steady_timer> ready;
};

// With the mutex held.
void Microphone::State::wake(const std::shared_ptr<State>& self) {
  if (!ready) return;
  boost::asio::post(ready->get_executor(), [self] {
    const std::lock_guard lock(self->mutex);
    if (self->ready) self->ready->cancel();
  });
}

void Microphone::State::give(const std::shared_ptr<State>& self, audio::Samples piece) {
  const std::lock_guard lock(mutex);
  pieces.push_back(std::move(piece));
  if (pieces.size() > kMostPieces) {
    pieces.pop_front();
    ++overruns;
  }
  wake(self);
}

void Microphone::State::end(const std::shared_ptr<State>& self, std::optional<Error> why) {
  const std::lock_guard lock(mutex);
  ended = true;
  failure = std::move(why);
  wake(self);
}

// ALSA's plugins "file" and "null" give sound as fast as it is read: it is read at most a tenth
// faster than it lasts. False: the owner wants no more.
bool Microphone::State::keep_time(snd_pcm_sframes_t frames) {
  const auto now = std::chrono::steady_clock::now();
  due = std::max(due, now - std::chrono::milliseconds(500)) +
        std::chrono::nanoseconds(frames * 1'000'000'000 / device.rate * 10 / 11);
  std::unique_lock lock(mutex);
  stopping.wait_until(lock, due - std::chrono::milliseconds(100), [this] { return stopped; });
  return !stopped;
}

void Microphone::State::record(const std::shared_ptr<State>& self) {
  auto* handle = device.pcm.get();
  Bytes bytes(static_cast<std::size_t>(
      snd_pcm_frames_to_bytes(handle, static_cast<snd_pcm_sframes_t>(device.period))));
  for (;;) {
    auto frames = snd_pcm_readi(handle, bytes.data(), device.period);
    if (frames == -EPIPE || frames == -ESTRPIPE || frames == -EINTR) {
      overruns += frames == -EPIPE ? 1 : 0;
      frames = snd_pcm_recover(handle, static_cast<int>(frames), 1);
      if (frames >= 0) continue;
    }
    if (frames < 0)
      return end(self,
                 alsa::error_of(static_cast<int>(frames), kDirection, device.name, "recording"));
    audio::Samples samples, piece;
    if (frames > 0) {
      const auto size = static_cast<std::size_t>(snd_pcm_frames_to_bytes(handle, frames));
      pcm.read(BytesView(bytes.data(), size), samples);
      resampler.process(samples, piece);
    } else {
      resampler.finish(piece);
    }
    give(self, std::move(piece));
    if (frames == 0) return end(self, std::nullopt);
    if (!keep_time(frames)) return;
  }
}

Result<Microphone> Microphone::open(const Executor& executor, const std::string& device) {
  auto opened = alsa::open(device, kDirection, audio::kInputRate);
  if (!opened) return fail(std::move(opened.error()));
  auto resampler = audio::Resampler::create(static_cast<int>(opened->rate), audio::kInputRate);
  if (!resampler) return fail(std::move(resampler.error()));
  auto state = std::make_shared<State>(std::move(*opened), std::move(*resampler), executor);
  std::thread([state] { state->record(state); }).detach();
  return Microphone(std::move(state));
}

Microphone::Microphone(std::shared_ptr<State> state) : state_(std::move(state)) {}
Microphone::Microphone(Microphone&&) noexcept = default;
Microphone& Microphone::operator=(Microphone&&) noexcept = default;
Microphone::~Microphone() {
  if (!state_) return;
  const std::lock_guard lock(state_->mutex);
  state_->stopped = true;
  state_->ready.reset();
  state_->stopping.notify_all();
}

Task<Result<std::optional<audio::Samples>>> Microphone::next() {
  const auto state = state_;
  for (;;) {
    boost::asio::steady_timer* ready = nullptr;
    {
      const std::lock_guard lock(state->mutex);
      if (!state->pieces.empty()) {
        std::optional<audio::Samples> piece(std::move(state->pieces.front()));
        state->pieces.pop_front();
        co_return piece;
      }
      if (state->failure) co_return fail(*state->failure);
      if (state->ended || !state->ready) co_return std::optional<audio::Samples>();
      ready = state->ready.get();
    }
    ready->expires_at(std::chrono::steady_clock::time_point::max());
    boost::system::error_code ignored;
    co_await ready->async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
  }
}

int Microphone::rate() const {
  return static_cast<int>(state_->device.rate);
}
std::uint64_t Microphone::overruns() const {
  return state_->overruns;
}

}  // namespace parley::cli

#endif
