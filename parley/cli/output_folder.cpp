#include "parley/cli/output_folder.hpp"

#include <algorithm>
#include <fstream>
#include <optional>
#include <set>
#include <sstream>
#include <unistd.h>

#include <fmt/format.h>

namespace parley::cli {
namespace fs = std::filesystem;
namespace {

std::optional<std::string> text_of(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return std::nullopt;
  std::ostringstream text;
  text << stream.rdbuf();
  return std::move(text).str();
}

std::unexpected<Error> refuse(const fs::path& path, const std::string& why) {
  return fail(ErrorKind::storage, fmt::format("cannot write {}: {}", path.string(), why));
}

}  // namespace

void OutputFolder::add(std::string name, std::string text) {
  files_.emplace_back(std::move(name), std::move(text));
}

// Files of earlier runs, by the lists in the folders that are written now.
std::vector<fs::path> OutputFolder::stale() const {
  std::set<fs::path> wanted, folders;
  for (const auto& [name, text] : files_) {
    wanted.insert(fs::path(name));
    if (fs::path(name).has_parent_path()) folders.insert(*fs::path(name).begin());
  }
  std::vector<fs::path> out;
  for (const auto& folder : folders) {
    std::istringstream list(text_of(root_ / folder / ".generated").value_or(""));
    for (std::string line; std::getline(list, line);) {
      const fs::path path = (folder / line).lexically_normal();
      // A list that leads out of its folder is not ours.
      if (line.empty() || *path.begin() != folder || wanted.contains(path)) continue;
      if (fs::is_regular_file(root_ / path)) out.push_back(path);
    }
  }
  return out;
}

std::vector<std::string> OutputFolder::changes() const {
  std::vector<std::string> out;
  for (const auto& [name, text] : files_) {
    const auto old = text_of(root_ / name);
    if (!old)
      out.push_back("new     " + name);
    else if (*old != text)
      out.push_back("changed " + name);
  }
  for (const auto& path : stale()) out.push_back("removed " + path.string());
  return out;
}

Result<void> OutputFolder::write() {
  std::error_code error;
  std::vector<std::pair<fs::path, fs::path>> moves;
  const auto removed = stale();
  std::vector<std::pair<std::string, std::string>> all = files_;
  std::set<fs::path> folders;
  for (const auto& [name, text] : files_)
    if (fs::path(name).has_parent_path()) folders.insert(*fs::path(name).begin());
  for (const auto& folder : folders) {
    std::string list;
    for (const auto& [name, text] : files_)
      if (*fs::path(name).begin() == folder)
        list += fs::path(name).lexically_relative(folder).generic_string() + '\n';
    all.emplace_back((folder / ".generated").string(), list);
  }
  const auto undo = [&moves] {
    std::error_code ignored;
    for (const auto& [from, to] : moves) fs::remove(from, ignored);
  };
  for (const auto& [name, text] : all) {
    const auto path = root_ / name;
    if (text_of(path) == text) continue;
    fs::create_directories(path.parent_path(), error);
    if (error) return undo(), refuse(path.parent_path(), error.message());
    if (fs::is_directory(path)) return undo(), refuse(path, "it is a folder");
    auto beside = path;
    beside += fmt::format(".{}.tmp", ::getpid());
    std::ofstream stream(beside, std::ios::binary);
    stream << text << std::flush;
    if (!stream) return undo(), refuse(beside, std::generic_category().message(errno));
    moves.emplace_back(beside, path);
  }
  for (const auto& [from, to] : moves) {
    fs::rename(from, to, error);
    if (error) return undo(), refuse(to, error.message());
  }
  for (const auto& path : removed) fs::remove(root_ / path, error);
  return {};
}

}  // namespace parley::cli
