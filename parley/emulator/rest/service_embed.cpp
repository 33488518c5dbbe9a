#include <cmath>

#include <fmt/format.h>

#include "parley/base/random.hpp"
#include "parley/base/text.hpp"
#include "parley/emulator/detail/wire.hpp"
#include "parley/emulator/rest/detail/request_check.hpp"
#include "parley/emulator/rest/detail/route.hpp"

namespace parley::emulator {

using detail::error_answer;

namespace {

constexpr int kDimensions = 3072;

// Every word is a direction of its own; a text points between its words'. Texts that share words
// are near each other, which is all that an offline model can know of meaning.
std::vector<double> direction_of(const gemini::Content& content, std::size_t dimensions) {
  std::vector<double> sum(dimensions);
  std::string text;
  for (const auto& part : gemini::parts_of(content)) text += part.text.value_or("") + " ";
  const std::string lower = to_lower_ascii(text);
  for (const auto word : split(lower, ' ')) {
    if (trim(word).empty()) continue;
    std::uint64_t hash = 14695981039346656037u;
    for (const char c : trim(word)) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
    SeededRandom random(hash);
    for (auto& value : sum) value += static_cast<double>(random.below(2'000'001)) / 1'000'000 - 1;
  }
  double square = 0;
  for (const double value : sum) square += value * value;
  for (auto& value : sum) value = square > 0 ? value / std::sqrt(square) : 0;
  return sum;
}

std::optional<Answer> refuse(const gemini::EmbedContentRequest& request) {
  if (gemini::parts_of(request.content).empty())
    return error_answer(400, "INVALID_ARGUMENT",
                        "* EmbedContentRequest.content: contents is not specified\n");
  const int dimensions = request.output_dimensionality.value_or(kDimensions);
  if (dimensions < 1 || dimensions > kDimensions)
    return error_answer(
        400, "INVALID_ARGUMENT",
        fmt::format("output_dimensionality must be in the range [1, {}].", kDimensions));
  return std::nullopt;
}

}  // namespace

gemini::ContentEmbedding detail::embed(const gemini::EmbedContentRequest& request,
                                       std::optional<Answer>& refusal) {
  gemini::ContentEmbedding out;
  refusal = refuse(request);
  if (refusal) return out;
  out.values =
      direction_of(request.content,
                   static_cast<std::size_t>(request.output_dimensionality.value_or(kDimensions)));
  return out;
}

Answer Service::embed_one(const http::Request& request) const {
  const auto wanted =
      json::decode_text<gemini::EmbedContentRequest>(request.body, json::trusted_limits());
  if (!wanted)
    return error_answer(400, "INVALID_ARGUMENT",
                        "Invalid JSON payload received. " + wanted.error().message());
  std::optional<Answer> refusal;
  gemini::EmbedContentResponse response;
  response.embedding = detail::embed(*wanted, refusal);
  if (refusal) return std::move(*refusal);
  return detail::json_answer(detail::pretty(json::encode_text(response)));
}

Answer Service::embed_batch(const http::Request& request, const Route& route) const {
  const auto wanted =
      json::decode_text<gemini::BatchEmbedContentsRequest>(request.body, json::trusted_limits());
  if (!wanted)
    return error_answer(400, "INVALID_ARGUMENT",
                        "Invalid JSON payload received. " + wanted.error().message());
  if (wanted->requests.size() > 100)
    return error_answer(400, "INVALID_ARGUMENT",
                        "* BatchEmbedContentsRequest.requests: at most 100 requests can be in one "
                        "batch\n");
  gemini::BatchEmbedContentsResponse response;
  for (std::size_t i = 0; i < wanted->requests.size(); ++i) {
    const auto& one = wanted->requests[i];
    if (one.model.value_or("") != "models/" + route.model)
      return error_answer(
          400, "INVALID_ARGUMENT",
          fmt::format("* BatchEmbedContentsRequest.requests[{}].model: must be the model of the "
                      "batch\n",
                      i));
    std::optional<Answer> refusal;
    response.embeddings.push_back(detail::embed(one, refusal));
    if (refusal) return std::move(*refusal);
  }
  return detail::json_answer(detail::pretty(json::encode_text(response)));
}

}  // namespace parley::emulator
