#include "parley/emulator/rest/detail/store.hpp"

#include <charconv>

#include <fmt/format.h>
#include <openssl/evp.h>

#include "parley/base/random.hpp"
#include "parley/base/text.hpp"
#include "parley/emulator/detail/catalogue.hpp"
#include "parley/emulator/detail/wire.hpp"
#include "parley/emulator/model/tokens.hpp"

namespace parley::emulator::detail {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

constexpr std::size_t kPage = 50;

template <class T>
Answer document(const T& message) {
  return json_answer(pretty(json::encode_text(message)));
}
Answer not_there(std::string_view what, std::string_view name) {
  return error_answer(
      403, "PERMISSION_DENIED",
      fmt::format("You do not have permission to access the {} {} or it may not exist.", what,
                  name));
}
// The service's hash of a file: base64 of the hexadecimal digits.
std::string sha256_of(std::string_view bytes) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest, &size, EVP_sha256(), nullptr);
  std::string hex;
  for (unsigned i = 0; i < size; ++i) hex += fmt::format("{:02x}", digest[i]);
  return to_base64(as_bytes(hex));
}

template <class T>
std::vector<T> page_of(const std::map<std::string, T>& all, const http::Target& target,
                       std::optional<std::string>& next) {
  std::size_t size = kPage;
  const auto wanted = target.parameter("pageSize").value_or("");
  std::from_chars(wanted.data(), wanted.data() + wanted.size(), size);
  const std::string after(target.parameter("pageToken").value_or(""));
  std::vector<T> page;
  for (auto it = all.upper_bound(after); it != all.end(); ++it) {
    if (page.size() == std::max<std::size_t>(size, 1)) {
      next = std::prev(it)->first;
      break;
    }
    page.push_back(it->second);
  }
  return page;
}

}  // namespace

std::optional<milliseconds> read_duration(std::string_view text) {
  double seconds = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (code != std::errc() || std::string_view(end, text.data() + text.size()) != "s" ||
      seconds < 0 || seconds > 1e9)
    return std::nullopt;
  return milliseconds(static_cast<std::int64_t>(seconds * 1000));
}

std::optional<WallTime> read_time(std::string_view text) {
  int part[6];
  constexpr std::string_view between = "--T::";
  std::size_t at = 0;
  for (int i = 0; i < 6; ++i) {
    const std::size_t size = i == 0 ? 4 : 2;
    if (text.size() < at + size) return std::nullopt;
    const auto* begin = text.data() + at;
    if (std::from_chars(begin, begin + size, part[i]).ptr != begin + size) return std::nullopt;
    at += size;
    if (i < 5 && (at >= text.size() || text[at++] != between[static_cast<std::size_t>(i)]))
      return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year(part[0]),
                                         std::chrono::month(static_cast<unsigned>(part[1])),
                                         std::chrono::day(static_cast<unsigned>(part[2]))};
  if (!date.ok() || !text.ends_with('Z')) return std::nullopt;
  return WallTime(std::chrono::sys_days(date)) + hours(part[3]) + std::chrono::minutes(part[4]) +
         std::chrono::seconds(part[5]);
}

std::string Store::next_id() {
  SeededRandom random(seed_ * 0x20003 + ++made_);
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz0123456789";
  std::string id;
  for (int i = 0; i < 12; ++i) id += letters[random.below(letters.size())];
  return id;
}

void Store::drop_expired() {
  const auto now = now_();
  std::erase_if(cache_ends_, [&](const auto& end) {
    return end.second <= now && caches_.erase(end.first) == 1;
  });
  std::erase_if(file_ends_, [&](const auto& end) {
    return end.second <= now && files_.erase(end.first) + contents_.erase(end.first) > 0;
  });
}

std::optional<Answer> Store::answer(const http::Request& request, const http::Target& target,
                                    const std::vector<std::string>& segments, bool upload) {
  drop_expired();
  if (segments.empty() || segments.size() > 2) return std::nullopt;
  const std::string& collection = segments[0];
  std::string id = segments.size() == 2 ? segments[1] : "";
  if (collection == "files") {
    if (upload && request.method == "POST") {
      const auto session = target.parameter("upload_id");
      return session ? continue_upload(request, std::string(*session)) : begin_upload(request);
    }
    const bool download = id.ends_with(":download");
    if (download) id.resize(id.size() - std::string_view(":download").size());
    return files(request, target, id, download);
  }
  if (collection == "cachedContents") return caches(request, target, id);
  if (collection == "auth_tokens" && id.empty() && request.method == "POST")
    return create_token(request);
  return std::nullopt;
}

// Resumable upload: the first request names the file, the others bring its bytes.
Answer Store::begin_upload(const http::Request& request) {
  const auto command = request.headers.find("X-Goog-Upload-Command").value_or("");
  if (request.headers.find("X-Goog-Upload-Protocol").value_or("") != "resumable" ||
      command != "start")
    return bad_request("The upload must begin with X-Goog-Upload-Command: start.");
  Upload upload;
  if (!request.body.empty()) {
    const auto body = json::parse(request.body, json::trusted_limits());
    const auto* file = body && body->is_object() ? body->get_object().if_contains("file") : nullptr;
    if (file) {
      auto wanted = json::decode_text<gemini::File>(json::to_string(*file), json::trusted_limits());
      if (!wanted) return bad_request("Invalid JSON payload received. " + wanted.error().message());
      upload.file = std::move(*wanted);
    }
  }
  if (const auto type = request.headers.find("X-Goog-Upload-Header-Content-Type");
      type && !upload.file.mime_type)
    upload.file.mime_type = std::string(*type);
  const std::string id = next_id();
  uploads_[id] = std::move(upload);
  Answer answer = json_answer("");
  const auto host = request.headers.find("Host").value_or("localhost");
  answer.headers.set("X-Goog-Upload-Status", "active");
  answer.headers.set("X-Goog-Upload-Chunk-Granularity", "262144");
  answer.headers.set("X-Goog-Upload-URL",
                     fmt::format("http://{}/upload/v1beta/files?upload_id={}", host, id));
  return answer;
}

