#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "parley/base/bytes.hpp"
#include "parley/base/error.hpp"
#include "parley/base/time.hpp"

// Raw speech: signed 16-bit samples of one channel, in the order in which they are heard. Every
// part of this module speaks of samples in it, and of samples per second where it says `rate`.
namespace parley::audio {

using Sample = std::int16_t;
using Samples = std::vector<Sample>;
// Samples that somebody else owns; valid as long as the owner says.
using SamplesView = std::span<const Sample>;

// What the Gemini Live API hears and says (Live API guide, "Audio formats").
inline constexpr int kInputRate = 16'000;
inline constexpr int kOutputRate = 24'000;
// Rates that formats, files and the resampler take.
inline constexpr int kLowestRate = 1'000;
inline constexpr int kHighestRate = 384'000;
inline constexpr int kMostChannels = 32;

// How the bytes of a stream are to be read: PCM of 16 bits, channels interleaved.
struct PcmFormat {
  int rate = kOutputRate;  // kLowestRate to kHighestRate
  int channels = 1;        // 1 to kMostChannels
  bool big_endian = false;
  bool operator==(const PcmFormat&) const = default;
};

// "audio/pcm;rate=16000", as the Live API wants it.
std::string mime_of(int rate);
// Reads "audio/pcm", "audio/L16" and "audio/x-raw-pcm" alike, with the parameters rate and
// channels; others are passed over. Without a rate it is `rate_if_none`. Bytes are little endian,
// as Gemini's are also under the name L16; only "audio/L16" without "codec=pcm" is big endian (RFC
// 2586). Errors (invalid_argument): another type, a number out of its range.
Result<PcmFormat> parse_mime(std::string_view mime, int rate_if_none = kOutputRate);

// Time and samples, exact in whole samples: samples_in(duration_of(n, rate), rate) == n. A duration
// is rounded up to the nanosecond, a number of samples down. Negative durations are taken as none.
Duration duration_of(std::uint64_t samples, int rate);
std::uint64_t samples_in(Duration duration, int rate);
// The same for bytes; a sample that is cut in two counts for nothing.
Duration duration_of_bytes(std::uint64_t bytes, const PcmFormat& format);
std::uint64_t bytes_in(Duration duration, const PcmFormat& format);

// Little endian, two bytes a sample.
void append_bytes(Bytes& out, SamplesView samples);
Bytes to_bytes(SamplesView samples);
// The bytes of base64 text in either alphabet, with or without padding (RFC 4648). Errors
// (invalid_argument): text that is no base64.
Result<Bytes> decode_base64(std::string_view text);

// Bytes that are cut anywhere become samples; channels are mixed down to their mean. What is left
// of a frame (one sample of each channel) waits for the next piece.
class PcmReader {
 public:
  explicit PcmReader(PcmFormat format = PcmFormat()) : format_(format) {}
  const PcmFormat& format() const { return format_; }

  // Appends what the bytes complete.
  void read(BytesView bytes, Samples& out);
  // Bytes of a frame that is not whole: where it is not 0 at the end, the stream was cut.
  std::size_t left_over() const { return rest_.size(); }
  void clear() { rest_.clear(); }

 private:
  PcmFormat format_;
  Bytes rest_;
};

// Cuts a stream into chunks of the same duration. A sample is never split, and where a duration is
// no whole number of samples, chunks differ by one, so that the n-th ends at n durations exactly.
class Chunker {
 public:
  // `chunk`: at least one sample; shorter ones are taken as one sample.
  Chunker(int rate, Duration chunk);

  void push(SamplesView samples);
  // The next whole chunk.
  std::optional<Samples> poll();
  // What is left, shorter than a chunk; empty: nothing. The next chunk begins anew.
  Samples finish();

 private:
  std::uint64_t end_of(std::uint64_t chunk) const;

  int rate_;
  Duration chunk_;
  Samples waiting_;
  std::size_t read_ = 0;      // samples of waiting_ that were given
  std::uint64_t chunks_ = 0;  // given so far
};

}  // namespace parley::audio
