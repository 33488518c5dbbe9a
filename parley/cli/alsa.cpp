#include "parley/cli/detail/alsa.hpp"

#ifdef PARLEY_ALSA

#include <algorithm>
#include <memory>
#include <mutex>

#include <fmt/format.h>

#include "parley/cli/sound.hpp"

namespace parley::cli {
namespace alsa {
namespace {

constexpr unsigned kPeriod = 20'000;  // microseconds
constexpr unsigned kPlayQueue = 120'000, kRecordQueue = 500'000;

void ignore(const char*, int, const char*, int, const char*, ...) {}

Error wrong_form(const Device& device, snd_pcm_stream_t direction, std::string_view what) {
  return Error(ErrorKind::invalid_argument,
               fmt::format("the {} \"{}\" has no {}; ALSA converts for \"plug:{}\" instead",
                           direction == SND_PCM_STREAM_CAPTURE ? "microphone" : "speaker",
                           device.name, what, device.name));
}

Result<void> set_hardware(Device& device, snd_pcm_stream_t direction) {
  snd_pcm_hw_params_t* params = nullptr;
  snd_pcm_hw_params_alloca(&params);
  auto* pcm = device.pcm.get();
  if (const int code = snd_pcm_hw_params_any(pcm, params); code < 0)
    return fail(error_of(code, direction, device.name, "asking what it can"));
  // The nearest rate of the device itself; parley/audio converts better than the library.
  snd_pcm_hw_params_set_rate_resample(pcm, params, 0);
  if (snd_pcm_hw_params_set_access(pcm, params, SND_PCM_ACCESS_RW_INTERLEAVED) < 0)
    return fail(wrong_form(device, direction, "interleaved channels"));
  if (snd_pcm_hw_params_set_format(pcm, params, SND_PCM_FORMAT_S16_LE) < 0)
    return fail(wrong_form(device, direction, "samples of 16 bits"));
  if (snd_pcm_hw_params_set_channels_near(pcm, params, &device.channels) < 0)
    return fail(wrong_form(device, direction, "channels that can be set"));
  if (snd_pcm_hw_params_set_rate_near(pcm, params, &device.rate, nullptr) < 0)
    return fail(wrong_form(device, direction, "rate that can be set"));
  unsigned period = kPeriod;
  snd_pcm_hw_params_set_period_time_near(pcm, params, &period, nullptr);
  unsigned queue = direction == SND_PCM_STREAM_CAPTURE ? kRecordQueue : kPlayQueue;
  snd_pcm_hw_params_set_buffer_time_near(pcm, params, &queue, nullptr);
  if (const int code = snd_pcm_hw_params(pcm, params); code < 0)
    return fail(error_of(code, direction, device.name, "setting it up"));
  snd_pcm_hw_params_get_period_size(params, &device.period, nullptr);
  return {};
}

// A speaker begins when two chunks are there.
Result<void> set_software(Device& device, snd_pcm_stream_t direction) {
  if (direction == SND_PCM_STREAM_CAPTURE) return {};
  snd_pcm_sw_params_t* params = nullptr;
  snd_pcm_sw_params_alloca(&params);
  int code = snd_pcm_sw_params_current(device.pcm.get(), params);
  if (code >= 0)
    code = snd_pcm_sw_params_set_start_threshold(device.pcm.get(), params, device.rate / 25);
  if (code >= 0) code = snd_pcm_sw_params(device.pcm.get(), params);
  if (code < 0) return fail(error_of(code, direction, device.name, "setting it up"));
  return {};
}

}  // namespace

void silence() {
  static std::once_flag once;
  std::call_once(once, [] { snd_lib_error_set_handler(ignore); });
}

Error error_of(int code, snd_pcm_stream_t direction, const std::string& name,
               std::string_view doing) {
  const auto device = fmt::format(
      "the {} \"{}\"", direction == SND_PCM_STREAM_CAPTURE ? "microphone" : "speaker", name);
  switch (-code) {
    case EBUSY:
      return Error(ErrorKind::conflict, device + " is in use by another program");
    case ENOENT:
    case ENXIO:
      return Error(ErrorKind::not_found,
                   "there is no " + device.substr(4) + "; parley live --devices lists them");
    case ENODEV:
    case EBADFD:
      return Error(ErrorKind::disconnected, device + " was unplugged or switched off");
    case EACCES:
    case EPERM:
      return Error(ErrorKind::permission_denied,
                   device + " may not be used; the user is to be in the group \"audio\"");
    default:
      return Error(ErrorKind::unavailable,
                   fmt::format("{}: {} ({})", device, snd_strerror(code), doing));
  }
}

Result<Device> open(const std::string& name, snd_pcm_stream_t direction, unsigned rate) {
  silence();
  Device device;
  device.name = name;
  device.rate = rate;
  snd_pcm_t* pcm = nullptr;
  // Does not wait for a device that is busy.
  if (const int code = snd_pcm_open(&pcm, name.c_str(), direction, SND_PCM_NONBLOCK); code < 0) {
    // Where the device exists and is gone, opening says ENODEV: there is none either.
    return fail(error_of(code == -ENODEV ? -ENOENT : code, direction, name, "opening it"));
  }
  device.pcm.reset(pcm);
  snd_pcm_nonblock(pcm, 0);
  if (auto set = set_hardware(device, direction); !set) return fail(std::move(set.error()));
  if (auto set = set_software(device, direction); !set) return fail(std::move(set.error()));
  if (const int code = snd_pcm_prepare(pcm); code < 0)
    return fail(error_of(code, direction, name, "starting it"));
  return device;
}

}  // namespace alsa

namespace {

std::string hint(const void* device, const char* which) {
  const std::unique_ptr<char, decltype(&std::free)> text(snd_device_name_get_hint(device, which),
                                                         &std::free);
  return text ? std::string(text.get()) : std::string();
}

}  // namespace

Result<std::vector<SoundDevice>> sound_devices() {
  alsa::silence();
  void** hints = nullptr;
  if (const int code = snd_device_name_hint(-1, "pcm", &hints); code < 0)
    return fail(ErrorKind::unavailable,
                fmt::format("ALSA does not list its devices: {}", snd_strerror(code)));
  std::vector<SoundDevice> devices;
  for (void** one = hints; *one != nullptr; ++one) {
    SoundDevice device;
    device.name = hint(*one, "NAME");
    device.description = hint(*one, "DESC");
    std::ranges::replace(device.description, '\n', ' ');
    const auto way = hint(*one, "IOID");  // empty: both
    device.records = way != "Output";
    device.plays = way != "Input";
    devices.push_back(std::move(device));
  }
  snd_device_name_free_hint(hints);
  return devices;
}

}  // namespace parley::cli

#endif
