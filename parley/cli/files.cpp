#include "parley/cli/files.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

namespace parley::cli {

Result<std::string> read_file(const std::string& name) {
  errno = 0;
  std::ifstream stream(name, std::ios::binary);
  std::ostringstream bytes;
  // An empty file gives no character, which the insertion calls a failure; a folder opens well.
  if (stream && stream.peek() != std::ifstream::traits_type::eof()) bytes << stream.rdbuf();
  if (stream.bad() || !stream.is_open() || errno == EISDIR)
    return fail(ErrorKind::not_found,
                "cannot read " + name + (errno ? std::string(": ") + std::strerror(errno) : ""));
  return std::move(bytes).str();
}

}  // namespace parley::cli
