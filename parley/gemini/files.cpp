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

Result<void> files_of(const Backend& backend) {
  if (!backend.vertex()) return {};
  return fail(ErrorKind::invalid_argument,
              "Vertex AI keeps no files: put them into Cloud Storage and name their gs:// URI");
}

Result<std::string> file_path(const Backend& backend, std::string_view name) {
  if (auto offered = files_of(backend); !offered) return fail(std::move(offered.error()));
  return backend.path(name);
}

Result<std::string> cache_path(const Backend& backend, std::string_view name) {
  auto full = backend.resource_name(name);
  if (!full) return full;
  return backend.path(*full);
}

}  // namespace

Files::Files(std::shared_ptr<api::Transport> transport, Backend backend)
    : transport_(std::move(transport)), backend_(std::move(backend)) {}

Task<Result<File>> Files::upload(std::string bytes, UploadOptions options) const {
  if (auto offered = files_of(backend_); !offered) co_return fail(std::move(offered.error()));
  const auto transport = transport_;
  http::Headers begin;
  begin.set("X-Goog-Upload-Protocol", "resumable");
  begin.set("X-Goog-Upload-Command", "start");
  begin.set("X-Goog-Upload-Header-Content-Length", std::to_string(bytes.size()));
  begin.set("X-Goog-Upload-Header-Content-Type", options.mime_type);
  std::string start = "/upload" + backend_.path("files");
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
  auto path = file_path(backend_, name);
  if (!path) return detail::refuse<File>(std::move(path.error()));
  return detail::call<File>(transport_, "GET", std::move(*path), "");
}
Task<Result<std::vector<File>>> Files::list_all() const {
  auto path = file_path(backend_, "files");
  if (!path) return detail::refuse<std::vector<File>>(std::move(path.error()));
  return detail::all_pages<ListFilesResponse>(transport_, std::move(*path),
                                              &ListFilesResponse::files);
}
Task<Result<void>> Files::remove(std::string name) const {
  auto path = file_path(backend_, name);
  if (!path) return detail::refuse<void>(std::move(path.error()));
  return detail::call_for_nothing(transport_, "DELETE", std::move(*path));
}

Result<void> detail::name_cache(const Backend& backend, GenerateContentRequest& request) {
  if (!request.cached_content) return {};
  auto full = backend.resource_name(*request.cached_content);
  if (!full) return fail(std::move(full.error()));
  request.cached_content = std::move(*full);
  return {};
}

Caches::Caches(std::shared_ptr<api::Transport> transport, Backend backend)
    : transport_(std::move(transport)), backend_(std::move(backend)) {}

Task<Result<CachedContent>> Caches::create(CachedContent cache) const {
  auto path = cache_path(backend_, "cachedContents");
  if (!path) return detail::refuse<CachedContent>(std::move(path.error()));
  auto model = backend_.model_name(cache.model.value_or(""));
  if (!model) return detail::refuse<CachedContent>(std::move(model.error()));
  cache.model = std::move(*model);
  return detail::call<CachedContent>(transport_, "POST", std::move(*path),
                                     json::encode_text(cache));
}
Task<Result<CachedContent>> Caches::get(std::string name) const {
  auto path = cache_path(backend_, name);
  if (!path) return detail::refuse<CachedContent>(std::move(path.error()));
  return detail::call<CachedContent>(transport_, "GET", std::move(*path), "");
}
Task<Result<CachedContent>> Caches::keep_for(std::string name, int seconds) const {
  auto path = cache_path(backend_, name);
  if (!path) return detail::refuse<CachedContent>(std::move(path.error()));
  return detail::call<CachedContent>(transport_, "PATCH", *path + "?updateMask=ttl",
                                     fmt::format(R"({{"ttl":"{}s"}})", seconds));
}
Task<Result<std::vector<CachedContent>>> Caches::list_all() const {
  auto path = cache_path(backend_, "cachedContents");
  if (!path) return detail::refuse<std::vector<CachedContent>>(std::move(path.error()));
  return detail::all_pages<ListCachedContentsResponse>(
      transport_, std::move(*path), &ListCachedContentsResponse::cached_contents);
}
Task<Result<void>> Caches::remove(std::string name) const {
  auto path = cache_path(backend_, name);
  if (!path) return detail::refuse<void>(std::move(path.error()));
  return detail::call_for_nothing(transport_, "DELETE", std::move(*path));
}

}  // namespace parley::gemini
