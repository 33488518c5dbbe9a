#include "parley/http/coding.hpp"

#include <algorithm>
#include <array>
#include <brotli/encode.h>
#include <limits>
#include <new>
#include <zlib.h>

#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/http/detail/unpack.hpp"

namespace parley::http {
namespace {

constexpr std::string_view kNames[] = {"identity", "gzip", "deflate", "br"};

std::string encode_brotli(std::string_view body, int level) {
  std::string out(BrotliEncoderMaxCompressedSize(body.size()), '\0');
  std::size_t size = out.size();
  const bool done =
      BrotliEncoderCompress(level, BROTLI_DEFAULT_WINDOW, BROTLI_DEFAULT_MODE, body.size(),
                            reinterpret_cast<const std::uint8_t*>(body.data()), &size,
                            reinterpret_cast<std::uint8_t*>(out.data())) != 0;
  if (!done) throw std::bad_alloc();
  out.resize(size);
  return out;
}

std::string encode_zlib(Coding coding, std::string_view body, int level) {
  z_stream stream{};
  const int window = coding == Coding::gzip ? 15 + 16 : 15;
  if (deflateInit2(&stream, level, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::bad_alloc();
  std::string out;
  std::array<char, 16 * 1024> piece{};
  int result = Z_OK;
  while (result != Z_STREAM_END) {
    if (stream.avail_in == 0 && !body.empty()) {
      const auto part = body.substr(0, 1 << 30);
      body.remove_prefix(part.size());
      stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(part.data()));
      stream.avail_in = static_cast<uInt>(part.size());
    }
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = piece.size();
    result = deflate(&stream, body.empty() ? Z_FINISH : Z_NO_FLUSH);
    out.append(piece.data(), piece.size() - stream.avail_out);
  }
  deflateEnd(&stream);
  return out;
}

}  // namespace

std::string_view to_string(Coding coding) {
  return kNames[static_cast<std::size_t>(coding)];
}

std::optional<Coding> coding_of(std::string_view content_encoding) {
  const auto word = trim(content_encoding);
  if (word.empty()) return Coding::identity;
  if (iequals_ascii(word, "x-gzip")) return Coding::gzip;
  for (std::size_t n = 0; n < std::size(kNames); ++n)
    if (iequals_ascii(word, kNames[n])) return static_cast<Coding>(n);
  return std::nullopt;
}

std::string encode_content(Coding coding, std::string_view body, int level) {
  level = std::clamp(level, 0, 9);
  switch (coding) {
    case Coding::identity:
      break;
    case Coding::br:
      return encode_brotli(body, level);
    case Coding::gzip:
    case Coding::deflate:
      return encode_zlib(coding, body, level);
  }
  return std::string(body);
}

struct ContentDecoder::State {
  Coding coding = Coding::identity;
  std::unique_ptr<detail::Unpacker> unpacker;  // made with the first byte
  std::string input;
  std::size_t used = 0;
};

ContentDecoder::ContentDecoder(Coding coding) : state_(std::make_unique<State>()) {
  state_->coding = coding;
}
ContentDecoder::ContentDecoder(ContentDecoder&&) noexcept = default;
ContentDecoder& ContentDecoder::operator=(ContentDecoder&&) noexcept = default;
ContentDecoder::~ContentDecoder() = default;

void ContentDecoder::receive(std::string_view input) {
  auto& state = *state_;
  state.input.erase(0, state.used);
  state.used = 0;
  state.input += input;
}

Result<std::string> ContentDecoder::poll() {
  auto& state = *state_;
  const std::string_view rest = std::string_view(state.input).substr(state.used);
  if (!state.unpacker) {
    state.unpacker = detail::make_unpacker(state.coding, rest);
    if (!state.unpacker) return std::string();
  }
  auto step = state.unpacker->unpack(rest);
  if (!step)
    return fail(Error(ErrorKind::protocol_violation,
                      fmt::format("the body is not {}, which its header says: {}",
                                  to_string(state.coding), step.error().message()))
                    .with_stage(Stage::receive));
  state.used += step->used;
  return std::move(step->output);
}

Result<void> ContentDecoder::finish() {
  const auto& state = *state_;
  const bool unread = state.used < state.input.size();
  const bool whole = !state.unpacker ? !unread : state.unpacker->at_end();
  if (whole && !unread) return {};
  return fail(Error(ErrorKind::protocol_violation,
                    fmt::format("the body's {} coding ends early", to_string(state.coding)))
                  .with_stage(Stage::receive));
}

Result<std::string> decode_content(Coding coding, std::string_view body, std::size_t limit) {
  ContentDecoder decoder(coding);
  decoder.receive(body);
  std::string whole;
  for (;;) {
    auto piece = decoder.poll();
    if (!piece) return piece;
    if (piece->empty()) break;
    whole += *piece;
    if (whole.size() > limit)
      return fail(ErrorKind::too_large, fmt::format("the unpacked body is over {} bytes", limit));
  }
  if (auto end = decoder.finish(); !end) return fail(std::move(end.error()));
  return whole;
}

}  // namespace parley::http
