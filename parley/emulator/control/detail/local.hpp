#pragma once

#include <string_view>

#include "parley/http/message.hpp"

namespace parley::emulator::detail {

// True where a request comes from this machine (`peer` is the address of its sender), is meant for
// it (Host, against DNS rebinding), and stands in no web page of another host (Origin).
bool is_local(const http::Request& request, std::string_view peer);

}  // namespace parley::emulator::detail
