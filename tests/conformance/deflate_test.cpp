// Groups 12 and 13 of the public suite: permessage-deflate with every parameter, on both sides.

#include <zlib.h>

#include "parley/base/random.hpp"

#include "wire.hpp"

namespace parley::testing {
namespace {

// The peer's compressor and decompressor: zlib itself, as other libraries use it.
class Peer {
 public:
  Peer(int out_bits, bool out_takeover, int in_bits, bool in_takeover)
      : out_takeover_(out_takeover), in_takeover_(in_takeover) {
    deflateInit2(&out_, 6, Z_DEFLATED, -std::max(9, out_bits), 8, Z_DEFAULT_STRATEGY);
    inflateInit2(&in_, -in_bits);
  }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
  ~Peer() {
    deflateEnd(&out_);
    inflateEnd(&in_);
  }

  std::string pack(std::string text) {
    std::string packed(text.size() + text.size() / 8 + 64, '\0');
    out_.next_in = reinterpret_cast<Bytef*>(text.data());
    out_.avail_in = static_cast<uInt>(text.size());
    out_.next_out = reinterpret_cast<Bytef*>(packed.data());
    out_.avail_out = static_cast<uInt>(packed.size());
    deflate(&out_, Z_SYNC_FLUSH);
    const std::size_t made = packed.size() - out_.avail_out;
    packed = made < 4 ? std::string(1, '\0') : packed.substr(0, made - 4);
    if (!out_takeover_) deflateReset(&out_);
    return packed;
  }
  std::string unpack(std::string packed) {
    packed += std::string("\x00\x00\xff\xff", 4);
    std::string text;
    in_.next_in = reinterpret_cast<Bytef*>(packed.data());
    in_.avail_in = static_cast<uInt>(packed.size());
    int result = Z_OK;
    while (result == Z_OK) {
      // Little room for output: what is referred to must be in the agreed window.
      Bytef piece[16];
      in_.next_out = piece;
      in_.avail_out = sizeof piece;
      result = inflate(&in_, Z_SYNC_FLUSH);
      text.append(reinterpret_cast<char*>(piece), sizeof piece - in_.avail_out);
    }
    EXPECT_EQ(result, Z_BUF_ERROR) << (in_.msg ? in_.msg : "");
    if (!in_takeover_) inflateReset(&in_);
    return text;
  }

 private:
  z_stream out_{}, in_{};
  bool out_takeover_, in_takeover_;
};

std::string words(std::size_t size, std::uint64_t seed) {
  SeededRandom random(seed);
  std::string text;
  while (text.size() < size)
    text += "{\"key" + std::to_string(random.below(50)) + "\": \"Grüße\"},";
  std::size_t cut = size;
  while (cut > 0 && cut < text.size() && (text[cut] & 0xC0) == 0x80) --cut;
  text.resize(cut);
  text.resize(size, '.');
  return text;
}

// Sends messages of many sizes and compares what comes back.
void echo(Side side, const std::string& extensions, Peer& peer, std::size_t fragment) {
  std::vector<Frame> sent;
  std::vector<std::string> texts;
  for (const std::size_t size : {16, 64, 256, 1024, 4096, 8192, 16384, 32768, 65536, 131072, 0, 5})
    for (int i = 0; i < 4; ++i) {
      texts.push_back(words(size, size + static_cast<std::uint64_t>(i)));
      const std::string packed = peer.pack(texts.back());
      const std::size_t step = fragment ? fragment : packed.size() + 1;
      for (std::size_t at = 0; at <= packed.size(); at += step) {
        const bool last = at + step > packed.size();
        sent.emplace_back((at == 0 ? 0x41 : 0x00) | (last ? 0x80 : 0), packed.substr(at, step));
      }
    }
  Script script(std::move(sent));
  script.extensions = extensions;
  const auto heard = run_script(side, script);
  const auto messages = heard.messages();
  ASSERT_EQ(messages.size(), texts.size()) << extensions;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const auto& frame = messages[i];
    const bool compressed = (frame.first & 0x40) != 0;
    EXPECT_EQ(frame.first, compressed ? 0xc1 : 0x81);
    EXPECT_TRUE(compressed || texts[i].size() < 64) << texts[i].size();
    ASSERT_TRUE((compressed ? peer.unpack(frame.payload) : frame.payload) == texts[i])
        << extensions << " message " << i;
  }
  EXPECT_EQ(heard.close_code(), 1000);
}

TEST(Rfc7692_7, OurServerEchoesWithEveryParameter) {
  for (int bits = 8; bits <= 15; ++bits)
    for (const bool takeover : {true, false}) {
      std::string offer = "permessage-deflate; server_max_window_bits=" + std::to_string(bits) +
                          "; client_max_window_bits=" + std::to_string(23 - bits);
      if (!takeover) offer += "; server_no_context_takeover; client_no_context_takeover";
      Peer peer(23 - bits, takeover, bits, takeover);
      echo(Side::server, offer, peer, bits % 3 == 0 ? 700 : 0);
    }
}

TEST(Rfc7692_7, OurClientEchoesWithEveryParameter) {
  for (int bits = 8; bits <= 15; ++bits)
    for (const bool takeover : {true, false}) {
      std::string answer = "permessage-deflate; server_max_window_bits=" + std::to_string(bits) +
                           "; client_max_window_bits=" + std::to_string(23 - bits);
      if (!takeover) answer += "; server_no_context_takeover; client_no_context_takeover";
      Peer peer(bits, takeover, 23 - bits, takeover);
      echo(Side::client, answer, peer, bits % 3 == 0 ? 700 : 0);
    }
}

TEST(Rfc7692_5_1, TheFirstOfferThatFitsIsTaken) {
  Peer peer(15, true, 10, true);
  echo(Side::server,
       "permessage-deflate; server_max_window_bits=7, permessage-foo; x=\"y\", "
       "permessage-deflate; server_max_window_bits=10; client_max_window_bits, permessage-deflate",
       peer, 0);
}

}  // namespace
}  // namespace parley::testing