Answer Store::continue_upload(const http::Request& request, const std::string& id) {
  const auto found = uploads_.find(id);
  if (found == uploads_.end() || found->second.final)
    return error_answer(404, "NOT_FOUND", "The upload is not there.");
  Upload& upload = found->second;
  const std::string command(request.headers.find("X-Goog-Upload-Command").value_or(""));
  Answer answer = json_answer("");
  answer.headers.set("X-Goog-Upload-Status", "active");
  answer.headers.set("X-Goog-Upload-Size-Received", std::to_string(upload.bytes.size()));
  if (command == "query") return answer;
  std::size_t offset = 0;
  const auto text = request.headers.find("X-Goog-Upload-Offset").value_or("0");
  std::from_chars(text.data(), text.data() + text.size(), offset);
  if (command.find("upload") != std::string::npos) {
    if (offset != upload.bytes.size())
      return bad_request(fmt::format("The upload's offset must be {}.", upload.bytes.size()));
    upload.bytes += request.body;
  }
  answer.headers.set("X-Goog-Upload-Size-Received", std::to_string(upload.bytes.size()));
  if (command.find("finalize") == std::string::npos) return answer;
  upload.final = true;
  gemini::File file = upload.file;
  const std::string name = file.name && !file.name->empty() ? *file.name : "files/" + next_id();
  const auto now = now_();
  file.name = name;
  file.size_bytes = json::Decimal(std::to_string(upload.bytes.size()));
  file.create_time = file.update_time = to_iso8601(now);
  file.expiration_time = to_iso8601(now + hours(48));
  file.sha256_hash = sha256_of(upload.bytes);
  const auto host = request.headers.find("Host").value_or("localhost");
  file.uri = fmt::format("http://{}/v1beta/{}", host, name);
  file.state = gemini::FileState::active;
  file.source = "UPLOADED";
  files_[name] = file;
  file_ends_[name] = now + hours(48);
  contents_[name] = std::move(upload.bytes);
  uploads_.erase(found);
  answer = json_answer(pretty("{\"file\":" + json::encode_text(file) + "}"));
  answer.headers.set("X-Goog-Upload-Status", "final");
  return answer;
}

Answer Store::files(const http::Request& request, const http::Target& target, const std::string& id,
                    bool download) {
  if (id.empty()) {
    gemini::ListFilesResponse list;
    list.files = page_of(files_, target, list.next_page_token);
    if (list.files->empty()) list.files.reset();
    return document(list);
  }
  const std::string name = "files/" + id;
  const auto found = files_.find(name);
  if (found == files_.end()) return not_there("File", id);
  if (request.method == "DELETE") {
    files_.erase(found);
    contents_.erase(name);
    file_ends_.erase(name);
    return json_answer("{}\n");
  }
  if (!download) return document(found->second);
  Answer answer = json_answer(contents_[name]);
  answer.headers.set("Content-Type", found->second.mime_type.value_or("application/octet-stream"));
  return answer;
}

std::expected<int, Answer> Store::count_file_tokens(const std::vector<gemini::Content>& contents) {
  drop_expired();
  constexpr std::string_view version = "/v1beta/files/";
  int total = 0;
  for (const auto& content : contents)
    for (const auto& part : gemini::parts_of(content)) {
      if (!part.file_data) continue;
      const std::string_view uri = part.file_data->file_uri;
      const auto at = uri.rfind(version);
      if (at == std::string_view::npos) {
        total += tokens_of_media("image/*", "");
        continue;
      }
      const auto id = uri.substr(at + version.size());
      const auto found = files_.find("files/" + std::string(id));
      if (found == files_.end()) return std::unexpected(not_there("File", id));
      total += tokens_of_media(found->second.mime_type.value_or(""), contents_[found->first]);
    }
  return total;
}

const gemini::CachedContent* Store::cache(const std::string& name) {
  drop_expired();
  const auto found = caches_.find(name);
  return found == caches_.end() ? nullptr : &found->second;
}

Answer Store::caches(const http::Request& request, const http::Target& target,
                     const std::string& id) {
  if (id.empty()) {
    if (request.method == "POST") return create_cache(request);
    gemini::ListCachedContentsResponse list;
    list.cached_contents = page_of(caches_, target, list.next_page_token);
    if (list.cached_contents->empty()) list.cached_contents.reset();
    return document(list);
  }
  const std::string name = "cachedContents/" + id;
  const auto found = caches_.find(name);
  if (found == caches_.end()) return not_there("CachedContent", id);
  if (request.method == "DELETE") {
    caches_.erase(found);
    cache_ends_.erase(name);
    return json_answer("{}\n");
  }
  return request.method == "PATCH" ? change_cache(request, found->second) : document(found->second);
}

}  // namespace parley::emulator::detail
