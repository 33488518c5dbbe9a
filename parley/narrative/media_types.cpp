#include "parley/narrative/media_types.hpp"

#include <string>
#include <utility>

#include "parley/base/text.hpp"

namespace parley::narrative {
namespace {

// What the service takes, by the endings that people use.
constexpr std::pair<std::string_view, std::string_view> kTypes[] = {
    {"png", "image/png"},         {"jpg", "image/jpeg"},      {"jpeg", "image/jpeg"},
    {"webp", "image/webp"},       {"heic", "image/heic"},     {"heif", "image/heif"},
    {"gif", "image/gif"},         {"pdf", "application/pdf"}, {"wav", "audio/wav"},
    {"pcm", "audio/pcm"},         {"mp3", "audio/mp3"},       {"aac", "audio/aac"},
    {"aiff", "audio/aiff"},       {"flac", "audio/flac"},     {"ogg", "audio/ogg"},
    {"m4a", "audio/mp4"},         {"mp4", "video/mp4"},       {"mpeg", "video/mpeg"},
    {"webm", "video/webm"},       {"mov", "video/quicktime"}, {"avi", "video/avi"},
    {"json", "application/json"}, {"csv", "text/csv"},        {"html", "text/html"},
    {"xml", "text/xml"},          {"md", "text/markdown"},    {"txt", "text/plain"}};

}  // namespace

std::string_view mime_type_of(std::string_view name) {
  name = name.substr(0, name.find_first_of("?#"));
  const auto dot = name.rfind('.');
  if (dot == std::string_view::npos) return "";
  const auto ending = to_lower_ascii(name.substr(dot + 1));
  for (const auto& [known, type] : kTypes)
    if (ending == known) return type;
  return "";
}

MediaKind media_kind_of(std::string_view mime) {
  if (mime.starts_with("image/")) return MediaKind::image;
  if (mime.starts_with("audio/")) return MediaKind::audio;
  if (mime.starts_with("video/")) return MediaKind::video;
  return MediaKind::document;
}

}  // namespace parley::narrative
