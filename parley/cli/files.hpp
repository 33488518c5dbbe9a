#pragma once

#include <string>

#include "parley/base/error.hpp"

namespace parley::cli {

// The bytes of a file. Errors: not_found, "cannot read NAME: " and the system's reason.
Result<std::string> read_file(const std::string& name);

}  // namespace parley::cli
