#pragma once

#include <functional>
#include <string_view>

#include "parley/emulator/live/session.hpp"
#include "parley/emulator/music/session.hpp"
#include "parley/net/http_server.hpp"
#include "parley/net/task.hpp"

namespace parley::emulator::detail {

// Upgrades the request and holds a Live session until it ends. `memory` must outlive it.
// `remember` sees each message of the client.
Task<void> serve_live(net::Exchange& exchange, LiveOptions options, LiveMemory& memory,
                      LiveDoor door, std::function<void(std::string_view)> remember);
// The same for a session of music.
Task<void> serve_music(net::Exchange& exchange, MusicOptions options, bool text_frames,
                       LiveDoor door, std::function<void(std::string_view)> remember);

}  // namespace parley::emulator::detail
