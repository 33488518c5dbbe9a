#include "parley/gemini/files.hpp"

#include <algorithm>

#include "parley/gemini/detail/call.hpp"
#include "parley/json/codec.hpp"

namespace parley::gemini {

namespace {

Result<http::Response> checked(Result<http::Response> response) {
  if (response && response->status != 200) return fail(error_of(*response));
  return response;
}

// Where the pieces go: a path of the same service, without the prefix that is put before all.
Result<std::string> upload_path(const http::Response& begun, std::string_view prefix) {
  const auto url = begun.headers.find("X-Goog-Upload-URL");
  if (!url)
    return fail(ErrorKind::invalid_response, "the service began no upload: it named no URL for it");
  const auto authority = url->find("://");
  const auto path =
      authority == std::string_view::npos ? std::string_view::npos : url->find('/', authority + 3);
  if (path == std::string_view::npos)
    return fail(ErrorKind::invalid_response, "the service's URL for the upload has no path");
  auto target = url->substr(path);
  while (prefix.ends_with('/')) prefix.remove_suffix(1);
  if (!prefix.empty() && target.starts_with(prefix)) target.remove_prefix(prefix.size());
  return std::string(target);
}

std::string description_of(const UploadOptions& options, std::size_t size) {
  std::string body;
  json::Writer writer(body);
  writer.begin_object().key("file").begin_object().field("mimeType", options.mime_type);
  if (!options.display_name.empty()) writer.field("displayName", options.display_name);
  writer.field("sizeBytes", std::to_string(size)).end_object().end_object();
  return body;
}

struct FileBody {
  FileBody() = default;
  File file;
};
void decode(json::Cursor in, FileBody& out) {
  in.each_field([&out](json::Key key, json::Cursor value) {
    if (key == "file") value.read(out.file);
  });
}

}  // namespace

Files::Files(std::shared_ptr<api::Transport> transport, std::string version)
    : transport_(std::move(transport)), version_(std::move(version)) {}

Task<Result<File>> Files::upload(std::string bytes, UploadOptions options) const {
  const auto transport = transport_;
  http::Headers begin;
  begin.set("X-Goog-Upload-Protocol", "resumable");
  begin.set("X-Goog-Upload-Command", "start");
  begin.set("X-Goog-Upload-Header-Content-Length", std::to_string(bytes.size()));
  begin.set("X-Goog-Upload-Header-Content-Type", options.mime_type);
  std::string start = "/upload/" + version_ + "/files";
  auto begun = checked(co_await transport->send("POST", std::move(start),
                                                description_of(options, bytes.size()), begin));
  if (!begun) co_return fail(std::move(begun.error()));
  auto path = upload_path(*begun, transport->endpoint().base.target);
  if (!path) co_return fail(std::move(path.error()));
  for (std::size_t sent = 0;;) {
    const auto size = std::min(std::max<std::size_t>(options.piece, 1), bytes.size() - sent);
    const bool last = sent + size == bytes.size();
    http::Headers piece;
    piece.set("X-Goog-Upload-Command", last ? "upload, finalize" : "upload");
    piece.set("X-Goog-Upload-Offset", std::to_string(sent));
    std::string body = bytes.substr(sent, size);
    auto taken = checked(co_await transport->send("POST", *path, std::move(body), piece));
    if (!taken) co_return fail(std::move(taken.error()));
    sent += size;
    if (options.progress) options.progress(sent, bytes.size());
    if (!last) continue;
    auto done = detail::read_message<FileBody>(taken);
    if (!done) co_return fail(std::move(done.error()));
    co_return std::move(done->file);
  }
}

Task<Result<File>> Files::get(std::string name) const {
  return detail::call<File>(transport_, "GET", detail::resource_path(version_, name), "");
}
Task<Result<std::vector<File>>> Files::list_all() const {
  return detail::all_pages<ListFilesResponse>(transport_, detail::resource_path(version_, "files"),
                                              &ListFilesResponse::files);
}
Task<Result<void>> Files::remove(std::string name) const {
  return detail::call_for_nothing(transport_, "DELETE", detail::resource_path(version_, name));
}

Caches::Caches(std::shared_ptr<api::Transport> transport, std::string version)
    : transport_(std::move(transport)), version_(std::move(version)) {}

Task<Result<CachedContent>> Caches::create(CachedContent cache) const {
  return detail::call<CachedContent>(transport_, "POST",
                                     detail::resource_path(version_, "cachedContents"),
                                     json::encode_text(cache));
}
Task<Result<CachedContent>> Caches::get(std::string name) const {
  return detail::call<CachedContent>(transport_, "GET", detail::resource_path(version_, name), "");
}
Task<Result<CachedContent>> Caches::keep_for(std::string name, int seconds) const {
  return detail::call<CachedContent>(transport_, "PATCH",
                                     detail::resource_path(version_, name) + "?updateMask=ttl",
                                     fmt::format(R"({{"ttl":"{}s"}})", seconds));
}
Task<Result<std::vector<CachedContent>>> Caches::list_all() const {
  return detail::all_pages<ListCachedContentsResponse>(
      transport_, detail::resource_path(version_, "cachedContents"),
      &ListCachedContentsResponse::cached_contents);
}
Task<Result<void>> Caches::remove(std::string name) const {
  return detail::call_for_nothing(transport_, "DELETE", detail::resource_path(version_, name));
}

}  // namespace parley::gemini
