#pragma once

#include <string_view>

#include "parley/emulator/rest/service.hpp"
#include "parley/emulator/script/script.hpp"

namespace parley::emulator::detail {

// An error as the service answers it: what the script leaves open is as usual.
Answer script_error(const ScriptError& error, std::string_view model);
Answer quota_error(const QuotaRefusal& refusal);

}  // namespace parley::emulator::detail
