#include <algorithm>
#include <charconv>
#include <limits>
#include <span>

#include <fmt/format.h>

#include "parley/base/random.hpp"
#include "parley/base/text.hpp"
#include "parley/emulator/detail/catalogue.hpp"
#include "parley/emulator/detail/wire.hpp"
#include "parley/emulator/model/offline_model.hpp"
#include "parley/emulator/model/tokens.hpp"
#include "parley/emulator/rest/detail/request_check.hpp"
#include "parley/emulator/rest/detail/responses.hpp"
#include "parley/emulator/rest/detail/route.hpp"
#include "parley/emulator/rest/detail/store.hpp"
#include "parley/emulator/rest/detail/stream_writer.hpp"

namespace parley::emulator {

using detail::call_parts;
using detail::error_answer;
using detail::text_tokens;

std::vector<gemini::ModalityTokenCount> detail::text_tokens(int count) {
  std::vector<gemini::ModalityTokenCount> out(1);
  out[0].modality = "TEXT";
  out[0].token_count = count;
  return out;
}

std::vector<gemini::Part> detail::call_parts(std::string_view model, std::string_view response_id,
                                             const std::vector<gemini::FunctionCall>& calls) {
  const bool third = model.starts_with("gemini-3");
  std::vector<gemini::Part> parts;
  for (std::size_t i = 0; i < calls.size(); ++i) {
    auto& part = parts.emplace_back();
    part.function_call = calls[i];
    if (!third) continue;
    part.function_call->id = fmt::format("{}{}", to_lower_ascii(response_id.substr(0, 7)), i);
    if (i == 0) part.thought_signature = to_base64(as_bytes(response_id));
  }
  return parts;
}

namespace {

gemini::GenerateContentResponse make_response(std::string_view model, int cached,
                                              const std::string& id, std::string text,
                                              const OfflineAnswer& answer, bool last) {
  gemini::GenerateContentResponse response;
  auto& candidate = response.candidates.emplace().emplace_back();
  candidate.content = gemini::model_content(text);
  if (last && !answer.calls.empty()) {
    candidate.content->parts = call_parts(model, id, answer.calls);
    candidate.finish_message = "Model generated function call(s).";
  }
  candidate.index = 0;
  if (last) candidate.finish_reason = gemini::FinishReason::of(answer.finish_reason);
  auto& usage = response.usage_metadata.emplace();
  usage.prompt_token_count = answer.prompt_tokens;
  if (cached > 0) usage.cached_content_token_count = cached;
  if (last) usage.candidates_token_count = answer.answer_tokens;
  usage.total_token_count = answer.prompt_tokens + usage.candidates_token_count.value_or(0);
  usage.prompt_tokens_details = text_tokens(answer.prompt_tokens);
  response.model_version = model;
  response.response_id = id;
  return response;
}

// The events of a recorded stream, each with the line ends behind it.
std::vector<std::string> split_events(std::string_view bytes) {
  std::vector<std::string> pieces;
  while (!bytes.empty()) {
    std::size_t end = bytes.size();
    for (const std::string_view mark : {"\r\n\r\n", "\n\n"})
      if (const auto at = bytes.find(mark); at != std::string_view::npos)
        end = std::min(end, at + mark.size());
    pieces.emplace_back(bytes.substr(0, end));
    bytes.remove_prefix(end);
  }
  return pieces;
}

}  // namespace

Answer Service::replay(const std::string& name) const {
  const auto found = recordings_.find(name);
  if (found == recordings_.end())
    return error_answer(404, "NOT_FOUND",
                        fmt::format("The emulator has no recording \"{}\".", name.substr(0, 100)));
  const std::string& bytes = found->second;
  const auto document = json::parse(bytes, json::trusted_limits());
  Answer answer = detail::json_answer("");
  answer.streamed = !document;
  if (document) {
    answer.pieces = {bytes};
    const auto* error =
        document->is_object() ? document->get_object().if_contains("error") : nullptr;
    const auto* code =
        error && error->is_object() ? error->get_object().if_contains("code") : nullptr;
    if (code && code->is_int64() && code->get_int64() >= 400 && code->get_int64() < 600)
      answer.status = static_cast<int>(code->get_int64());
    return answer;
  }
  answer.headers.set("Content-Type", "text/event-stream");
  answer.pace = options_.pace;
  answer.pieces.clear();
  if (options_.replay_piece == 0)
    answer.pieces = split_events(bytes);
  else
    for (std::size_t at = 0; at < bytes.size(); at += options_.replay_piece)
      answer.pieces.push_back(bytes.substr(at, options_.replay_piece));
  return answer;
}

std::string Service::next_response_id() {
  SeededRandom random(options_.seed * 0x10001 + ++served_);
  const std::uint64_t bits[2] = {random.next(), random.next()};
  std::string id =
      to_base64(as_bytes({reinterpret_cast<const char*>(bits), sizeof bits})).substr(0, 22);
  std::ranges::replace(id, '+', '-');
  std::ranges::replace(id, '/', '_');
  return id;
}

Answer Service::generate(const http::Request& request, const http::Target& target, Route route) {
  std::optional<Answer> refusal;
  auto wanted = detail::read_request(request.body, refusal);
  if (refusal) return std::move(*refusal);
  if (wanted.cached_content) {
    // Vertex AI has the full name.
    if (route.vertex && wanted.cached_content->starts_with(route.parent()))
      wanted.cached_content->erase(0, route.parent().size());
    const auto* cache = store_->cache(*wanted.cached_content);
    if (cache == nullptr)
      return error_answer(403, "PERMISSION_DENIED",
                          "CachedContent not found (or permission denied)");
    if (wanted.system_instruction || wanted.tools)
      return error_answer(400, "INVALID_ARGUMENT",
                          "CachedContent can not be used with GenerateContent request setting "
                          "system_instruction, tools or tool_config.");
    route.cached_tokens = cache->usage_metadata->total_token_count.value_or(0);
    auto contents = cache->contents.value_or(std::vector<gemini::Content>());
    contents.insert(contents.end(), wanted.contents->begin(), wanted.contents->end());
    wanted.contents = std::move(contents);
    wanted.system_instruction = cache->system_instruction;
    wanted.tools = cache->tools;
  }
  auto of_files = store_->count_file_tokens(gemini::contents_of(wanted));
  if (!of_files) return std::move(of_files.error());
  route.file_tokens = *of_files;
  // A script may answer for a model that there is not.
  const auto* model = detail::find_model(route.model);
  const int limit = model ? model->input_token_limit.value_or(0) : std::numeric_limits<int>::max();
  if (const int tokens = count_tokens(gemini::contents_of(wanted)) + route.file_tokens;
      tokens > limit)
    return error_answer(
        400, "INVALID_ARGUMENT",
        fmt::format("The input token count ({}) exceeds the maximum number of tokens allowed ({}).",
                    tokens, limit));
  if (options_.director)
    if (auto scripted = by_script(wanted, route, target.parameter("alt") == "sse"))
      return std::move(*scripted);
  if (route.method == "generateContent") return whole(wanted, route);
  return stream(wanted, route, target.parameter("alt") == "sse");
}

Answer Service::whole(const gemini::GenerateContentRequest& request, const Route& route) {
  auto answer = answer_offline(request, options_.seed);
  answer.prompt_tokens += route.file_tokens;
  std::string text;
  for (const auto& piece : answer.pieces) text += piece;
  auto response = make_response(route.model, route.cached_tokens, next_response_id(),
                                std::move(text), answer, true);
  if (route.vertex) as_vertex(response, options_.now(), true);
  return detail::json_answer(detail::pretty(json::encode_text(response)));
}

Answer Service::stream(const gemini::GenerateContentRequest& request, const Route& route,
                       bool sse) {
  auto answer = answer_offline(request, options_.seed);
  answer.prompt_tokens += route.file_tokens;
  if (answer.pieces.empty()) answer.pieces.emplace_back();
  const std::string id = next_response_id();
  detail::StreamWriter out(sse, options_.pace);
  for (std::size_t i = 0; i < answer.pieces.size(); ++i) {
    const bool last = i + 1 == answer.pieces.size();
    auto response =
        make_response(route.model, route.cached_tokens, id, answer.pieces[i], answer, last);
    if (route.vertex) as_vertex(response, options_.now(), last);
    out.add(json::encode_text(response));
  }
  return std::move(out).finish();
}

Answer Service::count(const http::Request& request, const Route& route) const {
  std::string body = request.body;
  if (const auto value = json::parse(body, json::trusted_limits()); value && value->is_object())
    for (const char* name : {"generateContentRequest", "generate_content_request"})
      if (const auto* inner = value->get_object().if_contains(name)) body = json::to_string(*inner);
  std::optional<Answer> refusal;
  const auto wanted = detail::read_request(body, refusal);
  if (refusal) return std::move(*refusal);
  auto of_files = store_->count_file_tokens(gemini::contents_of(wanted));
  if (!of_files) return std::move(of_files.error());
  int total = count_tokens(gemini::contents_of(wanted)) + *of_files;
  if (wanted.system_instruction) total += count_tokens({*wanted.system_instruction});
  gemini::CountTokensResponse response;
  response.total_tokens = total;
  if (route.vertex) response.total_billable_characters = 4 * total;
  response.prompt_tokens_details = text_tokens(total);
  return detail::json_answer(detail::pretty(json::encode_text(response)));
}

Answer Service::list_models(const http::Target& target, const Route& route) const {
  const auto& models = detail::catalogue();
  const auto number = [](std::string_view text) {
    std::size_t value = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole = code == std::errc() && end == text.data() + text.size();
    return whole ? std::optional(value) : std::nullopt;
  };
  std::optional<std::size_t> size = number(target.parameter("pageSize").value_or("50"));
  if (!size)
    return error_answer(400, "INVALID_ARGUMENT", "Invalid value at 'page_size' (TYPE_INT32)");
  std::size_t first = 0;
  if (const auto token = target.parameter("pageToken").value_or(""); !token.empty()) {
    const auto start = token.starts_with("page-") ? number(token.substr(5)) : std::nullopt;
    if (!start || *start >= models.size())
      return error_answer(400, "INVALID_ARGUMENT", "The page token is invalid.");
    first = *start;
  }
  const std::size_t step = *size == 0 ? 50 : std::min<std::size_t>(*size, 1000);
  const std::span<const gemini::Model> shown(models.data() + first,
                                             std::min(step, models.size() - first));
  const auto next = first + step < models.size() ? fmt::format("page-{}", first + step) : "";
  if (route.vertex) {
    json::Object listed{{"publisherModels", json::Array()}};
    for (const auto& model : shown)
      listed["publisherModels"].as_array().push_back(publisher_entry(model));
    if (!next.empty()) listed["nextPageToken"] = next;
    return detail::json_answer(json::to_pretty_string(listed) + "\n");
  }
  gemini::ListModelsResponse page;
  page.models.emplace(shown.begin(), shown.end());
  if (!next.empty()) page.next_page_token = next;
  return detail::json_answer(detail::pretty(json::encode_text(page)));
}

}  // namespace parley::emulator
