#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "parley/audio/detail/wav_layout.hpp"
#include "parley/audio/wav.hpp"

namespace parley::audio {

namespace {

using detail::little_endian;

// Programs that write to a pipe put the largest number there that they dare: 0xFFFFFFFF (FFmpeg),
// 0x7FFFF000 (SoX, eSpeak), 0x80000000 (arecord).
bool is_unknown_size(std::uint32_t size) {
  return size >= 0xffff'0000 || (size >= 0x7fff'0000 && size <= 0x8000'0000);
}

// A chunk's name as an error may show it.
std::string shown(std::string_view name) {
  std::string out;
  for (const char letter : name) out += letter >= ' ' && letter <= '~' ? letter : '?';
  return out;
}

std::string_view codec_name(std::uint32_t tag) {
  switch (tag) {
    case 2:
      return " (ADPCM)";
    case 6:
      return " (A-law)";
    case 7:
      return " (mu-law)";
    case 0x11:
      return " (IMA ADPCM)";
    case 0x55:
      return " (MP3)";
    default:
      return "";
  }
}

// One stored sample on the scale of 16 bits.
double decoded(const std::byte* at, const WavFormat& format) {
  if (format.floating) {
    double value = 0;
    if (format.bits == 32) {
      value = static_cast<double>(std::bit_cast<float>(little_endian(at, 4)));
    } else {
      const std::uint64_t high = little_endian(at + 4, 4);
      value = std::bit_cast<double>(high << 32 | little_endian(at, 4));
    }
    return std::isnan(value) ? 0 : std::clamp(value, -2.0, 2.0) * 32'768;
  }
  const auto bytes = static_cast<std::size_t>(format.bits / 8);
  const auto raw = little_endian(at, bytes) << (32 - format.bits);
  if (format.bits == 8) return static_cast<double>(raw >> 24) * 256 - 32'768;
  return static_cast<double>(static_cast<std::int32_t>(raw)) / 65'536;
}

}  // namespace

std::unexpected<Error> WavReader::refuse(std::string what) {
  error_ = Error(ErrorKind::invalid_argument, "WAV: " + std::move(what));
  return fail(*error_);
}

void WavReader::expect(Part part, std::size_t size) {
  part_ = part;
  wanted_ = size;
  buffer_.clear();
}

Result<void> WavReader::receive(BytesView bytes) {
  if (error_) return fail(*error_);
  received_ += bytes.size();
  while (!bytes.empty()) {
    if (part_ == Part::behind) return {};
    if (part_ == Part::skip || part_ == Part::sound) {
      const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
      if (part_ == Part::sound) take_sound(bytes.first(size));
      bytes = bytes.subspan(size);
      if (!size_unknown_) left_ -= size;
      if (left_ == 0) {
        if (part_ == Part::sound)
          part_ = Part::behind;
        else
          expect(Part::chunk, 8);
      }
      continue;
    }
    const auto size = std::min(wanted_ - buffer_.size(), bytes.size());
    buffer_.insert(buffer_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    bytes = bytes.subspan(size);
    if (buffer_.size() < wanted_) return {};
    if (auto taken = take_part(); !taken) return taken;
  }
  return {};
}

Result<void> WavReader::take_part() {
  if (part_ == Part::riff) return take_riff();
  if (part_ == Part::chunk) return take_chunk();
  return take_format();
}

Result<void> WavReader::take_riff() {
  const auto text = as_text(buffer_);
  const auto form = text.substr(0, 4);
  if (form == "RIFX" || form == "RF64" || form == "BW64")
    return refuse(fmt::format("{} files are not read, only RIFF", form));
  if (form != "RIFF" || text.substr(8) != "WAVE")
    return refuse("the file does not begin as WAV files do (RIFF … WAVE)");
  const auto size = little_endian(buffer_.data() + 4, 4);
  riff_size_unknown_ = size == 0 || is_unknown_size(size);
  expect(Part::chunk, 8);
  return {};
}

Result<void> WavReader::take_chunk() {
  const std::string name(as_text(buffer_).substr(0, 4));
  const auto size = little_endian(buffer_.data() + 4, 4);
  if (name == "data") {
    if (!format_) return refuse("the sound (chunk 'data') stands before its format ('fmt ')");
    size_unknown_ = is_unknown_size(size) || (size == 0 && riff_size_unknown_);
    sound_size_ = size;
    left_ = size_unknown_ ? UINT64_MAX : size;
    expect(left_ == 0 ? Part::behind : Part::sound, 0);
    return {};
  }
  if (name == "fmt " && !format_) {
    if (size < 16)
      return refuse(fmt::format("its format (chunk 'fmt ') has {} bytes, at least 16", size));
    const std::uint32_t read = size >= 40 ? 40 : 16;
    expect(Part::format, read);
    skip_behind_ = static_cast<std::uint64_t>(size) + size % 2 - read;
    return {};
  }
  left_ = static_cast<std::uint64_t>(size) + size % 2;
  if (left_ == 0)
    expect(Part::chunk, 8);
  else
    expect(Part::skip, 0);
  return {};
}

Result<void> WavReader::take_format() {
  const auto* at = buffer_.data();
  auto tag = little_endian(at, 2);
  const auto channels = little_endian(at + 2, 2), rate = little_endian(at + 4, 4);
  const auto frame = little_endian(at + 12, 2), bits = little_endian(at + 14, 2);
  if (tag == detail::kWavExtensible) {
    if (buffer_.size() < 40) return refuse("its extensible format is cut off");
    tag = little_endian(at + 24, 2);
  }
  if (tag != detail::kWavPcm && tag != detail::kWavFloat)
    return refuse(fmt::format("sound of format {}{} is not read, only PCM and floating point", tag,
                              codec_name(tag)));
  if (channels < 1 || channels > kMostChannels)
    return refuse(fmt::format("{} channels, 1 to {} are read", channels, kMostChannels));
  if (rate < kLowestRate || rate > kHighestRate)
    return refuse(
        fmt::format("{} samples per second, {} to {} are read", rate, kLowestRate, kHighestRate));
  const auto stored = 8 * (frame / channels);
  const bool floating = tag == detail::kWavFloat;
  const bool known = floating ? stored == 32 || stored == 64 : stored >= 8 && stored <= 32;
  if (frame % channels != 0 || !known || bits > stored || bits == 0)
    return refuse(fmt::format("{} bits in {} bytes for {} channels do not fit together{}", bits,
                              frame, channels, floating ? " (floating point)" : ""));
  format_ = WavFormat{static_cast<int>(rate), static_cast<int>(channels), static_cast<int>(stored),
                      floating};
  left_ = skip_behind_;
  if (left_ == 0)
    expect(Part::chunk, 8);
  else
    expect(Part::skip, 0);
  return {};
}

void WavReader::take_sound(BytesView bytes) {
  const auto step = static_cast<std::size_t>(format_->bits / 8);
  const auto frame = step * static_cast<std::size_t>(format_->channels);
  const auto mix = [&](const std::byte* at) {
    double sum = 0;
    for (std::size_t channel = 0; channel < frame; channel += step)
      sum += decoded(at + channel, *format_);
    const double mean = std::clamp(sum / format_->channels, -32'768.0, 32'767.0);
    samples_.push_back(static_cast<Sample>(std::lround(mean)));
  };
  if (!buffer_.empty()) {
    const auto size = std::min(frame - buffer_.size(), bytes.size());
    buffer_.insert(buffer_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    bytes = bytes.subspan(size);
    if (buffer_.size() < frame) return;
    mix(buffer_.data());
    buffer_.clear();
  }
  for (; bytes.size() >= frame; bytes = bytes.subspan(frame)) mix(bytes.data());
  buffer_.assign(bytes.begin(), bytes.end());
}

Result<void> WavReader::finish() {
  if (error_) return fail(*error_);
  if (part_ == Part::sound && !size_unknown_)
    return refuse(
        fmt::format("the sound ends after {} of {} bytes", sound_size_ - left_, sound_size_));
  if (part_ == Part::sound || part_ == Part::behind) {
    if (!buffer_.empty())
      return refuse(fmt::format("the sound ends after {} bytes of a sample", buffer_.size()));
    return {};
  }
  if (part_ == Part::chunk && buffer_.empty() && format_)
    return refuse("the file has no sound (chunk 'data')");
  if (part_ == Part::chunk && !buffer_.empty())
    return refuse(fmt::format("the file ends after {} bytes, within the head of chunk '{}'",
                              received_, shown(as_text(buffer_).substr(0, 4))));
  return refuse(fmt::format("the file ends after {} bytes, within its header", received_));
}

Samples WavReader::take() {
  return std::exchange(samples_, {});
}

Result<WavSound> read_wav(BytesView file) {
  WavReader reader;
  if (auto read = reader.receive(file); !read) return fail(read.error());
  if (auto read = reader.finish(); !read) return fail(read.error());
  WavSound sound;
  sound.format = *reader.format();
  sound.samples = reader.take();
  return sound;
}

}  // namespace parley::audio
