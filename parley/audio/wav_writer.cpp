#include <algorithm>

#include "parley/audio/detail/wav_layout.hpp"
#include "parley/audio/wav.hpp"
#include "parley/base/bytes.hpp"

namespace parley::audio {

namespace {

constexpr std::uint32_t kHeader = 44;

void append_name(Bytes& out, std::string_view name) {
  const auto bytes = as_bytes(name);
  out.insert(out.end(), bytes.begin(), bytes.end());
}

// `sound`: bytes of it, or kWavUnknownSize.
Bytes header_of(int rate, std::uint32_t sound) {
  const bool unknown = sound == detail::kWavUnknownSize;
  const auto per_second = static_cast<std::uint32_t>(rate);
  Bytes out;
  out.reserve(kHeader);
  append_name(out, "RIFF");
  detail::append_little_endian(out, unknown ? sound : sound + kHeader - 8, 4);
  append_name(out, "WAVEfmt ");
  detail::append_little_endian(out, 16, 4);
  detail::append_little_endian(out, detail::kWavPcm, 2);
  detail::append_little_endian(out, 1, 2);
  detail::append_little_endian(out, per_second, 4);
  detail::append_little_endian(out, per_second * sizeof(Sample), 4);
  detail::append_little_endian(out, sizeof(Sample), 2);
  detail::append_little_endian(out, 8 * sizeof(Sample), 2);
  append_name(out, "data");
  detail::append_little_endian(out, sound, 4);
  return out;
}

}  // namespace

Result<void> WavWriter::write(SamplesView samples, Bytes& out) {
  if (bytes_ + samples.size_bytes() + kHeader >= detail::kWavUnknownSize)
    return fail(ErrorKind::too_large, "WAV: a file cannot hold more than 4 GiB of sound");
  if (!begun_) {
    const auto header = header_of(rate_, detail::kWavUnknownSize);
    out.insert(out.end(), header.begin(), header.end());
    begun_ = true;
  }
  append_bytes(out, samples);
  bytes_ += samples.size_bytes();
  return {};
}

Bytes WavWriter::header() const {
  return header_of(rate_, static_cast<std::uint32_t>(bytes_));
}

Result<Bytes> write_wav(SamplesView samples, int rate) {
  WavWriter writer(rate);
  Bytes file;
  if (auto written = writer.write(samples, file); !written) return fail(written.error());
  const auto header = writer.header();
  std::ranges::copy(header, file.begin());
  return file;
}

}  // namespace parley::audio
