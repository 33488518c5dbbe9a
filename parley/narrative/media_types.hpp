#pragma once

#include <string_view>

#include "parley/narrative/narrative.hpp"

namespace parley::narrative {

// The MIME type by the ending of a file's name or URL; empty: not known.
std::string_view mime_type_of(std::string_view name);
// image, audio and video by their type's first half; all else is a document.
MediaKind media_kind_of(std::string_view mime);

}  // namespace parley::narrative
