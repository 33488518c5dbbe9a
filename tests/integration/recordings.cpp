#include "recordings.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <boost/json.hpp>

namespace parley::testing {
namespace {

namespace fs = std::filesystem;

const fs::path kOwn = fs::path(PARLEY_SOURCE_DIR) / "tests/data/recordings";
const fs::path kShared = fs::path(PARLEY_SOURCE_DIR) / "../shared/data/gemini-recordings";

std::vector<Recording> recordings_in(const fs::path& root) {
  std::vector<Recording> all;
  if (!fs::exists(root)) return all;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    const auto extension = entry.path().extension();
    if (!entry.is_regular_file() || (extension != ".txt" && extension != ".json")) continue;
    Recording recording;
    recording.name = fs::relative(entry.path(), root).generic_string();
    std::ranges::replace(recording.name, '/', '-');
    recording.streamed = entry.path().filename().string().starts_with("streaming-");
    std::ifstream file(entry.path(), std::ios::binary);
    recording.bytes.assign(std::istreambuf_iterator<char>(file), {});
    all.push_back(std::move(recording));
  }
  std::ranges::sort(all, {}, &Recording::name);
  return all;
}

// Adds one JSON document to what is expected; false where nothing after it counts.
bool take(const std::string& text, Expected& expected) {
  boost::system::error_code code;
  const auto value = boost::json::parse(text, code);
  if (code || !value.is_object()) {
    expected.readable = false;
    return false;
  }
  const auto& object = value.as_object();
  if (const auto* error = object.if_contains("error")) {
    expected.error_code = static_cast<int>(error->at("code").as_int64());
    expected.error_status = error->at("status").as_string().c_str();
    expected.error_message = error->at("message").as_string().c_str();
    return false;
  }
  if (!object.contains("candidates") && !object.contains("promptFeedback") &&
      !object.contains("usageMetadata")) {
    expected.readable = false;
    return false;
  }
  const auto* candidates = object.if_contains("candidates");
  if (!candidates || candidates->as_array().empty()) return true;
  const auto* content = candidates->as_array()[0].as_object().if_contains("content");
  const auto* parts = content ? content->as_object().if_contains("parts") : nullptr;
  if (!parts) return true;
  for (const auto& part : parts->as_array()) {
    const auto* words = part.as_object().if_contains("text");
    const auto* thought = part.as_object().if_contains("thought");
    if (words && !(thought && thought->as_bool())) expected.text += words->as_string().c_str();
  }
  return true;
}

}  // namespace

std::vector<Recording> own_recordings() {
  return recordings_in(kOwn);
}

std::vector<Recording> all_recordings() {
  auto all = own_recordings();
  for (auto& recording : recordings_in(kShared)) {
    recording.name = "shared-" + recording.name;
    all.push_back(std::move(recording));
  }
  return all;
}

bool shared_recordings_are_here() {
  return fs::exists(kShared);
}

Expected expected_of(const std::string& bytes) {
  Expected expected;
  boost::system::error_code code;
  (void)boost::json::parse(bytes, code);
  if (!code) {
    take(bytes, expected);
    return expected;
  }
  std::string data, line;
  for (std::size_t at = 0; at <= bytes.size(); ++at) {
    if (at < bytes.size() && bytes[at] != '\n') {
      line += bytes[at];
      continue;
    }
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.empty()) {
      if (!data.empty() && !take(data, expected)) return expected;
      data.clear();
    } else if (line.starts_with("data:")) {
      if (!data.empty()) data += '\n';
      data += line.substr(line.starts_with("data: ") ? 6 : 5);
    }
    line.clear();
  }
  if (!data.empty()) take(data, expected);
  return expected;
}

}  // namespace parley::testing
