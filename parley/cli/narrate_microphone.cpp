#include "parley/cli/narrate_microphone.hpp"

#include <optional>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "parley/audio/resampler.hpp"
#include "parley/audio/wav.hpp"
#include "parley/cli/lines.hpp"
#include "parley/narrative/files.hpp"

namespace parley::cli {
namespace {

constexpr auto kChunk = std::chrono::milliseconds(100);
constexpr std::size_t kMicrophonePiece = 3200;  // bytes of it

class FileMicrophone final : public narrative::Microphone {
 public:
  explicit FileMicrophone(audio::Samples samples) : chunker_(audio::kInputRate, kChunk) {
    chunker_.push(samples);
  }
  Task<std::optional<Bytes>> next() override {
    auto chunk = chunker_.poll();
    if (!chunk) chunk = chunker_.finish();
    if (chunk->empty()) co_return std::nullopt;
    const auto now = std::chrono::steady_clock::now();
    due_ = std::max(due_ + kChunk, now);
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, due_);
    co_await timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    co_return audio::to_bytes(*chunk);
  }

 private:
  audio::Chunker chunker_;
  std::chrono::steady_clock::time_point due_{};
};

class PipedMicrophone final : public narrative::Microphone {
 public:
  explicit PipedMicrophone(Executor executor) : lines_(executor, kMicrophonePiece) {}
  Task<std::optional<Bytes>> next() override {
    audio::Samples samples;
    while (samples.empty()) {
      auto bytes = co_await lines_.next();
      if (!bytes) co_return std::nullopt;
      pcm_.read(as_bytes(*bytes), samples);
    }
    co_return audio::to_bytes(samples);
  }

 private:
  LineReader lines_;
  audio::PcmReader pcm_;
};

}  // namespace

Result<std::unique_ptr<narrative::Microphone>> open_microphone(Executor executor,
                                                               const std::string& source) {
  if (source == "-")
    return std::unique_ptr<narrative::Microphone>(std::make_unique<PipedMicrophone>(executor));
  narrative::DiskSources files;
  const auto file = files.read(source);
  if (!file) return fail(file.error());
  auto sound = audio::read_wav(as_bytes(*file));
  if (!sound)
    return fail(ErrorKind::invalid_argument,
                "--microphone " + source + ": " + sound.error().message());
  auto resampler = audio::Resampler::create(sound->format.rate, audio::kInputRate);
  if (!resampler) return fail(std::move(resampler.error()));
  audio::Samples samples;
  resampler->process(sound->samples, samples);
  resampler->finish(samples);
  return std::unique_ptr<narrative::Microphone>(
      std::make_unique<FileMicrophone>(std::move(samples)));
}

}  // namespace parley::cli
