#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "parley/base/error.hpp"
#include "parley/gemini/types.hpp"

// Pictures, sound, video and documents as parts of a prompt. Errors are invalid_argument with a
// detail "reason": "base64", "media_type", "url", "multimodal".
namespace parley::gemini {

enum class MediaKind { text, image, audio, video, document, unknown };
// "image/png" is an image, "application/pdf" a document, "application/json" a text.
MediaKind media_kind(std::string_view mime_type);
// By a file's name: "image/png" for "a.PNG"; empty where its ending says nothing.
std::string_view mime_type_of(std::string_view file_name);

// The bytes themselves go with the request, which takes 20 MB in all; more goes by Files::upload().
// Errors: a type that no model takes.
Result<Part> media_part(Bytes bytes, std::string_view mime_type);
// The same from base64, of either alphabet. Errors: it is none.
Result<Part> media_part_of_base64(std::string_view base64, std::string_view mime_type);
// What the service fetches itself: a file that was uploaded, gs:// (Vertex AI), an https page or
// YouTube. Errors: another scheme, a type that no model takes.
Result<Part> media_part_of_url(std::string_view url, std::string_view mime_type = "");
Part media_part_of(const File& file);

// Whether a model takes what a request holds: embeddings of 001 and speech models take text alone,
// models that transcribe take sound alone. Unknown models take all. Errors: the first part that the
// model does not take, with its place.
Result<void> check_media(std::string_view model, const std::vector<Content>& contents);

}  // namespace parley::gemini
