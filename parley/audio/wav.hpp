#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "parley/audio/pcm.hpp"
#include "parley/base/bytes.hpp"
#include "parley/base/error.hpp"

// WAV files (Microsoft and IBM, "Multimedia Programming Interface and Data Specifications 1.0";
// WAVE_FORMAT_EXTENSIBLE: Microsoft, "WAVEFORMATEXTENSIBLE").
namespace parley::audio {

// How the sound of a file is stored.
struct WavFormat {
  int rate = 0;      // kLowestRate to kHighestRate
  int channels = 0;  // 1 to kMostChannels
  int bits = 0;      // of a stored sample: 8, 16, 24, 32; 32 or 64 where it is floating
  bool floating = false;
  bool operator==(const WavFormat&) const = default;
};

// Reads a file that comes in pieces of any size: PCM of 8 to 32 bits, floating point of 32 and 64,
// also as WAVE_FORMAT_EXTENSIBLE. Channels are mixed down to their mean; samples are rounded to 16
// bits, louder ones limited. Other chunks are passed over. A length of 0xFFFFFFFF, or of nearly 2
// or 4 GiB, or 0 in both lengths, is what programs write that do not know it: the sound then goes
// on to the end. Chunks behind the sound are not looked at.
class WavReader {
 public:
  // Errors (invalid_argument): no WAV file; a kind of sound that is not told above, by its name; a
  // header that contradicts itself. The same error is given to each later call.
  Result<void> receive(BytesView bytes);
  // No more bytes come. Errors (invalid_argument): the file ends too early, and where. What was
  // read up to there is kept.
  Result<void> finish();

  // Empty before the header was read.
  const std::optional<WavFormat>& format() const { return format_; }
  // The samples since the last call, at the file's rate.
  Samples take();

 private:
  enum class Part { riff, chunk, format, skip, sound, behind };

  // Bytes of the whole part that comes next, read from buffer_.
  Result<void> take_part();
  Result<void> take_riff();
  Result<void> take_chunk();
  Result<void> take_format();
  void take_sound(BytesView bytes);
  void expect(Part part, std::size_t size);
  std::unexpected<Error> refuse(std::string what);

  Part part_ = Part::riff;
  std::size_t wanted_ = 12;  // bytes of buffer_ that make a part
  Bytes buffer_;
  std::uint64_t left_ = 0;         // bytes of `skip` or `sound` that are still to come
  std::uint64_t skip_behind_ = 0;  // bytes of a format chunk behind what is read of it
  std::uint64_t sound_size_ = 0;
  bool size_unknown_ = false;
  bool riff_size_unknown_ = false;
  std::uint64_t received_ = 0;
  std::optional<WavFormat> format_;
  Samples samples_;
  std::optional<Error> error_;
};

// A whole file at once.
struct WavSound {
  WavSound() = default;
  WavFormat format;
  Samples samples;
};
Result<WavSound> read_wav(BytesView file);

// Writes a file of 16 bits and one channel while its sound is being made.
class WavWriter {
 public:
  // `rate`: samples per second.
  explicit WavWriter(int rate) : rate_(rate) {}

  // Appends the samples' bytes to `out`, the first time behind a header with unknown lengths, as
  // pipes need it. Errors (too_large): the file would pass 4 GiB; nothing is appended.
  Result<void> write(SamplesView samples, Bytes& out);
  // The 44 bytes to put over the file's beginning where it can be written again: the header with
  // its true lengths. More may be written afterwards.
  Bytes header() const;

 private:
  int rate_;
  std::uint64_t bytes_ = 0;
  bool begun_ = false;
};

// A whole file at once. Errors (too_large): over 4 GiB.
Result<Bytes> write_wav(SamplesView samples, int rate);

}  // namespace parley::audio
