#pragma once

#include <span>
#include <string_view>

namespace parley::server::detail {

// A file that was put into the program when it was built (cmake/ParleyEmbed.cmake).
struct EmbeddedFile {
  std::string_view name;  // below web/, for example "lite/index.html"
  std::string_view bytes;
};

std::span<const EmbeddedFile> embedded_files();

}  // namespace parley::server::detail
