#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/audio/pcm.hpp"
#include "parley/base/error.hpp"
#include "parley/net/task.hpp"

// The machine's microphones and speakers, through ALSA. Built with PARLEY_ALSA=OFF, everything
// here fails with invalid_state and says what to do.
namespace parley::cli {

struct SoundDevice {
  std::string name;  // as open() takes it
  std::string description;
  bool records = false, plays = false;
};
// What the configuration of ALSA names. Errors: unavailable.
Result<std::vector<SoundDevice>> sound_devices();

// A device that records, read by a thread of its own. Belongs to its executor's thread.
class Microphone {
 public:
  // `device`: a name of sound_devices(), "default" for the user's choice. Errors: not_found,
  // conflict (in use by another program), permission_denied, invalid_argument (no PCM of 16 bits),
  // each with the name of the device; unavailable for what else it says.
  static Result<Microphone> open(const Executor& executor, const std::string& device);
  Microphone(Microphone&&) noexcept;
  Microphone& operator=(Microphone&&) noexcept;
  ~Microphone();

  // What was recorded since, at audio::kInputRate, some 20 ms at once; at most 10 s wait, then the
  // oldest go and are counted. Empty: the device has no more, as a file that stands for one. One at
  // a time. Errors: disconnected (unplugged), unavailable.
  Task<Result<std::optional<audio::Samples>>> next();
  // Samples per second of the device itself.
  int rate() const;
  // Times that the device's own queue was full: sound is missing there.
  std::uint64_t overruns() const;

 private:
  struct State;
  explicit Microphone(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

// A device that plays, written by a thread of its own. All members may be called from any thread.
class Speaker {
 public:
  // As Microphone::open().
  static Result<Speaker> open(const std::string& device);
  Speaker(Speaker&&) noexcept;
  Speaker& operator=(Speaker&&) noexcept;
  ~Speaker();  // finish()

  // Sound at audio::kOutputRate. `continues`: without a gap behind what was given before.
  void play(audio::Samples samples, bool continues);
  // What was given and not played is not to be heard.
  void empty();
  // Plays what it has and closes the device, within two seconds.
  void finish();
  int rate() const;
  // Times that the device had nothing to play within an answer.
  std::uint64_t underruns() const;
  // Why it plays no longer: disconnected (unplugged), unavailable.
  std::optional<Error> failure() const;

 private:
  struct State;
  explicit Speaker(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace parley::cli
