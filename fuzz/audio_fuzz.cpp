#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "parley/audio/pcm.hpp"
#include "parley/audio/repeated_speech.hpp"
#include "parley/audio/wav.hpp"

using namespace parley;

namespace {

// All that a reader says of a file that comes in pieces of that size.
std::string read_in_pieces(BytesView file, std::size_t piece) {
  audio::WavReader reader;
  std::string all;
  Result<void> read;
  for (std::size_t at = 0; at < file.size() && read; at += piece) {
    read = reader.receive(file.subspan(at, std::min(piece, file.size() - at)));
    for (const auto sample : reader.take()) all += std::to_string(sample) + ",";
  }
  if (read) read = reader.finish();
  if (!read) all += read.error().message();
  if (reader.format()) all += std::to_string(reader.format()->rate);
  return all;
}

void read_raw(std::string_view text) {
  const auto line = text.substr(0, text.find('\n'));
  const auto format = audio::parse_mime(line);
  if (!format) return;
  const auto again = audio::parse_mime(audio::mime_of(format->rate));
  if (!again || again->rate != format->rate) std::abort();
  audio::PcmReader whole(*format), pieces(*format);
  audio::Samples one, many;
  const auto bytes = as_bytes(text.substr(std::min(text.size(), line.size() + 1)));
  whole.read(bytes, one);
  for (std::size_t at = 0; at < bytes.size(); at += 3)
    pieces.read(bytes.subspan(at, std::min<std::size_t>(3, bytes.size() - at)), many);
  if (one != many || whole.left_over() != pieces.left_over()) std::abort();
}

// What is heard again in the same words has nothing new; nothing is made up, however it is cut.
void hear_again(std::string_view text) {
  text = text.substr(0, 2048);
  audio::RepeatedSpeech speech;
  if (speech.pass(text) != text) std::abort();
  speech.again();
  std::size_t told = 0;
  for (std::size_t at = 0; at < text.size(); at += 3)
    told += speech.pass(text.substr(at, 3)).size();
  if (told > text.size()) std::abort();
  speech.over();
  const auto known = std::string(text);
  (void)speech.pass(known);
  speech.again();
  const auto fresh = speech.pass(known);
  if (!fresh.empty() && fresh != known) std::abort();
  if (!fresh.empty() && speech.differs()) std::abort();
}

}  // namespace

// However a file is cut, it means the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto file = as_bytes(text);
  const auto whole = read_in_pieces(file, size + 1);
  if (read_in_pieces(file, 1) != whole || read_in_pieces(file, 7) != whole) std::abort();
  read_raw(text);
  hear_again(text);
  (void)audio::decode_base64(text);
  return 0;
}
