#include "parley/narrative/narrative.hpp"

#include <algorithm>

namespace parley::narrative {

std::string_view to_string(MediaKind kind) {
  switch (kind) {
    case MediaKind::image:
      return "image";
    case MediaKind::audio:
      return "audio";
    case MediaKind::video:
      return "video";
    case MediaKind::document:
      return "document";
  }
  return "";
}

const Act* Narrative::find(std::string_view act) const {
  const auto found = std::ranges::find(acts, act, &Act::name);
  return found == acts.end() ? nullptr : &*found;
}

int Narrative::index_of(std::string_view act) const {
  const auto found = std::ranges::find(acts, act, &Act::name);
  return found == acts.end() ? -1 : static_cast<int>(found - acts.begin());
}

const Narrative* Book::find(std::string_view name) const {
  const auto found = narratives.find(std::string(name));
  return found == narratives.end() ? nullptr : &found->second;
}

}  // namespace parley::narrative
