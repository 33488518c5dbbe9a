#include "parley/http/detail/unpack.hpp"

#include <algorithm>
#include <brotli/decode.h>
#include <new>
#include <zlib.h>

namespace parley::http::detail {
namespace {

class Plain final : public Unpacker {
 public:
  Result<Step> unpack(std::string_view input) override {
    Step step;
    step.output = input.substr(0, kUnpackPiece);
    step.used = step.output.size();
    return step;
  }
  bool at_end() const override { return true; }
};

// RFC 1950, 1951, 1952.
class Zlib final : public Unpacker {
 public:
  Zlib(int window, bool members) : members_(members) {
    if (inflateInit2(&stream_, window) != Z_OK) throw std::bad_alloc();
  }
  Zlib(const Zlib&) = delete;
  Zlib& operator=(const Zlib&) = delete;
  ~Zlib() override { inflateEnd(&stream_); }

  Result<Step> unpack(std::string_view input) override {
    Step step;
    while (step.output.empty() && step.used < input.size() + (pending_ ? 1 : 0)) {
      const auto rest = input.substr(step.used);
      if (ended_ && !rest.empty()) {
        if (!members_) return fail(ErrorKind::protocol_violation, "bytes stand behind its end");
        inflateReset(&stream_);
        ended_ = false;
      }
      if (ended_) break;
      if (auto done = inflate_some(rest, step); !done) return fail(std::move(done.error()));
    }
    return step;
  }
  bool at_end() const override { return ended_; }

 private:
  Result<void> inflate_some(std::string_view input, Step& step) {
    const auto size = static_cast<uInt>(std::min<std::size_t>(input.size(), 1 << 30));
    step.output.resize(kUnpackPiece);
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
    stream_.avail_in = size;
    stream_.next_out = reinterpret_cast<Bytef*>(step.output.data());
    stream_.avail_out = static_cast<uInt>(step.output.size());
    const int result = inflate(&stream_, Z_NO_FLUSH);
    step.used += size - stream_.avail_in;
    step.output.resize(step.output.size() - stream_.avail_out);
    ended_ = result == Z_STREAM_END;
    pending_ = stream_.avail_out == 0;  // a full piece: more may wait inside
    if (result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR) return {};
    return fail(ErrorKind::protocol_violation, stream_.msg ? stream_.msg : "bad data");
  }

  z_stream stream_{};
  bool members_;
  bool ended_ = false, pending_ = false;
};

class Brotli final : public Unpacker {
 public:
  Brotli() : state_(BrotliDecoderCreateInstance(nullptr, nullptr, nullptr)) {
    if (!state_) throw std::bad_alloc();
  }
  Brotli(const Brotli&) = delete;
  Brotli& operator=(const Brotli&) = delete;
  ~Brotli() override { BrotliDecoderDestroyInstance(state_); }

  Result<Step> unpack(std::string_view input) override {
    Step step;
    if (at_end()) {
      if (input.empty()) return step;
      return fail(ErrorKind::protocol_violation, "bytes stand behind its end");
    }
    step.output.resize(kUnpackPiece);
    std::size_t left = input.size(), room = step.output.size();
    const auto* in = reinterpret_cast<const std::uint8_t*>(input.data());
    auto* out = reinterpret_cast<std::uint8_t*>(step.output.data());
    const auto result = BrotliDecoderDecompressStream(state_, &left, &in, &room, &out, nullptr);
    step.used = input.size() - left;
    step.output.resize(step.output.size() - room);
    if (result != BROTLI_DECODER_RESULT_ERROR) return step;
    return fail(ErrorKind::protocol_violation,
                BrotliDecoderErrorString(BrotliDecoderGetErrorCode(state_)));
  }
  bool at_end() const override { return BrotliDecoderIsFinished(state_) != 0; }

 private:
  BrotliDecoderState* state_;
};

// RFC 1950, 2.2: the method, and a check over both bytes.
bool has_zlib_frame(std::string_view beginning) {
  const auto first = static_cast<unsigned char>(beginning[0]);
  const auto second = static_cast<unsigned char>(beginning[1]);
  return (first & 15) == 8 && (first << 8 | second) % 31 == 0;
}

}  // namespace

std::unique_ptr<Unpacker> make_unpacker(Coding coding, std::string_view beginning) {
  switch (coding) {
    case Coding::identity:
      return std::make_unique<Plain>();
    case Coding::gzip:
      return std::make_unique<Zlib>(15 + 16, true);
    case Coding::deflate:
      if (beginning.size() < 2) return nullptr;
      return std::make_unique<Zlib>(has_zlib_frame(beginning) ? 15 : -15, false);
    case Coding::br:
      return std::make_unique<Brotli>();
  }
  return nullptr;
}

}  // namespace parley::http::detail
