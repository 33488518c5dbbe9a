#include "parley/audio/pcm.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>

#include <fmt/format.h>

#include "parley/base/text.hpp"

namespace parley::audio {

namespace {

constexpr std::uint64_t kNanoseconds = 1'000'000'000;

// The value of a parameter, without its quotes.
std::string_view value_of(std::string_view text) {
  text = trim(text);
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"')
    text = text.substr(1, text.size() - 2);
  return text;
}

Result<int> number_of(std::string_view name, std::string_view text, int least, int most) {
  int number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc() || end != text.data() + text.size() || number < least || number > most)
    return fail(ErrorKind::invalid_argument,
                fmt::format("audio type: {} must be {} to {}, not '{}'", name, least, most, text));
  return number;
}

}  // namespace

std::string mime_of(int rate) {
  return fmt::format("audio/pcm;rate={}", rate);
}

Result<PcmFormat> parse_mime(std::string_view mime, int rate_if_none) {
  const auto parts = split(mime, ';');
  const auto type = trim(parts.front());
  const bool l16 = iequals_ascii(type, "audio/l16");
  if (!l16 && !iequals_ascii(type, "audio/pcm") && !iequals_ascii(type, "audio/x-raw-pcm"))
    return fail(ErrorKind::invalid_argument,
                fmt::format("audio type '{}' is not raw PCM (audio/pcm, audio/L16)", type));
  PcmFormat format;
  format.rate = rate_if_none;
  format.big_endian = l16;
  for (const auto part : std::span(parts).subspan(1)) {
    const auto equals = std::min(part.find('='), part.size());
    const auto name = trim(part.substr(0, equals));
    const auto value = equals < part.size() ? value_of(part.substr(equals + 1)) : "";
    if (iequals_ascii(name, "rate")) {
      const auto rate = number_of("rate", value, kLowestRate, kHighestRate);
      if (!rate) return fail(rate.error());
      format.rate = *rate;
    } else if (iequals_ascii(name, "channels")) {
      const auto channels = number_of("channels", value, 1, kMostChannels);
      if (!channels) return fail(channels.error());
      format.channels = *channels;
    } else if (iequals_ascii(name, "codec") && iequals_ascii(value, "pcm")) {
      format.big_endian = false;
    }
  }
  return format;
}

Duration duration_of(std::uint64_t samples, int rate) {
  const auto per_second = static_cast<std::uint64_t>(rate);
  const auto rest = samples % per_second * kNanoseconds;
  const auto total = samples / per_second * kNanoseconds + (rest + per_second - 1) / per_second;
  return std::chrono::nanoseconds(total);
}

std::uint64_t samples_in(Duration duration, int rate) {
  const auto ns = std::chrono::nanoseconds(duration).count();
  if (ns <= 0) return 0;
  const auto per_second = static_cast<std::uint64_t>(rate);
  const auto whole = static_cast<std::uint64_t>(ns);
  return whole / kNanoseconds * per_second + whole % kNanoseconds * per_second / kNanoseconds;
}

Duration duration_of_bytes(std::uint64_t bytes, const PcmFormat& format) {
  return duration_of(bytes / sizeof(Sample) / static_cast<std::uint64_t>(format.channels),
                     format.rate);
}

std::uint64_t bytes_in(Duration duration, const PcmFormat& format) {
  return samples_in(duration, format.rate) * sizeof(Sample) *
         static_cast<std::uint64_t>(format.channels);
}

void append_bytes(Bytes& out, SamplesView samples) {
  const auto at = out.size();
  out.resize(at + samples.size_bytes());
  if constexpr (std::endian::native == std::endian::little) {
    if (!samples.empty()) std::memcpy(out.data() + at, samples.data(), samples.size_bytes());
  } else {
    auto* to = out.data() + at;
    for (const auto sample : samples) {
      *to++ = static_cast<std::byte>(sample & 0xff);
      *to++ = static_cast<std::byte>((sample >> 8) & 0xff);
    }
  }
}

Bytes to_bytes(SamplesView samples) {
  Bytes out;
  append_bytes(out, samples);
  return out;
}

Result<Bytes> decode_base64(std::string_view text) {
  auto bytes = from_base64(text);
  if (!bytes)
    return fail(ErrorKind::invalid_argument,
                fmt::format("audio: {} characters that are no base64", text.size()));
  return std::move(*bytes);
}

namespace {

int sample_at(const std::byte* at, bool big_endian) {
  const auto first = static_cast<unsigned>(at[0]), second = static_cast<unsigned>(at[1]);
  return static_cast<Sample>(big_endian ? first << 8 | second : second << 8 | first);
}

// The mean of a frame's channels, halves rounded away from zero.
Sample mixed(const std::byte* frame, const PcmFormat& format) {
  int sum = 0;
  for (int channel = 0; channel < format.channels; ++channel)
    sum += sample_at(frame + 2 * channel, format.big_endian);
  const int half = sum < 0 ? -format.channels : format.channels;
  return static_cast<Sample>((2 * sum + half) / (2 * format.channels));
}

}  // namespace

void PcmReader::read(BytesView bytes, Samples& out) {
  const auto frame = sizeof(Sample) * static_cast<std::size_t>(format_.channels);
  if (!rest_.empty()) {
    const auto missing = std::min(frame - rest_.size(), bytes.size());
    rest_.insert(rest_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(missing));
    bytes = bytes.subspan(missing);
    if (rest_.size() < frame) return;
    out.push_back(mixed(rest_.data(), format_));
    rest_.clear();
  }
  const auto whole = bytes.size() / frame;
  const auto at = out.size();
  out.resize(at + whole);
  if (format_.channels == 1 && !format_.big_endian && std::endian::native == std::endian::little) {
    if (whole > 0) std::memcpy(out.data() + at, bytes.data(), whole * frame);
  } else {
    for (std::size_t i = 0; i < whole; ++i) out[at + i] = mixed(bytes.data() + i * frame, format_);
  }
  const auto rest = bytes.subspan(whole * frame);
  rest_.assign(rest.begin(), rest.end());
}

Chunker::Chunker(int rate, Duration chunk)
    : rate_(rate), chunk_(std::max(chunk, duration_of(1, rate))) {}

std::uint64_t Chunker::end_of(std::uint64_t chunk) const {
  return samples_in(chunk_ * static_cast<Duration::rep>(chunk), rate_);
}

void Chunker::push(SamplesView samples) {
  waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(read_));
  read_ = 0;
  waiting_.insert(waiting_.end(), samples.begin(), samples.end());
}

std::optional<Samples> Chunker::poll() {
  const auto size = end_of(chunks_ + 1) - end_of(chunks_);
  if (waiting_.size() - read_ < size) return std::nullopt;
  const auto begin = waiting_.begin() + static_cast<std::ptrdiff_t>(read_);
  Samples chunk(begin, begin + static_cast<std::ptrdiff_t>(size));
  read_ += size;
  ++chunks_;
  return chunk;
}

Samples Chunker::finish() {
  Samples rest(waiting_.begin() + static_cast<std::ptrdiff_t>(read_), waiting_.end());
  waiting_.clear();
  read_ = 0;
  chunks_ = 0;
  return rest;
}

}  // namespace parley::audio
