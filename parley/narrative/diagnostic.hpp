#pragma once

#include "parley/config/diagnostic.hpp"

namespace parley::narrative {

// Codes are those in docs/narratives.md ("empty_toc", "missing_act" …).
using config::Diagnostic;
using config::did_you_mean;
using config::Diagnostics;
using config::error_of;
using config::has_errors;
using config::Place;
using config::sort_by_place;
using config::to_text;

}  // namespace parley::narrative
