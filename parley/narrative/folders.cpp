#include <fcntl.h>
#include <filesystem>
#include <sys/file.h>
#include <unistd.h>

#include <boost/json/object.hpp>
#include <fmt/format.h>

#include "parley/json/value.hpp"
#include "parley/narrative/files.hpp"

namespace parley::narrative {
namespace {

namespace fs = std::filesystem;

// A name that is safe as a file's: what is no letter, digit, '-', '_' or '.' becomes %XX.
std::string file_name(std::string_view name) {
  std::string out;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) || c == '-' || c == '_' || (c == '.' && !out.empty()))
      out += c;
    else
      out += fmt::format("%{:02X}", byte);
  }
  return out;
}

Result<json::Object> read_object(const std::string& file) {
  DiskSources sources;
  auto text = sources.read(file);
  if (!text && text.error().kind() == ErrorKind::not_found) return json::Object();
  if (!text) return fail(std::move(text.error()));
  auto value = json::parse(*text, json::trusted_limits());
  if (!value) return fail(ErrorKind::storage, file + ": " + value.error().message());
  if (!value->is_object()) return fail(ErrorKind::storage, file + ": it is no JSON object");
  return std::move(value->get_object());
}

// Held while a scope is read and replaced.
class FolderLock {
 public:
  explicit FolderLock(const std::string& folder) {
    std::error_code ignored;
    fs::create_directories(folder, ignored);
    descriptor_ = ::open((folder + "/.lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor_ >= 0) ::flock(descriptor_, LOCK_EX);
  }
  ~FolderLock() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int descriptor_ = -1;
};

std::string text_of(const json::Object& object, std::string_view name) {
  const auto* found = object.if_contains(name);
  return found && found->is_string() ? std::string(found->get_string()) : std::string();
}
std::int64_t whole_of(const json::Object& object, std::string_view name) {
  const auto* found = object.if_contains(name);
  return found && found->is_int64() ? found->get_int64() : 0;
}

}  // namespace

Result<std::optional<std::string>> FolderState::read(const std::string& scope,
                                                     const std::string& key) {
  const auto object = read_object(folder_ + "/" + file_name(scope) + ".json");
  if (!object) return fail(object.error());
  const auto* found = object->if_contains(key);
  if (!found) return std::optional<std::string>();
  return std::optional<std::string>(found->is_string() ? std::string(found->get_string())
                                                       : json::to_string(*found));
}

Result<void> FolderState::write(const std::string& scope, const std::string& key,
                                const std::string& value) {
  const FolderLock lock(folder_);
  const auto file = folder_ + "/" + file_name(scope) + ".json";
  auto object = read_object(file);
  if (!object) return fail(std::move(object.error()));
  (*object)[key] = value;
  return replace_file(file, json::to_pretty_string(*object) + "\n");
}

std::optional<ModelAnswer> FolderAnswers::find(const std::string& hash) {
  const auto object = read_object(folder_ + "/" + file_name(hash) + ".json");
  if (!object || object->empty()) return std::nullopt;
  ModelAnswer answer;
  answer.text = text_of(*object, "text");
  answer.model = text_of(*object, "model");
  answer.finish_reason = text_of(*object, "finish_reason");
  answer.tokens = Tokens(whole_of(*object, "input_tokens"), whole_of(*object, "output_tokens"));
  return answer;
}

Result<void> FolderAnswers::keep(const std::string& hash, const ModelAnswer& answer) {
  json::Object object;
  object["text"] = answer.text;
  object["model"] = answer.model;
  object["finish_reason"] = answer.finish_reason;
  object["input_tokens"] = answer.tokens.input;
  object["output_tokens"] = answer.tokens.output;
  return replace_file(folder_ + "/" + file_name(hash) + ".json", json::to_string(object));
}

std::optional<std::string> FolderOutputs::find(const std::string& hash, std::chrono::seconds age) {
  const auto file = folder_ + "/" + file_name(hash);
  std::error_code failed;
  const auto written = fs::last_write_time(file, failed);
  if (failed) return std::nullopt;
  if (fs::file_time_type::clock::now() - written > age) return std::nullopt;
  DiskSources sources;
  auto text = sources.read(file);
  if (!text) return std::nullopt;
  return std::move(*text);
}

Result<void> FolderOutputs::keep(const std::string& hash, const std::string& output) {
  return replace_file(folder_ + "/" + file_name(hash), output);
}

Result<void> FolderFiles::write(const std::string& name, BytesView content) {
  const auto file = folder_ + "/" + name;
  if (auto made = make_folder(file.substr(0, file.rfind('/'))); !made) return made;
  return replace_file(file, as_text(content));
}

}  // namespace parley::narrative
