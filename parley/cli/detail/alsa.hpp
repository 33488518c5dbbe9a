#pragma once

#ifdef PARLEY_ALSA

#include <alsa/asoundlib.h>
#include <memory>
#include <string>

#include "parley/base/error.hpp"

namespace parley::cli::alsa {

struct Close {
  void operator()(snd_pcm_t* pcm) const { snd_pcm_close(pcm); }
};
using Pcm = std::unique_ptr<snd_pcm_t, Close>;

// An open device as it was set up: 16 bits, channels interleaved.
struct Device {
  Pcm pcm;
  std::string name;
  unsigned rate = 0, channels = 1;
  snd_pcm_uframes_t period = 0;  // frames
};

// `rate`: wanted; the nearest that the device has without a conversion of the library is taken.
Result<Device> open(const std::string& name, snd_pcm_stream_t direction, unsigned rate);
// What an error of the library means: "the microphone "x" is in use by another program".
Error error_of(int code, snd_pcm_stream_t direction, const std::string& name,
               std::string_view doing);
// Keeps the library's own messages from standard error.
void silence();

}  // namespace parley::cli::alsa

#endif
