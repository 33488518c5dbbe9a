#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "parley/base/error.hpp"
#include "parley/gemini/backend.hpp"
#include "parley/gemini/types.hpp"
#include "parley/net/task.hpp"

namespace parley::api {
class Transport;
}

namespace parley::gemini {

struct UploadOptions {
  explicit UploadOptions(std::string_view type) : mime_type(type) {}
  std::string mime_type;                // "application/pdf"
  std::string display_name;             // may be empty
  std::size_t piece = 8 * 1024 * 1024;  // bytes of one request, a multiple of 256 KiB
  // Called after each piece with the bytes sent so far and all bytes; may be empty.
  std::function<void(std::size_t sent, std::size_t all)> progress;
};

// Files that a prompt may refer to by their URI (Part::file_data). The service keeps them for 48
// hours. Errors: those of the client's calls; invalid_argument on Vertex AI, which has none.
class Files {
 public:
  Files(std::shared_ptr<api::Transport> transport, Backend backend);

  // The resumable protocol: begin, pieces, finalize. Nothing is retried.
  Task<Result<File>> upload(std::string bytes, UploadOptions options) const;
  Task<Result<File>> get(std::string name) const;  // "files/x"
  Task<Result<std::vector<File>>> list_all() const;
  Task<Result<void>> remove(std::string name) const;

 private:
  std::shared_ptr<api::Transport> transport_;
  Backend backend_;
};

// Prompts that are kept by the service, so that a long beginning is paid for once
// (GenerateContentRequest::cached_content). Only the time of their end can change. On Vertex AI
// names may be given without projects/…/locations/…; express mode has none: invalid_argument.
class Caches {
 public:
  Caches(std::shared_ptr<api::Transport> transport, Backend backend);

  Task<Result<CachedContent>> create(CachedContent cache) const;
  Task<Result<CachedContent>> get(std::string name) const;  // "cachedContents/x"
  // From now on for that many seconds.
  Task<Result<CachedContent>> keep_for(std::string name, int seconds) const;
  Task<Result<std::vector<CachedContent>>> list_all() const;
  Task<Result<void>> remove(std::string name) const;

 private:
  std::shared_ptr<api::Transport> transport_;
  Backend backend_;
};

}  // namespace parley::gemini
