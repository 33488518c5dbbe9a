#pragma once

#include <cstddef>

namespace parley::ws {

// What one side asks for, and how it compresses: permessage-deflate (RFC 7692).
struct DeflateOptions {
  DeflateOptions() = default;

  // Window of each direction as a power of two, 8 to 15. A client offers these limits, a server
  // applies them where the offer lets it. Smaller windows need less memory and compress less.
  int server_max_window_bits = 15;
  int client_max_window_bits = 15;
  // Each message is compressed on its own: less memory on an idle connection, and the form in which
  // one compressed message can be shared by many receivers; longer messages.
  bool server_no_context_takeover = false;
  bool client_no_context_takeover = false;

  // zlib's level, 1 (fast) to 9 (small), and memory level, 1 to 9: not part of the negotiation.
  int level = 6;
  int memory_level = 8;
  // Shorter messages are sent as they are unless Compress::always says otherwise, in bytes.
  std::size_t min_size = 64;
};

// The same fields as both sides agreed on them, with our own settings.
using DeflateAgreement = DeflateOptions;

// Whether a message is compressed, where permessage-deflate was agreed on at all.
enum class Compress {
  automatic,  // from DeflateOptions::min_size on
  always,
  never,  // for what is compressed already: audio, images
};

}  // namespace parley::ws
