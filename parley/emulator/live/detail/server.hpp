#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "parley/emulator/clock.hpp"
#include "parley/emulator/live/session.hpp"
#include "parley/emulator/music/session.hpp"
#include "parley/net/http_server.hpp"
#include "parley/net/task.hpp"

namespace parley::emulator::detail {

// Upgrades the request and holds a Live session until it ends, on that clock; JSON goes in binary
// frames unless told otherwise. `remember` sees each message of the client.
Task<void> serve_live(net::Exchange& exchange, std::unique_ptr<LiveVoice> session, bool text_frames,
                      std::shared_ptr<ServerClock> clock,
                      std::function<void(std::string_view)> remember);

}  // namespace parley::emulator::detail
