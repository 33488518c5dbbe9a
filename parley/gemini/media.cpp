#include "parley/gemini/media.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "parley/base/text.hpp"

namespace parley::gemini {
namespace {

struct Ending {
  std::string_view ending, mime_type;
};
constexpr Ending kEndings[] = {
    {".png", "image/png"},         {".jpg", "image/jpeg"},  {".jpeg", "image/jpeg"},
    {".webp", "image/webp"},       {".heic", "image/heic"}, {".gif", "image/gif"},
    {".pdf", "application/pdf"},   {".wav", "audio/wav"},   {".mp3", "audio/mp3"},
    {".flac", "audio/flac"},       {".ogg", "audio/ogg"},   {".m4a", "audio/mp4"},
    {".mp4", "video/mp4"},         {".webm", "video/webm"}, {".mov", "video/quicktime"},
    {".json", "application/json"}, {".csv", "text/csv"},    {".html", "text/html"},
    {".md", "text/markdown"},      {".txt", "text/plain"}};

std::unexpected<Error> wrong(std::string_view reason, std::string why) {
  return fail(Error(ErrorKind::invalid_argument, std::move(why))
                  .with_detail("reason", std::string(reason)));
}

std::unexpected<Error> no_media(std::string_view mime_type) {
  return wrong("media_type", fmt::format("\"{}\" is no type that a model takes", mime_type));
}

bool says(std::string_view name, std::string_view word) {
  return name.find(word) != std::string_view::npos;
}

// What a model takes beside, or in place of, text.
bool takes(std::string_view model, MediaKind kind) {
  const auto name = model.substr(model.rfind('/') + 1);
  if (says(name, "embedding-001") || says(name, "-tts") || name.starts_with("text-embedding"))
    return kind == MediaKind::text;
  if (says(name, "transcribe") || says(name, "translate")) return kind == MediaKind::audio;
  return true;
}

std::string_view name_of(MediaKind kind) {
  constexpr std::string_view names[] = {"text", "images", "sound", "video", "documents", "this"};
  return names[static_cast<std::size_t>(kind)];
}

}  // namespace

MediaKind media_kind(std::string_view mime_type) {
  const auto type = to_lower_ascii(mime_type.substr(0, mime_type.find(';')));
  if (type.starts_with("image/")) return MediaKind::image;
  if (type.starts_with("audio/")) return MediaKind::audio;
  if (type.starts_with("video/")) return MediaKind::video;
  if (type == "application/pdf") return MediaKind::document;
  const bool text = type.starts_with("text/") || type == "application/json" ||
                    type == "application/xml" || type == "application/x-javascript" ||
                    type == "application/x-python";
  return text ? MediaKind::text : MediaKind::unknown;
}

std::string_view mime_type_of(std::string_view file_name) {
  const auto dot = file_name.rfind('.');
  if (dot == std::string_view::npos) return {};
  const auto ending = to_lower_ascii(file_name.substr(dot));
  for (const auto& [known, mime_type] : kEndings)
    if (ending == known) return mime_type;
  return {};
}

Result<Part> media_part(Bytes bytes, std::string_view mime_type) {
  if (media_kind(mime_type) == MediaKind::unknown) return no_media(mime_type);
  Part part;
  auto& blob = part.inline_data.emplace();
  blob.mime_type = std::string(mime_type);
  blob.data = std::move(bytes);
  return part;
}

Result<Part> media_part_of_base64(std::string_view base64, std::string_view mime_type) {
  auto bytes = from_base64(base64);
  if (!bytes) return wrong("base64", fmt::format("the {} given is no base64", mime_type));
  return media_part(std::move(*bytes), mime_type);
}

Result<Part> media_part_of_url(std::string_view url, std::string_view mime_type) {
  if (!url.starts_with("https://") && !url.starts_with("gs://"))
    return wrong("url", fmt::format("the service fetches https:// and gs:// alone, not \"{}\"",
                                    first_scalars(url, 100)));
  if (!mime_type.empty() && media_kind(mime_type) == MediaKind::unknown) return no_media(mime_type);
  Part part;
  part.file_data.emplace(std::string(url));
  if (!mime_type.empty()) part.file_data->mime_type = std::string(mime_type);
  return part;
}

Part media_part_of(const File& file) {
  Part part;
  part.file_data.emplace(file.uri.value_or(""));
  part.file_data->mime_type = file.mime_type;
  return part;
}

Result<void> check_media(std::string_view model, const std::vector<Content>& contents) {
  for (std::size_t turn = 0; turn < contents.size(); ++turn) {
    const auto& parts = parts_of(contents[turn]);
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const auto& part = parts[i];
      if (!part.text && !part.inline_data && !part.file_data) continue;
      const auto mime_type = part.inline_data ? part.inline_data->mime_type
                             : part.file_data ? part.file_data->mime_type
                                              : std::optional<std::string>("text/plain");
      const auto kind = mime_type ? media_kind(*mime_type) : MediaKind::unknown;
      if (!takes(model, kind))
        return wrong("multimodal", fmt::format("{} takes no {}: contents[{}].parts[{}]", model,
                                               name_of(kind), turn, i));
    }
  }
  return {};
}

}  // namespace parley::gemini
