#include "parley/cli/ask_request.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <optional>

#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/cli/files.hpp"
#include "parley/gemini/media.hpp"
#include "parley/json/value.hpp"

namespace parley::cli {
namespace {

constexpr std::size_t kMostBytes = 20 * 1024 * 1024;

// By the name's ending; text where the bytes are UTF-8 and the ending is none of ours.
std::string_view type_of(const std::string& path, std::string_view bytes) {
  const auto known = gemini::mime_type_of(path);
  return known.empty() && is_valid_utf8(bytes) ? "text/plain" : known;
}

Result<gemini::Part> part_of(const std::string& path, std::size_t& total) {
  auto bytes = read_file(path);
  if (!bytes) return fail(std::move(bytes.error()));
  total += bytes->size();
  if (total > kMostBytes)
    return fail(ErrorKind::too_large,
                fmt::format("{}: the files have more than 20 MB together", path));
  const auto type = type_of(path, *bytes);
  if (type.empty())
    return fail(ErrorKind::invalid_argument,
                fmt::format("{}: what kind of file this is cannot be told from its name", path));
  const auto view = as_bytes(*bytes);
  return gemini::media_part(Bytes(view.begin(), view.end()), type);
}

// A level of the third generation, or a budget in tokens of the second: 0 is off, -1 its own.
Result<gemini::ThinkingConfig> thinking_of(const std::string& text) {
  gemini::ThinkingConfig config;
  int budget = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), budget);
  if (code == std::errc() && end == text.data() + text.size()) {
    config.thinking_budget = budget;
    return config;
  }
  std::string level = to_lower_ascii(text);
  std::ranges::transform(level, level.begin(), [](char c) { return static_cast<char>(c - 32); });
  config.thinking_level = gemini::ThinkingLevel::of(level);
  if (config.thinking_level->value() == gemini::ThinkingLevel::unlisted)
    return fail(
        ErrorKind::invalid_argument,
        fmt::format("--thinking {}: minimal, low, medium, high, or a number of tokens", text));
  return config;
}

// Each kind of tool is an object of its own.
void add_tools(const AskOptions& options, gemini::GenerateContentRequest& request) {
  std::vector<gemini::Tool> tools;
  if (options.google_search) tools.emplace_back().google_search.emplace();
  if (options.code_execution) tools.emplace_back().code_execution.emplace();
  if (options.url_context) tools.emplace_back().url_context.emplace();
  if (!tools.empty()) request.tools = std::move(tools);
}

}  // namespace

Result<std::string> read_ask_file(const std::string& path) {
  return read_file(path);
}

Result<gemini::GenerateContentRequest> make_request(const AskOptions& options,
                                                    const std::string& prompt) {
  auto request = gemini::prompt(prompt);
  if (!options.system_instruction.empty())
    gemini::set_system_instruction(request, options.system_instruction);
  auto& parts = *request.contents->front().parts;
  std::size_t total = 0;
  for (const auto& path : options.files) {
    auto part = part_of(path, total);
    if (!part) return fail(std::move(part.error()));
    parts.insert(parts.end() - 1, std::move(*part));  // the question stands behind them
  }
  gemini::GenerationConfig config;
  config.temperature = options.temperature;
  config.max_output_tokens = options.max_tokens;
  config.top_p = options.top_p;
  if (options.top_k) config.top_k = *options.top_k;
  config.seed = options.answer_seed;
  if (!options.stop.empty()) config.stop_sequences = options.stop;
  if (options.answer_json || !options.schema.empty())
    config.response_mime_type = "application/json";
  if (!options.schema.empty()) {
    const auto text = read_file(options.schema);
    if (!text) return fail(text.error());
    auto schema = json::parse(*text, json::trusted_limits());
    if (!schema)
      return fail(ErrorKind::invalid_argument, options.schema + ": " + schema.error().message());
    config.response_json_schema = json::Any(std::move(*schema));
  }
  if (!options.thinking.empty()) {
    auto thinking = thinking_of(options.thinking);
    if (!thinking) return fail(std::move(thinking.error()));
    config.thinking_config = std::move(*thinking);
  }
  if (options.thoughts) {
    if (!config.thinking_config) config.thinking_config.emplace();
    config.thinking_config->include_thoughts = true;
  }
  add_tools(options, request);
  if (config != gemini::GenerationConfig()) request.generation_config = std::move(config);
  return request;
}

}  // namespace parley::cli
