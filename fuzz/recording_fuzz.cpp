// Recordings of exchanges: whatever is read is a value or an error with its line.
#include <cstdint>
#include <cstdlib>

#include "parley/emulator/record/recording.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto read = parley::emulator::read_recording(text);
  if (!read && !read.error().message().starts_with("line ")) std::abort();
  const auto session = parley::emulator::read_session_log(text);
  if (!session && !session.error().message().starts_with("byte ")) std::abort();
  return 0;
}
